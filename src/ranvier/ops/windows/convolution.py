"""Convolution: sums of products over a window that slides over an image, channels last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...base.missing import answered
from ...errors import DTypeError, ShapeError
from ...graph.node import Spec, Value
from ...typing import Array, ArrayLike, Shape, ShapeLike, V
from ..creation import full
from ..movement import concat, flip, moved, narrow, pad, permute_dims, reshape, slice_
from ..op import Gradients, Mapped, Op, apply, as_values, register, same_dtype

Frame = tuple[tuple[int, int], ...]  # elements before and after both axes of an image
NO_FRAME: Frame = ((0, 0), (0, 0))
MAX_UNROLLED = 64  # members whose convolutions stand one after the other in a graph


class Convolution(Op):
    """The 2-D convolution of images x with windows w.

        x (batch, height, width, channels), w (rows, columns, channels / groups, filters)
        out[b, i, j, f] = sum over r, c, k of
            x[b, i * stride + r * dilation, j * stride + c * dilation, k] * w[r, c, k, f]

    The result has (height - (rows - 1) * dilation - 1) // stride + 1 rows, and so for columns.
    `padding` is ((before, after), (before, after)): zeros around the two axes of x. With groups,
    filter f of group g sees only the channels of group g.

    >>> import ranvier
    >>> x = ranvier.reshape(ranvier.arange(9, dtype="float32"), (1, 3, 3, 1))
    >>> ranvier.convolution(x, ranvier.ones((2, 2, 1, 1))).numpy()[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]], dtype=float32)
    """

    name = "convolution"
    kind = "contraction"

    def __call__(
        self,
        x: V | ArrayLike,
        w: V | ArrayLike,
        stride: ShapeLike = 1,
        dilation: ShapeLike = 1,
        groups: int = 1,
        padding: Frame = NO_FRAME,
    ) -> V:
        x, w = same_dtype(*as_values(x, w))
        return apply(
            self,
            x,
            w,
            stride=pair("stride", stride),
            dilation=pair("dilation", dilation),
            groups=groups,
            padding=padding,
        )

    def infer(
        self, x: Spec, w: Spec, *, stride: Shape, dilation: Shape, groups: int, padding: Frame
    ) -> Spec:
        if len(x.shape) != 4 or len(w.shape) != 4:
            raise ShapeError(
                f"convolution: x {x.shape} and w {w.shape} must be (batch, height, width, "
                "channels) and (rows, columns, channels, filters)"
            )
        if x.dtype != w.dtype:
            raise DTypeError(f"convolution: dtypes {x.dtype} and {w.dtype} differ")
        if groups < 1 or x.shape[3] != w.shape[2] * groups or w.shape[3] % groups:
            raise ShapeError(
                f"convolution: x has {x.shape[3]} channels, w takes {w.shape[2]} in each of "
                f"{groups} groups of its {w.shape[3]} filters; channels must be "
                f"{w.shape[2] * groups} and filters a multiple of {groups}"
            )
        sizes = []
        for n, (a, b), k, s, d in zip(
            x.shape[1:3],
            padding,
            w.shape[:2],
            stride,
            dilation,
            strict=True,
        ):
            n, reach = n + a + b, (k - 1) * d + 1
            if n < reach or k < 1:
                raise ShapeError(
                    f"convolution: a window of {reach} does not fit an axis of size {n}; pad x, "
                    "or use a smaller window"
                )
            sizes.append((n - reach) // s + 1)
        return Spec((x.shape[0], *sizes, w.shape[3]), x.dtype)

    def reference(
        self, x: Array, w: Array, *, stride: Shape, dilation: Shape, groups: int, padding: Frame
    ) -> Array:
        x = np.pad(x, ((0, 0), *padding, (0, 0)))
        spec = self.infer(
            Spec(x.shape, x.dtype),
            Spec(w.shape, w.dtype),
            stride=stride,
            dilation=dilation,
            groups=groups,
            padding=NO_FRAME,
        )
        _, rows, columns, filters = spec.shape
        wide = np.float32 if x.dtype == np.float16 else x.dtype
        out = np.zeros((*spec.shape[:3], groups, filters // groups), wide)
        x = x.astype(wide).reshape(*x.shape[:3], groups, w.shape[2])
        w = w.astype(wide).reshape(*w.shape[:3], groups, filters // groups)
        for r in range(w.shape[0]):
            for c in range(w.shape[1]):
                top, left = r * dilation[0], c * dilation[1]
                seen = x[
                    :,
                    top : top + (rows - 1) * stride[0] + 1 : stride[0],
                    left : left + (columns - 1) * stride[1] + 1 : stride[1],
                ]
                out += np.einsum("bijgk,kgf->bijgf", seen, w[r, c], optimize=True)
        return out.reshape(spec.shape).astype(spec.dtype)

    def gradient(
        self,
        grad: Value,
        out: Value,
        x: Value,
        w: Value,
        *,
        stride: Shape,
        dilation: Shape,
        groups: int,
        padding: Frame,
    ) -> Gradients:
        start = padding[0][0], padding[1][0]
        by_x = conv_transpose(grad, w, stride, dilation, groups, start, x.shape[1:3])
        x = framed(x, padding)
        if groups == 1:
            return by_x, _kernel_gradient(grad, x, w.shape, stride, dilation)
        c, f = w.shape[2], w.shape[3] // groups
        parts = [
            _kernel_gradient(
                narrow(grad, 3, g * f, (g + 1) * f),
                narrow(x, 3, g * c, (g + 1) * c),
                (*w.shape[:3], f),
                stride,
                dilation,
            )
            for g in range(groups)
        ]
        return by_x, concat(parts, axis=3)

    def vmap(
        self,
        members: int,
        mapped: Mapped,
        x: V,
        w: V,
        *,
        stride: Shape,
        dilation: Shape,
        groups: int,
        padding: Frame,
    ) -> V:
        how: dict[str, Any] = {"stride": stride, "dilation": dilation, "padding": padding}
        if not mapped[1]:  # one window: the images of all members in one batch
            images = reshape(x, (members * x.shape[1], *x.shape[2:]))
            out: V = apply(self, images, w, groups=groups, **how)
            return reshape(out, (members, x.shape[1], *out.shape[1:]))
        _, rows, columns, c, f = w.shape
        if not mapped[0]:  # the same images: the filters of all members side by side
            parts = reshape(w, (members, rows, columns, c, groups, f // groups))
            parts = permute_dims(parts, (1, 2, 3, 4, 0, 5))
            parts = reshape(parts, (rows, columns, c, members * f))
            out = apply(self, x, parts, groups=groups, **how)
            out = reshape(out, (*out.shape[:3], groups, members, f // groups))
            out = permute_dims(out, (4, 0, 1, 2, 3, 5))
            return reshape(out, (*out.shape[:4], f))
        if members <= MAX_UNROLLED:  # quicker than groups, whose channels lie apart
            each = [
                apply(self, *(_member(v, m) for v in (x, w)), groups=groups, **how)
                for m in range(members)
            ]
            stacked: V = concat([reshape(one, (1, *one.shape)) for one in each], axis=0)
            return stacked
        # Each member sees its own channels: one group, or several, of all of them.
        channels = reshape(moved(x, 0, 3), (*x.shape[1:4], members * x.shape[4]))
        filters = reshape(moved(w, 0, 3), (rows, columns, c, members * f))
        out = apply(self, channels, filters, groups=members * groups, **how)
        return moved(reshape(out, (*out.shape[:3], members, f)), 3, 0)


def _member(x: V, number: int) -> V:
    """One member's part of x, without the axis of members."""
    return reshape(narrow(x, 0, number, number + 1), x.shape[1:])


