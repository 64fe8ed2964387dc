"""Preprocessing of images: another range or size, in training and in use alike."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from ...dtypes import float32
from ...errors import ArgumentError, ShapeError
from ...ops.elementwise import astype
from ...ops.gather import take
from ...tensors.tensor import Tensor
from ...typing import Array, ArrayLike, Shape
from ..constructor_options import LayerOptions
from ..images.sliding import check_axes, one_of, sizes
from ..layer import Layer, register_layer
from .resampling import INTERPOLATIONS


def as_floats(x: Tensor) -> Tensor:
    """Bytes and integers as float32."""
    return x if x.dtype.kind == "f" else astype(x, float32)


@register_layer
class Rescaling(Layer):
    """`x * scale + offset`, e.g. `Rescaling(1 / 255)` for bytes.

    Args:
        scale, offset: numbers, or one for each channel.

    >>> Rescaling(1 / 255)([[0, 51, 255]])
    tensor([[0. , 0.2, 1. ]])
    """

    in_float32 = True
    _called_with = ""  # numbers for each channel may be an array

    def __init__(
        self, scale: ArrayLike, offset: ArrayLike = 0.0, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        for name, value in (("scale", scale), ("offset", offset)):
            if np.asarray(value).dtype.kind not in "biuf":
                raise ArgumentError(
                    f"{self.name}: {name}={value!r}; expected a number, or one for each channel"
                )
        self.scale, self.offset = scale, offset

    def forward(self, x: Tensor) -> Tensor:
        x = as_floats(x)
        scale, offset = (np.asarray(v, x.dtype) for v in (self.scale, self.offset))
        return x * scale + offset

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class Resizing(Layer):
    """Images of another size: (batch, rows, columns, channels) -> (batch, height, width, channels).

    With the centre of each pixel kept in place, as Keras and TensorFlow have it:
    `source y = (y + 1/2) * rows / height - 1/2`.

    >>> Resizing(1, 2)(np.arange(8.0).reshape(1, 2, 4, 1)).numpy().ravel()
    array([2.5, 4.5], dtype=float32)

    Args:
        height, width: the new size.
        interpolation: "bilinear" or "nearest".
    """

    in_float32 = True

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.height, self.width = sizes(self.name, "height, width", (height, width), 2)
        self.interpolation = one_of(self.name, "interpolation", interpolation, INTERPOLATIONS)

    def build(self, input_shape: Shape) -> None:
        check_axes(self.name, input_shape, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = as_floats(x)
        for axis, size in ((1, self.height), (2, self.width)):
            if x.shape[axis] != size:
                x = self._resized_along(x, axis, size)
        return x

    def _resized_along(self, x: Tensor, axis: int, size: int) -> Tensor:
        """x with another size along one axis."""
        n = x.shape[axis]
        source = (np.arange(size) + 0.5) * (n / size) - 0.5
        if self.interpolation == "nearest":
            nearest: Array = np.floor(source + 0.5).astype(np.int64).clip(0, n - 1)
            return take(x, nearest, axis)
        low = np.floor(source)
        share: Array = (
            (source - low).astype(x.dtype).reshape([-1 if a == axis else 1 for a in range(4)])
        )
        positions: list[Array] = [at.astype(np.int64).clip(0, n - 1) for at in (low, low + 1)]
        before, after = (take(x, at, axis) for at in positions)
        return before * (1 - share) + after * share

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.height, self.width, input_shape[-1])


@register_layer
class CenterCrop(Layer):
    """The middle of an image: (batch, rows, columns, channels) -> (batch, height, width, channels).

    >>> CenterCrop(2, 2)(np.arange(16.0).reshape(1, 4, 4, 1)).numpy().ravel()
    array([ 5.,  6.,  9., 10.], dtype=float32)
    """

    def __init__(self, height: int, width: int, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.height, self.width = sizes(self.name, "height, width", (height, width), 2)

    def build(self, input_shape: Shape) -> None:
        check_crop(self.name, input_shape, (self.height, self.width))

    def forward(self, x: Tensor) -> Tensor:
        return center_crop(x, self.height, self.width)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.height, self.width, input_shape[-1])


def center_crop(x: Tensor, height: int, width: int) -> Tensor:
    """The middle of images; of an odd number of positions cut off, one more is after it."""
    top, left = (x.shape[1] - height) // 2, (x.shape[2] - width) // 2
    return x[:, top : top + height, left : left + width]


def check_crop(name: str, shape: Shape, size: tuple[int, int]) -> None:
    """ShapeError for what is no image, or smaller than `size`."""
    check_axes(name, shape, 2)
    if shape[0] < size[0] or shape[1] < size[1]:
        raise ShapeError(
            f"{name}: cannot cut {size} out of images of {tuple(shape[:2])}; expected images at "
            "least as large. Put Resizing before it"
        )
