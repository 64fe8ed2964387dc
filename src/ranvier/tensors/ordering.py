"""Order: elements sorted along an axis, and the largest of them.

NaN counts as the largest, and equal elements stay in their order, as in NumPy's stable sort.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..base.missing import answered
from ..errors import ArgumentError
from ..ops import elementwise as e
from ..ops import gather
from ..ops.creation import iota
from ..ops.movement import concat, narrow
from ..ops.op import apply, as_values, normal_axis
from ..ops.reduce import any, argmax, max, min
from ..typing import Array, DType, TensorLike
from .mode import state
from .tensor import Tensor


def argsort(x: TensorLike, axis: int = -1, descending: bool = False) -> Tensor:
    """Where the elements stand, in order along `axis`, int64.

    >>> argsort([3.0, 1.0, 3.0], descending=True)
    tensor([0, 2, 1])
    """
    (x,) = as_values(x)
    axis = normal_axis("argsort", axis, x.ndim)
    return Tensor(_order(x.numpy(), axis, descending), copy=False)


def sort(x: TensorLike, axis: int = -1, descending: bool = False) -> Tensor:
    """The elements in order along `axis`.

    >>> sort([3.0, 1.0, 2.0])
    tensor([1., 2., 3.])
    """
    (x,) = as_values(x)
    return gather.take_along_axis(x, argsort(x, axis, descending), axis=axis)


@answered
def topk(x: TensorLike, k: int, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest (or smallest) along `axis` in order, and where they stand.

    Errors: ArgumentError unless `0 <= k <= size of the axis`.

    >>> topk([1.0, -float("inf"), -float("inf")], 2)
    (tensor([  1., -inf]), tensor([0, 1]))
    """
    (x,) = as_values(x)
    axis = normal_axis("topk", axis, x.ndim)
    size = x.shape[axis]
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 0 <= k <= size:
        raise ArgumentError(f"topk: k={k!r} of {size} along axis {axis}; expected 0 to {size}")
    if state.trace is None:
        order = _order(x.numpy(), axis, largest)
        indices = Tensor(np.take(order, np.arange(k), axis))
    else:
        indices = _rounds(x, int(k), axis, largest)
    return gather.take_along_axis(x, indices, axis=axis), indices


def _order(x: Array, axis: int, descending: bool) -> Array:
    if not descending:
        return np.asarray(np.argsort(x, axis=axis, kind="stable"), np.int64)
    # NOTE: not of -x, which bools, unsigned numbers and the least integer do not have.
    order = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return np.asarray(np.flip(x.shape[axis] - 1 - order, axis), np.int64)


def _rounds(x: Tensor, k: int, axis: int, largest: bool) -> Tensor:
    """Where the k best stand, found one after the other: code that can be compiled."""
    x = e.detach(x if x.dtype != dtypes.bool_ else e.astype(x, dtypes.uint8))
    count = apply(iota, like=x, shape=x.shape, axis=axis, dtype=dtypes.int64)
    if k == 0:
        return narrow(count, axis, 0, 0)
    worst, best_of = (_least(x.dtype), max) if largest else (_most(x.dtype), min)
    numbers = e.equal(x, x)  # not NaN
    left, indices = e.equal(count, count), []
    for _ in range(k):
        candidates = e.logical_and(left, numbers)
        best = best_of(e.where(candidates, x, worst), axis, keepdims=True)
        # NOTE: not every x = best, for the worst value may be an element that is already taken.
        chosen = e.logical_and(candidates, e.equal(x, best))
        others = e.logical_and(left, e.logical_not(numbers))
        first, last = (others, chosen) if largest else (chosen, others)
        chosen = e.where(any(first, axis, keepdims=True), first, last)
        indices.append(argmax(e.astype(chosen, dtypes.uint8), axis, keepdims=True))
        left = e.logical_and(left, e.not_equal(count, indices[-1]))
    return concat(indices, axis)


def _least(dtype: DType) -> float:
    return -np.inf if dtype.kind == "f" else int(np.iinfo(dtype).min)


def _most(dtype: DType) -> float:
    return np.inf if dtype.kind == "f" else int(np.iinfo(dtype).max)