def framed(x: V, padding: Frame) -> V:
    """Images with zeros before and after both axes; where a number is below 0 they are cropped."""
    for axis, (before, after) in zip((1, 2), padding, strict=True):
        if before < 0 or after < 0:
            x = narrow(x, axis, max(-before, 0), x.shape[axis] - max(-after, 0))
    widths = tuple((max(a, 0), max(b, 0)) for a, b in padding)
    return pad(x, ((0, 0), *widths, (0, 0))) if widths != NO_FRAME else x


def conv_transpose(
    x: V,
    w: V,
    stride: Shape,
    dilation: Shape,
    groups: int,
    start: Shape,
    size: Shape,
) -> V:
    """Every element of x lays the window on the result, `stride` apart; what overlaps adds up.

        x (batch, rows, columns, filters), w (rows, columns, channels / groups, filters)
        out[b, u, v, k] = sum over all i, r with i * stride + r * dilation = start + u (and so for
            columns j, c, v) and over f of x[b, i, j, f] * w[r, c, k, f]

    for `size` positions u, v: the gradient of a convolution for its input, which begins `start`
    positions before it.

    A stride s leaves s * s kinds of positions, each met by its own share of the window: so many
    small convolutions, whose results are laid into each other, do no product with a zero.
    """
    flipped = _flipped(w, groups)
    kinds = [
        [_meeting(w.shape[a], stride[a], dilation[a], kind + start[a]) for kind in range(stride[a])]
        for a in (0, 1)
    ]
    counts = [-(-n // s) for n, s in zip(size, stride, strict=True)]
    shape = (x.shape[0], *counts, w.shape[2] * groups)
    lines = []
    for rows in kinds[0]:
        parts = [_share(x, flipped, (rows, columns), shape, groups) for columns in kinds[1]]
        lines.append(_interleaved(parts, axis=2))
    out = _interleaved(lines, axis=1)
    assert out is not None, "a window has at least one tap"
    ends = tuple((0, n - m) for n, m in zip(size, out.shape[1:3], strict=True))
    return framed(out, ends)


def _flipped(w: V, groups: int) -> V:
    """The window upside down, its channels and filters exchanged."""
    rows, columns, c, filters = w.shape
    flipped = flip(w, (0, 1))
    if groups == 1:
        return permute_dims(flipped, (0, 1, 3, 2))
    f = filters // groups
    flipped = permute_dims(reshape(flipped, (rows, columns, c, groups, f)), (0, 1, 4, 3, 2))
    return reshape(flipped, (rows, columns, f, groups * c))


class _Taps(NamedTuple):
    """Positions `first, first + step, ...` of a window, `many` of them, that meet x at `offset`,
    `offset + dilation`, ... before the position."""

    first: int
    step: int
    many: int
    offset: int
    dilation: int


def _meeting(k: int, stride: int, dilation: int, kind: int) -> _Taps:
    """The taps r of k with `r * dilation = kind` modulo the stride."""
    shared = math.gcd(stride, dilation)
    step = stride // shared
    first = next((r for r in range(min(k, step)) if (r * dilation - kind) % stride == 0), k)
    return _Taps(
        first,
        step,
        len(range(first, k, step)),
        (first * dilation - kind) // stride,
        dilation // shared,
    )


def _share(x: V, flipped: V, taps: tuple[_Taps, _Taps], shape: Shape, groups: int) -> V | None:
    """x convolved with some taps of the flipped window: the positions of one kind; None: all 0."""
    if not all(t.many for t in taps):
        return None
    start, stop, step, frame = [0] * 4, list(flipped.shape), [1] * 4, []
    for axis, t in enumerate(taps):
        # Of the flipped window the last taps come first.
        start[axis] = flipped.shape[axis] - 1 - (t.first + (t.many - 1) * t.step)
        stop[axis], step[axis] = flipped.shape[axis] - t.first, t.step
        before = t.offset + (t.many - 1) * t.dilation
        frame.append((before, shape[1 + axis] - t.offset - x.shape[1 + axis]))
    if start != [0] * 4 or stop != list(flipped.shape) or step != [1] * 4:
        flipped = apply(slice_, flipped, start=tuple(start), stop=tuple(stop), step=tuple(step))
    # NOTE: a negative frame crops, which is no padding.
    inner = tuple((min(a, 0), min(b, 0)) for a, b in frame)
    outer = tuple((max(a, 0), max(b, 0)) for a, b in frame)
    dilation = taps[0].dilation, taps[1].dilation
    return convolution(framed(x, inner), flipped, 1, dilation, groups, outer)


def _interleaved(parts: Sequence[V | None], axis: int) -> V | None:
    """Element i of part p at index `i * len(parts) + p` of an axis; a part None is all 0."""
    present = [(p, part) for p, part in enumerate(parts) if part is not None]
    if len(parts) == 1 or not present:
        return parts[0]
    number, first = present[0]
    shape, many = first.shape, len(parts)
    if len(present) == 1:
        before, after, step = [0] * 4, [0] * 4, [1] * 4
        before[axis], after[axis], step[axis] = number, many - 1 - number, many
        return apply(pad, first, before=tuple(before), after=tuple(after), step=tuple(step))
    zeros = apply(full, like=first, value=0.0, shape=shape, dtype=first.dtype)
    wide = (*shape[: axis + 1], 1, *shape[axis + 1 :])
    out = concat([reshape(zeros if p is None else p, wide) for p in parts], axis + 1)
    return reshape(out, (*shape[:axis], shape[axis] * many, *shape[axis + 1 :]))


def _kernel_gradient(grad: V, x: V, shape: Shape, stride: Shape, dilation: Shape) -> V:
    """Channels of x as the batch, the batch as channels, and grad as the window."""
    for a in (0, 1):
        # A stride may leave positions at the end that no window reached.
        reached = (grad.shape[1 + a] - 1) * stride[a] + (shape[a] - 1) * dilation[a] + 1
        x = narrow(x, 1 + a, 0, reached)
    exchanged = permute_dims(x, (3, 1, 2, 0))
    out = convolution(exchanged, permute_dims(grad, (1, 2, 0, 3)), dilation, stride)
    return permute_dims(out, (1, 2, 0, 3))


def pair(name: str, value: ShapeLike) -> tuple[int, int]:
    """One integer for both axes, or two.

    >>> pair("stride", 2)
    (2, 2)
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(
        isinstance(v, int | np.integer) and not isinstance(v, bool) and v >= 1 for v in both
    ):
        raise ShapeError(f"{name}: expected an integer of at least 1, or two; got {value!r}")
    return int(both[0]), int(both[1])


convolution = register(Convolution())


@answered
def conv2d(
    x: V | ArrayLike,
    w: V | ArrayLike,
    stride: ShapeLike = 1,
    padding: str | ShapeLike = "valid",
    dilation: ShapeLike = 1,
    groups: int = 1,
) -> V:
    """`convolution` after padding x with zeros.

    `padding` is "valid" (none), "same" (the result has ceil(size / stride) positions; the odd zero
    goes to the end, as in Keras), or the number of zeros on each side of the two axes.
    """
    x, w = as_values(x, w)
    strides, dilations = pair("stride", stride), pair("dilation", dilation)
    frame = _frame(x.shape, w.shape, strides, padding, dilations)
    return convolution(x, w, strides, dilations, groups, frame)


def _frame(x: Shape, w: Shape, stride: Shape, padding: str | ShapeLike, dilation: Shape) -> Frame:
    """Zeros before and after each of the two axes."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        frame = []
        for n, k, s, d in zip(x[1:3], w[:2], stride, dilation, strict=True):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            frame.append((total // 2, total - total // 2))
        return tuple(frame)
    sides = padding if isinstance(padding, tuple | list) else (padding, padding)
    if len(sides) != 2 or not all(isinstance(v, int | np.integer) and v >= 0 for v in sides):
        raise ShapeError(f"padding: expected 'valid', 'same', an integer or two; got {padding!r}")
    return tuple((int(v), int(v)) for v in sides)
