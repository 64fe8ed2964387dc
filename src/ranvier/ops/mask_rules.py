"""What becomes of a mask under each op.

A mask (`tensor.mask`, bools) says which positions of sequences are real; its axes are the first
ones of the tensor, mostly (batch, time). An op that keeps the positions keeps the mask; one that
moves them moves the mask along; one that mixes them loses it, and the result remembers where
(`LostMask`). Of several masks a position needs all.

Rules go by the kind of op. A mask is flattened with its tensor, (batch * time,), and comes back
with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from .. import dtypes
from ..base.source import Source, here
from .creation import full
from .elementwise.comparison import logical_and
from .gather import take, take_along_axis
from .movement import broadcast_to, concat, flip, pad, permute_dims, reshape, slice_
from .op import Op, apply


class LostMask(NamedTuple):
    """Where a mask was lost: the op, the user's line, and the mask's shape."""

    op: str
    source: Source | None
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.op}" + (f" at {self.source}" if self.source is not None else "")


class Flat:
    """The mask of a tensor whose first axis holds all positions, one after the other, each as
    often as the others.
    """

    __slots__ = ("mask", "shape")
    ndim = 1

    def __init__(self, mask: Any, shape: tuple[int, ...]) -> None:
        self.mask, self.shape = mask, shape


def _solid(mask: Any) -> Any:
    """A mask as a tensor of its own shape."""
    if not isinstance(mask, Flat):
        return mask
    whole, (rows,) = mask.mask, mask.shape
    column = reshape(whole, (whole.size, 1))
    return reshape(broadcast_to(column, (whole.size, rows // whole.size)), (rows,))


def _whole(mask: Any) -> Any:
    """A mask as it was before it was flattened."""
    return mask.mask if isinstance(mask, Flat) else mask


def carried(op: Op, inputs: Sequence[Any], params: Mapping[str, Any], out: Any) -> Any:
    """The mask of `out`, a LostMask, or None; at least one input has one of the former."""
    masks = [None if isinstance(x._mask, LostMask) else x._mask for x in inputs]
    joined = None
    if any(m is not None for m in masks):
        rule = _BY_OP.get(op.name) or _BY_KIND.get(op.kind)
        joined = None if rule is None else rule(inputs, masks, params, out)
        if joined is None:
            first = next(m for m in masks if m is not None)
            return LostMask(op.name, here(), _whole(first).shape)
    if joined is not None:
        return joined
    return next(x._mask for x in inputs if x._mask is not None)


def together(masks: Sequence[Any]) -> Any:
    """True where all masks are that are there; None when none is, or their axes differ."""
    joined = None
    for mask in masks:
        if joined is None:
            joined = mask
        elif mask is not None and mask.shape != joined.shape:
            return None
        elif mask is not None and _whole(mask) is not _whole(joined):
            joined = logical_and(_solid(joined), _solid(mask))
    return joined


def _kept(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    """Of an op of elements: positions stay."""
    joined = together(masks)
    return joined if joined is not None and out.shape[: joined.ndim] == joined.shape else None


def _reduced(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    (mask,) = masks
    axes = params["axes"] if "axes" in params else (params["axis"],)
    return mask if all(a >= mask.ndim for a in axes) else None


def _reshaped(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    """Whole positions in the same order: the first axes hold as many as there are positions."""
    (mask,) = masks
    shape, whole = params["shape"], _whole(mask)
    if whole.ndim > 1 and shape[: whole.ndim] == whole.shape:
        return whole
    fits = [k for k in range(2, len(shape) + 1) if math.prod(shape[:k]) == whole.size]
    if fits:  # axes of size 1 leave a choice
        return reshape(whole, shape[: fits[0]])
    return Flat(whole, shape[:1]) if shape and whole.size and shape[0] % whole.size == 0 else None


def _permuted(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    (mask,) = masks
    first = params["axes"][: mask.ndim]
    return permute_dims(_solid(mask), first) if sorted(first) == list(range(mask.ndim)) else None


def _broadcast(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    (mask,) = masks
    # One position repeated along the time axis is no sequence.
    if inputs[0].ndim != out.ndim or out.shape[1 : mask.ndim] != mask.shape[1:]:
        return None
    same = out.shape[: mask.ndim] == mask.shape
    return mask if same else broadcast_to(_solid(mask), out.shape[: mask.ndim])


def _sliced(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    (mask,) = masks
    if out.shape[: mask.ndim] == mask.shape:
        return mask
    # NOTE: one position is no sequence. Of a recurrent layer the last one holds the state that
    # the last real position left, so a loss of it must not leave out short sequences.
    if mask.ndim > 1 and out.shape[1] == 1:
        return None
    of_mask: dict[str, Any] = {k: tuple(v[: mask.ndim]) for k, v in params.items()}
    return apply(slice_, _solid(mask), **of_mask)


def _padded(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    """What was added is no part of a sequence."""
    (mask,) = masks
    if out.shape[: mask.ndim] == mask.shape:
        return mask
    of_mask: dict[str, Any] = {k: tuple(v[: mask.ndim]) for k, v in params.items()}
    return apply(pad, _solid(mask), **of_mask)


def _flipped(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    (mask,) = masks
    axes = tuple(a for a in params["axes"] if a < mask.ndim)
    return apply(flip, _solid(mask), axes=axes) if axes else mask


def _joined(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    """Side by side a position needs all masks; one behind the other they are joined too."""
    axis = params["axis"]
    first = next(m for m in masks if m is not None)
    if axis >= first.ndim:
        return together(masks)
    if any(isinstance(x._mask, LostMask) for x in inputs):
        return None
    parts = [
        _all_real(x, first) if m is None else _solid(m) for x, m in zip(inputs, masks, strict=True)
    ]
    return concat(parts, axis=axis) if len({m.ndim for m in parts}) == 1 else None


def _all_real(x: Any, like: Any) -> Any:
    shape = x.shape[: like.ndim]
    return apply(full, like=x, value=True, shape=shape, dtype=dtypes.bool_)


def _taken(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    axis, (x, of_indices) = params["axis"], masks
    if x is None:
        return of_indices if axis == 0 else None
    if axis >= x.ndim:
        return x
    many = inputs[1].ndim == 1 and inputs[1].size > 1
    return take(_solid(x), inputs[1], axis=axis) if many else None


def _taken_along(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    axis, mask = params["axis"], masks[0]
    if mask is None or axis >= mask.ndim:
        return together(masks)
    same = mask.ndim == inputs[0].ndim
    return take_along_axis(_solid(mask), inputs[1], axis=axis) if same else None


def _scattered(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    mask = masks[0]
    return mask if mask is not None and params["axis"] >= mask.ndim else None


def _cumulated(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    return masks[0]


def _multiplied(inputs: Sequence[Any], masks: Sequence[Any], params: Any, out: Any) -> Any:
    """Rows of the left matrix stay, and the axes before the matrices."""
    left, right = masks
    kept = [
        left if left is not None and left.ndim < inputs[0].ndim else None,
        right if right is not None and right.ndim < inputs[1].ndim - 1 else None,
    ]
    return together(kept)


_Rule = Callable[[Sequence[Any], Sequence[Any], Any, Any], Any]
_BY_KIND: dict[str, _Rule] = {"elementwise": _kept, "check": _kept, "reduce": _reduced}
_BY_OP: dict[str, _Rule] = {
    "reshape": _reshaped,
    "permute_dims": _permuted,
    "broadcast_to": _broadcast,
    "slice": _sliced,
    "pad": _padded,
    "flip": _flipped,
    "concat": _joined,
    "take": _taken,
    "take_along_axis": _taken_along,
    "scatter_add": _scattered,
    "scatter_add_along_axis": _scattered,
    "cumulative_sum": _cumulated,
    "matmul": _multiplied,
}
# Ops that mix positions, or make none: nothing is left of a mask.
MIXING = {"convolution", "sliding_window", "scan", "random_bits", "full", "iota", "input"}
