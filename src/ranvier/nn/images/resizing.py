"""Upsampling, zero padding and cropping of images and series.

Channels last, and no parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, Unpack

import numpy as np

from ...errors import ShapeError
from ...ops.composites.shaping import expand_dims
from ...ops.movement import broadcast_to, concat, narrow, pad, reshape
from ...tensors.tensor import Tensor
from ...typing import Shape, ShapeLike
from ..constructor_options import LayerOptions
from ..layer import Layer, register_layer
from .sliding import channels_last, check_axes, one_of, sizes


def nearest(x: Tensor, axis: int, times: int) -> Tensor:
    """Nearest-neighbour upsampling: each position of an axis repeated `times` times."""
    shape = x.shape
    wide = broadcast_to(expand_dims(x, axis + 1), (*shape[: axis + 1], times, *shape[axis + 1 :]))
    return reshape(wide, (*shape[:axis], shape[axis] * times, *shape[axis + 1 :]))


def linear(x: Tensor, axis: int, times: int) -> Tensor:
    """Linear upsampling: `times` positions for each of an axis, interpolated between the centres
    of the old ones; beyond the outermost centres it is constant.
    """
    shape, n = x.shape, x.shape[axis]
    # The new centres, measured from the old one, in positions.
    away = (np.arange(times) + 0.5) / times - 0.5
    before = concat([narrow(x, axis, 0, 1), narrow(x, axis, 0, n - 1)], axis)
    after = concat([narrow(x, axis, 1, n), narrow(x, axis, n - 1, n)], axis)
    shares = (before, np.maximum(-away, 0)), (x, 1 - np.abs(away)), (after, np.maximum(away, 0))
    out: Tensor | float = 0.0
    for part, share in shares:
        weight = share.astype(x.dtype).reshape((times,) + (1,) * (x.ndim - 1 - axis))
        out = out + expand_dims(part, axis + 1) * weight
    return reshape(out, (*shape[:axis], n * times, *shape[axis + 1 :]))


# One number, one for each axis, or (before, after) for each.
Edges: TypeAlias = int | Sequence[int | Sequence[int]]

UPSAMPLERS = {"nearest": nearest, "bilinear": linear}


def edges(layer: str, argument: str, value: Edges, axes: int) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis, from one number, one for each axis, or two for each.

    >>> edges("zero_padding2d", "padding", (1, 2), axes=2)
    ((1, 1), (2, 2))
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    if axes == 1 and len(both) == 2:
        both = (both,)
    if len(both) != axes:
        sizes(layer, argument, value, axes, least=0)  # raises
    return tuple(sizes(layer, argument, side, 2, least=0) for side in both)  # type: ignore[misc]


class _Resized(Layer):
    """Base: a layer whose result has more or fewer positions along each of `axes` axes."""

    axes = 2

    def output_lengths(self, shape: Shape) -> Shape:
        """The output's positions along each axis, for those of the input."""
        raise NotImplementedError

    def output_shape(self, input_shape: Shape) -> Shape:
        check_axes(self.name, input_shape, self.axes)
        return (*self.output_lengths(input_shape[:-1]), input_shape[-1])


