"""Windows that slide over an image: the view that pooling reduces."""

from __future__ import annotations

import builtins

import numpy as np

from ...base.missing import answered
from ...errors import ShapeError
from ...graph.node import Spec, Value
from ...typing import Array, ArrayLike, Shape, ShapeLike, V
from ..movement import narrow, pad, permute_dims, reshape
from ..op import Gradients, Mapped, Op, apply, as_values, register
from ..reduce import max, mean
from .convolution import pair


class SlidingWindow(Op):
    """Every window of x (batch, height, width, channels) as an axis of its own.

    Element (b, i, j, r, c, k) is `x[b, i*stride + r, j*stride + c, k]`. No memory is used for it:
    compiled code reads x.
    """

    name = "sliding_window"
    kind = "movement"
    cost = 0

    def __call__(self, x: V | ArrayLike, size: ShapeLike, stride: ShapeLike | None = None) -> V:
        (x,) = as_values(x)
        size = pair("size", size)
        return apply(self, x, size=size, stride=size if stride is None else pair("stride", stride))

    def infer(self, x: Spec, *, size: Shape, stride: Shape) -> Spec:
        if len(x.shape) != 4 or any(n < k for n, k in zip(x.shape[1:3], size, strict=True)):
            raise ShapeError(
                f"sliding_window: windows of {size} do not fit {x.shape}; expected "
                "(batch, height, width, channels) at least as large"
            )
        counts = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:3], size, stride, strict=True)]
        return Spec((x.shape[0], *counts, *size, x.shape[3]), x.dtype)

    def reference(self, x: Array, *, size: Shape, stride: Shape) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(x, size, (1, 2))
        return windows[:, :: stride[0], :: stride[1]].transpose(0, 1, 2, 4, 5, 3)

    def gradient(
        self, grad: Value, out: Value, x: Value, *, size: Shape, stride: Shape
    ) -> Gradients:
        if size == stride:
            return (_tiled(grad, x.shape),)
        # Each element of a window goes back to where it came from; where windows overlap they add
        # up.
        total: Value | None = None
        for r in range(size[0]):
            for c in range(size[1]):
                part = narrow(narrow(grad, 3, r, r + 1), 4, c, c + 1)
                part = reshape(part, (*out.shape[:3], out.shape[5]))
                before = (0, r, c, 0)
                after = (
                    0,
                    x.shape[1] - r - ((out.shape[1] - 1) * stride[0] + 1),
                    x.shape[2] - c - ((out.shape[2] - 1) * stride[1] + 1),
                    0,
                )
                padded = apply(pad, part, before=before, after=after, step=(1, *stride, 1))
                total = padded if total is None else total + padded
        return (total,)

    def vmap(self, members: int, mapped: Mapped, x: V, *, size: Shape, stride: Shape) -> V:
        images = reshape(x, (members * x.shape[1], *x.shape[2:]))
        out = apply(self, images, size=size, stride=stride)
        return reshape(out, (members, x.shape[1], *out.shape[1:]))


def _tiled(windows: V, shape: Shape) -> V:
    """Windows side by side as one image, with zeros at the edge that none of them reached."""
    b, rows, columns, r, c, k = windows.shape
    image = reshape(permute_dims(windows, (0, 1, 3, 2, 4, 5)), (b, rows * r, columns * c, k))
    rest = (0, shape[1] - rows * r, shape[2] - columns * c, 0)
    if not builtins.any(rest):
        return image
    return apply(pad, image, before=(0, 0, 0, 0), after=rest, step=(1, 1, 1, 1))


sliding_window = register(SlidingWindow())


@answered
def max_pool2d(x: V | ArrayLike, size: ShapeLike = 2, stride: ShapeLike | None = None) -> V:
    """The largest element of each window of x (batch, height, width, channels).

    Windows that would reach over the edge are left out. Ties share the gradient equally.

    >>> import ranvier
    >>> x = ranvier.reshape(ranvier.arange(16, dtype="float32"), (1, 4, 4, 1))
    >>> max_pool2d(x).numpy()[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """
    return max(sliding_window(x, size, stride), axis=(3, 4))


@answered
def average_pool2d(x: V | ArrayLike, size: ShapeLike = 2, stride: ShapeLike | None = None) -> V:
    """The mean of each window (batch, height, width, channels)."""
    return mean(sliding_window(x, size, stride), axis=(3, 4))
