"""Geometric augmentation: flips, shifts, rotations, zooms and crops; in use images stay unchanged.

The layers draw one set of parameters for each row, inside the compiled step, from `ranvier.random`
(or from a generator of their own with `seed`). So the same seed gives the same images with either
engine and with any number of threads. Images are (batch, height, width, channels).

Names and arguments are those of Keras. A factor is a pair (lowest, highest), or one number f for
(-f, f).
"""

from __future__ import annotations

import math
from typing import Unpack

from ... import random
from ...dtypes import int32
from ...errors import ArgumentError
from ...ops.creation import iota
from ...ops.elementwise import cos, sin, where
from ...ops.gather import take
from ...ops.movement import flip, reshape
from ...tensors.tensor import Tensor
from ...typing import Shape
from ..constructor_options import LayerOptions
from ..images.sliding import check_axes, one_of, sizes
from ..layer import Layer, register_layer
from ..settable import Fixed
from .preprocessing import as_floats, center_crop, check_crop
from .resampling import FILL_MODES, INTERPOLATIONS, AffineMap, affine

Factor = float | tuple[float, float] | list[float]


class RandomImages(Layer):
    """Base of augmentation: a subclass writes `augment`, which is called in training only."""

    in_float32 = True

    def __init__(self, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.seed = seed
        self._source = random.generator if seed is None else random.Generator(seed)

    def build(self, input_shape: Shape) -> None:
        check_axes(self.name, input_shape, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = as_floats(x)
        return self.augment(x) if self.training else x

    def augment(self, x: Tensor) -> Tensor:
        """The changed images."""
        raise NotImplementedError

    def draw(self, x: Tensor, low: float, high: float) -> Tensor | float:
        """One number from low to high for each row, (batch, 1, 1)."""
        if low == high:
            return low
        return self._source.uniform((x.shape[0], 1, 1), low, high)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class RandomFlip(RandomImages):
    """Each image mirrored with probability 1/2: left and right, top and bottom, or both.

    >>> RandomFlip("horizontal")([[[[1.0], [2.0]]]], training=False).numpy().ravel()
    array([1., 2.], dtype=float32)

    Args:
        mode: "horizontal", "vertical" or "horizontal_and_vertical".
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(seed, **options)
        known = ("horizontal", "vertical", "horizontal_and_vertical")
        self.mode = one_of(self.name, "mode", mode, known)

    def augment(self, x: Tensor) -> Tensor:
        for word, axis in (("horizontal", 2), ("vertical", 1)):
            if word in self.mode:
                chosen = self._source.bernoulli(0.5, (x.shape[0], 1, 1, 1))
                x = where(chosen, flip(x, axis), x)
        return x


class _Affine(RandomImages):
    """Base of augmentation by an affine map of the positions."""

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(seed, **options)
        self.fill_mode = one_of(self.name, "fill_mode", fill_mode, FILL_MODES)
        self.interpolation = one_of(self.name, "interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value

    def augment(self, x: Tensor) -> Tensor:
        return affine(x, self.map(x), self.interpolation, self.fill_mode, self.fill_value)

    def map(self, x: Tensor) -> AffineMap:
        """The numbers a to f of `resampling.affine`."""
        raise NotImplementedError


@register_layer
class RandomTranslation(_Affine):
    """Each image shifted down and to the right, by fractions of its height and width.

        source y = y - height * p,  p from height_factor;    x likewise

    >>> x = [[[[1.0], [2.0], [3.0], [4.0]]]]
    >>> moved = RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
    >>> moved(x, training=True).numpy().ravel()
    array([0., 1., 2., 3.], dtype=float32)

    Args:
        height_factor, width_factor: fractions; below 0 up and to the left.
        fill_mode: the pixels beyond the edge: "constant", "nearest", "reflect" or "wrap".
        interpolation: "bilinear" or "nearest".
    """

    height_factor = Fixed(always=True)
    width_factor = Fixed(always=True)

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **options)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._down = factor_range(self.name, "height_factor", height_factor)
        self._right = factor_range(self.name, "width_factor", width_factor)

    def map(self, x: Tensor) -> AffineMap:
        down = self.draw(x, *self._down) * x.shape[1]
        return 1.0, 0.0, -down, 0.0, 1.0, -(self.draw(x, *self._right) * x.shape[2])


@register_layer
class RandomRotation(_Affine):
    """Each image rotated about its centre, counterclockwise by fractions of a full rotation.

    >>> x = [[[[1.0], [2.0]], [[3.0], [4.0]]]]
    >>> RandomRotation((0.25, 0.25))(x, training=True).numpy()[0, :, :, 0].round(4)
    array([[2., 4.],
           [1., 3.]], dtype=float32)

    Args:
        factor: 0.1 is up to 36 degrees in both directions.
        fill_mode, interpolation: as for `RandomTranslation`.
    """

    factor = Fixed(always=True)

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **options)
        self.factor = factor
        self._angles = factor_range(self.name, "factor", factor)

    def map(self, x: Tensor) -> AffineMap:
        angle = self.draw(x, *self._angles) * (2 * math.pi)
        c: Tensor | float
        s: Tensor | float
        if isinstance(angle, Tensor):
            c, s = cos(angle), sin(angle)
        else:
            c, s = math.cos(angle), math.sin(angle)
        y, z = (x.shape[1] - 1) / 2, (x.shape[2] - 1) / 2
        return c, s, y - c * y - s * z, -s, c, z + s * y - c * z


@register_layer
class RandomZoom(_Affine):
    """Each image made smaller (factors above 0) or larger (below 0) about its centre.

        source y = centre + (1 + p) (y - centre),  p from height_factor;    x likewise

    >>> x = [[[[1.0], [2.0], [3.0], [4.0]]]]
    >>> RandomZoom((-0.5, -0.5))(x, training=True).numpy().ravel()
    array([1.75, 2.25, 2.75, 3.25], dtype=float32)

    Args:
        height_factor: 0.2 is up to 20 % smaller or larger.
        width_factor: likewise; None: the same numbers as drawn for the height.
        fill_mode, interpolation: as for `RandomTranslation`.
    """

    height_factor = Fixed(always=True)
    width_factor = Fixed(always=True)

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **options)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._high = factor_range(self.name, "height_factor", height_factor)
        self._wide = width_factor and factor_range(self.name, "width_factor", width_factor)

    def map(self, x: Tensor) -> AffineMap:
        high = 1 + self.draw(x, *self._high)
        wide = 1 + self.draw(x, *self._wide) if self._wide else high
        y, z = (x.shape[1] - 1) / 2, (x.shape[2] - 1) / 2
        return high, 0.0, y - high * y, 0.0, wide, z - wide * z


@register_layer
class RandomCrop(RandomImages):
    """In training a crop of each image at a random position, in use its middle.

    Shapes: (batch, rows, columns, channels) -> (batch, height, width, channels).

    >>> import numpy
    >>> RandomCrop(2, 2)(numpy.zeros((1, 4, 4, 3))).shape
    (1, 2, 2, 3)
    """

    def __init__(
        self, height: int, width: int, seed: int | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(seed, **options)
        self.height, self.width = sizes(self.name, "height, width", (height, width), 2)

    def build(self, input_shape: Shape) -> None:
        check_crop(self.name, input_shape, (self.height, self.width))

    def forward(self, x: Tensor) -> Tensor:
        x = as_floats(x)
        return self.augment(x) if self.training else center_crop(x, self.height, self.width)

    def augment(self, x: Tensor) -> Tensor:
        n, h, w, channels = x.shape
        row = self._source.randint(0, h - self.height + 1, (n, 1, 1), int32)
        column = self._source.randint(0, w - self.width + 1, (n, 1, 1), int32)
        first = iota((n, 1, 1), axis=0, dtype=int32) * (h * w) + row * w + column
        down = iota((1, self.height, 1), axis=1, dtype=int32) * w
        pixel = first + down + iota((1, 1, self.width), axis=2, dtype=int32)
        return take(reshape(x, (n * h * w, channels)), pixel)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.height, self.width, input_shape[-1])


def factor_range(layer: str, argument: str, value: Factor) -> tuple[float, float]:
    """(lowest, highest) from a pair or from one number."""
    pair = (-value, value) if isinstance(value, int | float) else tuple(value)
    numbers = len(pair) == 2 and all(isinstance(v, int | float) for v in pair)
    if not numbers or not -1 <= pair[0] <= pair[1] <= 1:
        raise ArgumentError(
            f"{layer}: {argument}={value!r}; expected a fraction from 0 to 1, or (lowest, highest) "
            "within -1 and 1"
        )
    return float(pair[0]), float(pair[1])
