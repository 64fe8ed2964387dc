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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .. import dtypes
from ..base.source import Source, here
from ..graph.sizes import divides, same
from ..typing import Shape
from .creation import full
from .elementwise.comparison import logical_and
from .gather import take, take_along_axis
from .movement import broadcast_to, concat, flip, pad, permute_dims, reshape, slice_
from .op import Op, apply

if TYPE_CHECKING:
    from ..tensors.tensor import Tensor


class LostMask(NamedTuple):
    """Where a mask was lost: the op, the user's line, and the mask's shape."""

    op: str
    source: Source | None
    shape: Shape

    def __str__(self) -> str:
        return f"{self.op}" + (f" at {self.source}" if self.source is not None else "")


class Flat:
    """The mask of a tensor whose first axis holds all positions, one after the other, each as
    often as the others.
    """

    __slots__ = ("mask", "shape")
    ndim = 1

    def __init__(self, mask: Tensor, shape: Shape) -> None:
        self.mask, self.shape = mask, shape


Mask: TypeAlias = "Tensor | Flat"
Masks: TypeAlias = Sequence["Mask | None"]
Params: TypeAlias = Mapping[str, Any]


def _solid(mask: Mask) -> Tensor:
    """A mask as a tensor of its own shape."""
    if not isinstance(mask, Flat):
        return mask
    whole, (rows,) = mask.mask, mask.shape
    column = reshape(whole, (whole.size, 1))
    return reshape(broadcast_to(column, (whole.size, rows // whole.size)), (rows,))


def _whole(mask: Mask) -> Tensor:
    """A mask as it was before it was flattened."""
    return mask.mask if isinstance(mask, Flat) else mask


def carried(
    op: Op, inputs: Sequence[Tensor], params: Params, out: Tensor
) -> Mask | LostMask | None:
    """The mask of `out`, a LostMask, or None; at least one input has one of the former."""
    masks = [None if isinstance(x._mask, LostMask) else x._mask for x in inputs]
    first = next((m for m in masks if m is not None), None)
    if first is None:  # of LostMasks the first
        return next(x._mask for x in inputs if x._mask is not None)
    joined = None
    if len(inputs) == 1:
        move = _MOVES.get(op.name) or _MOVES_BY_KIND.get(op.kind)
        joined = None if move is None else move(inputs[0], first, params, out)
    else:
        join = _JOINS.get(op.name) or _JOINS_BY_KIND.get(op.kind)
        joined = None if join is None else join(inputs, masks, params, out)
    return LostMask(op.name, here(), _whole(first).shape) if joined is None else joined


def together(masks: Masks) -> Mask | None:
    """True where all masks are that are there; None when none is, or their axes differ."""
    joined: Mask | None = None
    for mask in masks:
        if joined is None:
            joined = mask
        elif mask is not None and not same(mask.shape, joined.shape):
            return None
        elif mask is not None and _whole(mask) is not _whole(joined):
            joined = logical_and(_solid(joined), _solid(mask))
    return joined


def _kept(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    """Of an op of elements: positions stay."""
    return mask if same(out.shape[: mask.ndim], mask.shape) else None


def _kept_all(xs: Sequence[Tensor], masks: Masks, params: Params, out: Tensor) -> Mask | None:
    """Of an op of the elements of several tensors: positions stay."""
    joined = together(masks)
    return None if joined is None else _kept(out, joined, params, out)


def _reduced(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    axes = params["axes"] if "axes" in params else (params["axis"],)
    return mask if all(a >= mask.ndim for a in axes) else None


def _reshaped(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    """Whole positions in the same order: the first axes hold as many as there are positions."""
    shape, whole = params["shape"], _whole(mask)
    if whole.ndim > 1 and same(shape[: whole.ndim], whole.shape):
        return whole
    fits = [k for k in range(2, len(shape) + 1) if same(math.prod(shape[:k]), whole.size)]
    if fits:  # axes of size 1 leave a choice
        return reshape(whole, shape[: fits[0]])
    return Flat(whole, shape[:1]) if shape and divides(whole.size, shape[0]) else None


def _permuted(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    first = params["axes"][: mask.ndim]
    return permute_dims(_solid(mask), first) if sorted(first) == list(range(mask.ndim)) else None


def _broadcast(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    # One position repeated along the time axis is no sequence.
    if x.ndim != out.ndim or not same(out.shape[1 : mask.ndim], mask.shape[1:]):
        return None
    kept = same(out.shape[: mask.ndim], mask.shape)
    return mask if kept else broadcast_to(_solid(mask), out.shape[: mask.ndim])


def _sliced(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    if same(out.shape[: mask.ndim], mask.shape):
        return mask
    # NOTE: one position is no sequence. Of a recurrent layer the last one holds the state that
    # the last real position left, so a loss of it must not leave out short sequences.
    if mask.ndim > 1 and same(out.shape[1], 1):
        return None
    of_mask: dict[str, Any] = {k: tuple(v[: mask.ndim]) for k, v in params.items()}
    return apply(slice_, _solid(mask), like=None, **of_mask)


def _padded(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    """What was added is no part of a sequence."""
    if same(out.shape[: mask.ndim], mask.shape):
        return mask
    of_mask: dict[str, Any] = {k: tuple(v[: mask.ndim]) for k, v in params.items()}
    return apply(pad, _solid(mask), like=None, **of_mask)


def _flipped(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    axes = tuple(a for a in params["axes"] if a < mask.ndim)
    return apply(flip, _solid(mask), axes=axes) if axes else mask


def _joined(xs: Sequence[Tensor], masks: Masks, params: Params, out: Tensor) -> Mask | None:
    """Side by side a position needs all masks; one behind the other they are joined too."""
    axis = params["axis"]
    first = next(m for m in masks if m is not None)
    if axis >= first.ndim:
        return together(masks)
    if any(isinstance(x._mask, LostMask) for x in xs):
        return None
    parts = [
        _all_real(x, first) if m is None else _solid(m) for x, m in zip(xs, masks, strict=True)
    ]
    return concat(parts, axis=axis) if len({m.ndim for m in parts}) == 1 else None


def _all_real(x: Tensor, like: Mask) -> Tensor:
    shape = x.shape[: like.ndim]
    return apply(full, like=x, value=True, shape=shape, dtype=dtypes.bool_)


def _taken(xs: Sequence[Tensor], masks: Masks, params: Params, out: Tensor) -> Mask | None:
    axis, (x, of_indices) = params["axis"], masks
    if x is None:
        return of_indices if axis == 0 else None
    if axis >= x.ndim:
        return x
    many = xs[1].ndim == 1 and xs[1].size > 1
    return take(_solid(x), xs[1], axis=axis) if many else None


def _taken_along(xs: Sequence[Tensor], masks: Masks, params: Params, out: Tensor) -> Mask | None:
    axis, mask = params["axis"], masks[0]
    if mask is None or axis >= mask.ndim:
        return together(masks)
    same = mask.ndim == xs[0].ndim
    return take_along_axis(_solid(mask), xs[1], axis=axis) if same else None


def _scattered(xs: Sequence[Tensor], masks: Masks, params: Params, out: Tensor) -> Mask | None:
    mask = masks[0]
    return mask if mask is not None and params["axis"] >= mask.ndim else None


def _unmoved(x: Tensor, mask: Mask, params: Params, out: Tensor) -> Mask | None:
    return mask


def _multiplied(xs: Sequence[Tensor], masks: Masks, params: Params, out: Tensor) -> Mask | None:
    """Rows of the left matrix stay, and the axes before the matrices."""
    left, right = masks
    kept = [
        left if left is not None and left.ndim < xs[0].ndim else None,
        right if right is not None and right.ndim < xs[1].ndim - 1 else None,
    ]
    return together(kept)


# What an op of one tensor makes of its mask, and an op of several of theirs.
_Move = Callable[["Tensor", Mask, Params, "Tensor"], "Mask | None"]
_Join = Callable[[Sequence["Tensor"], Masks, Params, "Tensor"], "Mask | None"]

_MOVES_BY_KIND: dict[str, _Move] = {"elementwise": _kept, "check": _kept, "reduce": _reduced}
_MOVES: dict[str, _Move] = {
    "reshape": _reshaped,
    "permute_dims": _permuted,
    "broadcast_to": _broadcast,
    "slice": _sliced,
    "pad": _padded,
    "flip": _flipped,
    "concat": _unmoved,
    "cumulative_sum": _unmoved,
}
_JOINS_BY_KIND: dict[str, _Join] = {"elementwise": _kept_all}
_JOINS: dict[str, _Join] = {
    "concat": _joined,
    "take": _taken,
    "take_along_axis": _taken_along,
    "scatter_add": _scattered,
    "scatter_add_along_axis": _scattered,
    "matmul": _multiplied,
}
# Ops that mix positions, or make none: nothing is left of a mask.
MIXING = {"convolution", "sliding_window", "scan", "random_bits", "full", "iota", "input"}