@register_layer
class UpSampling2D(_Resized):
    """Every position of an image as `size` positions.

    "nearest" repeats it; "bilinear" interpolates between the centres of neighbours.

    Shapes: (batch, height, width, channels) -> (batch, height * rows, width * columns, channels).

    >>> UpSampling2D((1, 2))([[[[1.0], [3.0]]]]).numpy().ravel()
    array([1., 1., 3., 3.], dtype=float32)
    >>> UpSampling2D((1, 2), interpolation="bilinear")([[[[1.0], [3.0]]]]).numpy().ravel()
    array([1. , 1.5, 2.5, 3. ], dtype=float32)

    Args:
        size: an integer, or (rows, columns).
        data_format: None or "channels_last".
        interpolation: "nearest" or "bilinear".
    """

    def __init__(
        self,
        size: ShapeLike = 2,
        data_format: str | None = None,
        interpolation: str = "nearest",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.size = sizes(self.name, "size", size, 2)
        self.data_format = channels_last(self.name, data_format)
        self.interpolation = one_of(self.name, "interpolation", interpolation, list(UPSAMPLERS))

    def forward(self, x: Tensor) -> Tensor:
        check_axes(self.name, x.shape[1:], 2)
        for axis, times in enumerate(self.size, 1):
            x = UPSAMPLERS[self.interpolation](x, axis, times) if times > 1 else x
        return x

    def output_lengths(self, shape: Shape) -> Shape:
        return tuple(n * times for n, times in zip(shape, self.size, strict=True))


@register_layer
class UpSampling1D(_Resized):
    """Every step of a series `size` times: (batch, steps, channels) -> (batch, more, channels).

    >>> UpSampling1D(2)([[[1.0], [3.0]]]).numpy().ravel()
    array([1., 1., 3., 3.], dtype=float32)
    """

    axes = 1

    def __init__(self, size: int = 2, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        (self.size,) = sizes(self.name, "size", size, 1)

    def forward(self, x: Tensor) -> Tensor:
        check_axes(self.name, x.shape[1:], 1)
        return nearest(x, 1, self.size)

    def output_lengths(self, shape: Shape) -> Shape:
        return (shape[0] * self.size,)


@register_layer
class ZeroPadding2D(_Resized):
    """Zeros around each image.

    Shapes: (batch, height, width, channels) -> (batch, height + top + bottom,
    width + left + right, channels).

    >>> import ranvier
    >>> ZeroPadding2D(((1, 0), (2, 2)))(ranvier.ones((1, 3, 3, 1))).shape
    (1, 4, 7, 1)

    Args:
        padding: an integer; (rows, columns); or ((top, bottom), (left, right)).
        data_format: None or "channels_last".
    """

    def __init__(
        self, padding: Edges = 1, data_format: str | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.padding = edges(self.name, "padding", padding, self.axes)
        self.data_format = channels_last(self.name, data_format)

    def forward(self, x: Tensor) -> Tensor:
        check_axes(self.name, x.shape[1:], self.axes)
        return pad(x, ((0, 0), *self.padding, (0, 0)))

    def output_lengths(self, shape: Shape) -> Shape:
        return tuple(n + a + b for n, (a, b) in zip(shape, self.padding, strict=True))


@register_layer
class ZeroPadding1D(ZeroPadding2D):
    """Zeros before and after each series: (batch, steps, channels) -> (batch, more, channels).

    `padding` is an integer, or (before, after).

    >>> import ranvier
    >>> ZeroPadding1D((2, 0))(ranvier.ones((1, 3, 1))).shape
    (1, 5, 1)
    """

    axes = 1


@register_layer
class Cropping2D(_Resized):
    """Images without their edges.

    Shapes: (batch, height, width, channels) -> (batch, height - top - bottom,
    width - left - right, channels).

    >>> import ranvier
    >>> Cropping2D(((1, 0), (2, 2)))(ranvier.ones((1, 8, 8, 3))).shape
    (1, 7, 4, 3)

    Args:
        cropping: an integer; (rows, columns); or ((top, bottom), (left, right)).
        data_format: None or "channels_last".
    """

    def __init__(
        self, cropping: Edges = 0, data_format: str | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.cropping = edges(self.name, "cropping", cropping, self.axes)
        self.data_format = channels_last(self.name, data_format)

    def forward(self, x: Tensor) -> Tensor:
        self.output_shape(x.shape[1:])
        for axis, (before, after) in enumerate(self.cropping, 1):
            x = narrow(x, axis, before, x.shape[axis] - after)
        return x

    def output_lengths(self, shape: Shape) -> Shape:
        left = tuple(n - a - b for n, (a, b) in zip(shape, self.cropping, strict=True))
        if min(left) < 1:
            raise ShapeError(
                f"{self.name}: cropping {self.cropping} leaves nothing of {shape} positions; "
                "crop less"
            )
        return left


@register_layer
class Cropping1D(Cropping2D):
    """Series without their ends: (batch, steps, channels) -> (batch, fewer, channels).

    `cropping` is an integer, by default 1, or (before, after).

    >>> import ranvier
    >>> Cropping1D((2, 0))(ranvier.ones((1, 5, 1))).shape
    (1, 3, 1)
    """

    axes = 1

    def __init__(self, cropping: Edges = 1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(cropping, **options)
