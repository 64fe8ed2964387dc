"""Padding: elements before and after those of a tensor, by NumPy's modes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.missing import answered
from ...errors import ArgumentError, ShapeError
from ...graph.node import Value
from ...typing import Array, ArrayLike, V
from .. import elementwise as e
from .. import gather, movement
from ..op import as_values

MODES = ("constant", "reflect", "edge", "wrap")

Widths = int | Sequence[Sequence[int]]


@answered
def pad(x: V | ArrayLike, widths: Widths, mode: str = "constant", value: V | ArrayLike = 0) -> V:
    """x with elements before and after its own along each axis.

    Args:
        widths: one (before, after) for each axis, or one integer for all; a negative width cuts
            off.
        mode: what the new elements are: `value` ("constant"), the elements inside in reverse
            without the outermost one ("reflect"), the outermost one ("edge"), or those of the other
            side ("wrap").

    Errors: ShapeError for widths that do not fit the shape or need more elements than there are.

    >>> import ranvier
    >>> pad(ranvier.tensor([1, 2, 3]), ((2, 1),), "reflect")
    tensor([3, 2, 1, 2, 3, 2])
    >>> pad(ranvier.tensor([1.0, 2.0]), 1, value=9.0)
    tensor([9., 1., 2., 9.])
    """
    (x,) = as_values(x)
    if mode not in MODES:
        raise ArgumentError(f"pad: mode={mode!r}; expected one of {', '.join(MODES)}")
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, bool | int | float):
        raise ArgumentError(f"pad: value={value!r}; expected a number")
    if mode != "constant" and value:
        raise ArgumentError(f"pad: value={value} is for mode='constant', not for {mode!r}")
    pairs = ((widths, widths),) * x.ndim if isinstance(widths, int) else widths
    if len(pairs) != x.ndim or any(np.shape(pair) != (2,) for pair in pairs):
        raise ShapeError(
            f"pad: widths {widths} do not fit shape {x.shape}; expected one (before, after) for "
            "each axis"
        )
    if mode == "constant":
        return _constant(x, [(int(a), int(b)) for a, b in pairs], value)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = gather.take(x, _indices(x, axis, int(before), int(after), mode), axis=axis)
    return x


def _constant(x: V, pairs: list[tuple[int, int]], value: V | ArrayLike) -> V:
    for axis, (before, after) in enumerate(pairs):
        if before < 0 or after < 0:
            kept = _left(x, axis, before, after)
            x = movement.narrow(x, axis, max(-before, 0), max(-before, 0) + kept)
    widths = [(max(a, 0), max(b, 0)) for a, b in pairs]
    if not any(a or b for a, b in widths):
        return x
    out = movement.pad(x, widths)
    if not value:
        return out
    inside = np.ones((1,) * x.ndim, bool)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            line = np.pad(np.ones(x.shape[axis], bool), (before, after))
            inside = inside & line.reshape([-1 if a == axis else 1 for a in range(x.ndim)])
    (filler,) = as_values(value, like=x)
    return e.where(inside, out, e.astype(filler, x.dtype))


def _left(x: Value, axis: int, before: int, after: int) -> int:
    """How many elements of an axis negative widths leave."""
    left = int(x.shape[axis]) + min(before, 0) + min(after, 0)
    if left < 0:
        raise ShapeError(f"pad: {(before, after)} cuts off more than axis {axis} of {x.shape} has")
    return left


def _indices(x: Value, axis: int, before: int, after: int, mode: str) -> Array:
    """Which elements of an axis stand at the positions of the result."""
    size, pair = x.shape[axis], (before, after)
    if mode == "wrap":  # of what is left
        start, size = max(-before, 0), _left(x, axis, before, after)
        before, after = max(before, 0), max(after, 0)
    most = {"reflect": size - 1, "wrap": size, "edge": None}[mode]
    if not size or size + before + after < 1 or (most is not None and max(before, after) > most):
        limit = "" if most is None else f": at most {most} on each side"
        raise ShapeError(
            f"pad: {pair} does not fit axis {axis} of size {size} with {mode!r}{limit}"
        )
    indices: Array = np.arange(-before, size + after)
    if mode == "edge":
        return np.clip(indices, 0, size - 1)
    if mode == "wrap":
        return indices % size + start
    mirrored: Array = size - 1 - np.abs(size - 1 - np.abs(indices))
    return mirrored
