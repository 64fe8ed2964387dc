"""The largest, all in order, and draws by weight, under PyTorch's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import random
from ...errors import ArgumentError, ShapeError
from ...ops import elementwise, gather, movement, reduce, shaping
from .tensor import Extreme, Tensor, of


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest) along `dim` and their places, the first one first.

    >>> topk(Tensor([3.0, 9.0, 4.0]), 2)
    Extreme(values=tensor([9., 4.]), indices=tensor([1, 2]))
    """
    x = of(input)
    size = x.shape[dim]
    if not 0 < k <= size:
        raise ArgumentError(f"topk: k={k} of {size} along dim {dim}; expected 1 to {size}")
    best = reduce.argmax if largest else reduce.argmin
    worst = -math.inf if largest else math.inf
    left = elementwise.detach(x if x.dtype.kind == "f" else x.astype("float64"))
    found = []
    for _ in range(k):
        found.append(best(left, dim, True))
        if len(found) < k:
            taken = movement.concat([found[-1]], dim)
            left = elementwise.where(_at(taken, left.shape, dim), worst, left)
    places = movement.concat(found, dim)
    return Extreme(gather.take_along_axis(x, places, axis=dim), places)


def _at(place: Any, shape: tuple[int, ...], dim: int) -> Any:
    """True at the one place along `dim`."""
    axis = dim % len(shape)
    numbers = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return elementwise.equal(place, Tensor(numbers))


def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Where the elements stand, in order along `dim`; equal ones stay in their order."""
    x = of(input).detach().numpy()
    order = np.argsort(-x if descending else x, axis=dim, kind="stable")
    return Tensor._wrap(order)


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The elements in order along `dim`, and where they stood.

    >>> sort(Tensor([3.0, 1.0, 2.0])).values
    tensor([1., 2., 3.])
    """
    x = of(input)
    order = argsort(x, dim, descending)
    return Extreme(gather.take_along_axis(x, order, axis=dim), order)


def multinomial(
    input: Any, num_samples: int, replacement: bool = False, generator: Any = None
) -> Any:
    """Places drawn by the weights `input`, (places,) or (rows, places), int64.

    Gumbel's trick: the largest of `log(weight) - log(-log(u))` is a draw.
    """
    weights = of(input)
    if weights.ndim not in (1, 2) or weights.dtype.kind != "f":
        raise ShapeError(
            f"multinomial: got {weights.dtype} of shape {weights.shape}; expected floats, weights "
            "of shape (places,) or (rows, places)"
        )
    if not replacement and num_samples > weights.shape[-1]:
        raise ArgumentError(
            f"multinomial: {num_samples} draws without replacement from {weights.shape[-1]} places"
        )
    logs = elementwise.log(elementwise.detach(weights))

    def scores() -> Any:
        u = random.uniform(weights.shape) + 2.0**-25
        return logs - elementwise.log(-elementwise.log(u))

    if not replacement:
        return of(topk(scores(), num_samples).indices)
    return of(movement.concat([reduce.argmax(scores(), -1, True) for _ in range(num_samples)], -1))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    """Each vector spread over the grid of all."""
    given = list(tensors[0]) if isinstance(tensors[0], list | tuple) else list(tensors)
    return tuple(of(x) for x in shaping.meshgrid(*given, indexing=indexing))


for _function in (topk, sort, argsort, multinomial):
    setattr(Tensor, _function.__name__, _function)
