"""Photometric augmentation: brightness, contrast and erased rectangles."""

from __future__ import annotations

import math
from typing import Unpack

from ...dtypes import float32
from ...errors import ArgumentError
from ...ops.composites.functions import clip
from ...ops.creation import iota
from ...ops.elementwise import exp, floor, greater_equal, less, logical_and, round, sqrt, where
from ...ops.reduce import mean
from ...tensors.tensor import Tensor
from ..constructor_options import LayerOptions
from ..layer import register_layer
from ..settable import Fixed
from .geometric import Factor, RandomImages, factor_range


class _PixelValues(RandomImages):
    """Base of those that change the values of pixels, which keep to a range."""

    def __init__(
        self,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(seed, **options)
        low, high = value_range
        if not low < high:
            raise ArgumentError(f"{self.name}: value_range={value_range!r}; expected (low, high)")
        self.value_range = value_range

    def clipped(self, x: Tensor) -> Tensor:
        """x within the range."""
        return clip(x, *map(float, self.value_range))

    def draw_image(self, x: Tensor, low: float, high: float) -> Tensor:
        """One number for each row, (batch, 1, 1, 1)."""
        return self._source.uniform((x.shape[0], 1, 1, 1), low, high)


@register_layer
class RandomBrightness(_PixelValues):
    """Each image lighter or darker: `x + p * (high - low)`, kept within the range of values.

    >>> RandomBrightness((0.1, 0.1), (0.0, 1.0))([[[[0.5], [1.0]]]], training=True).numpy().ravel()
    array([0.6, 1. ], dtype=float32)

    Args:
        factor: fractions of the range, p.
        value_range: (low, high) of the pixels: (0, 255) for bytes, (0, 1) after `Rescaling`.
    """

    factor = Fixed(always=True)

    def __init__(
        self,
        factor: Factor,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, seed, **options)
        self.factor = factor
        self._shares = factor_range(self.name, "factor", factor)

    def augment(self, x: Tensor) -> Tensor:
        low, high = self.value_range
        return self.clipped(x + self.draw_image(x, *self._shares) * (high - low))


@register_layer
class RandomContrast(_PixelValues):
    """Each image with more or less contrast: `mean + p * (x - mean)`, kept within the range.

    The mean is that of each channel; p is drawn from `1 - lowest` to `1 + highest`.

    >>> RandomContrast(0.5)([[[[0.0], [0.0]]]], training=True).numpy().ravel()
    array([0., 0.], dtype=float32)

    Args:
        factor: one number for both, or (lowest, highest), each from 0 to 1.
        value_range: (low, high) of the pixels.
    """

    factor = Fixed(always=True)

    def __init__(
        self,
        factor: Factor,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, seed, **options)
        self.factor = factor
        pair = (factor, factor) if isinstance(factor, int | float) else tuple(factor)
        if len(pair) != 2 or not all(0 <= f <= 1 for f in pair):
            raise ArgumentError(f"{self.name}: factor={factor!r}; expected fractions from 0 to 1")
        self._shares = 1 - pair[0], 1 + pair[1]

    def augment(self, x: Tensor) -> Tensor:
        middle = mean(x, axis=(1, 2), keepdims=True)
        return self.clipped(middle + self.draw_image(x, *self._shares) * (x - middle))


@register_layer
class RandomErasing(_PixelValues):
    """A rectangle of each image erased, of random position, size and aspect ratio.

    Zhong et al. (2017), "Random erasing data augmentation", arXiv 1708.04896; with one aspect ratio
    and a fixed value it is cutout, DeVries and Taylor (2017), arXiv 1708.04552.

    >>> import numpy
    >>> erase = RandomErasing(scale=(0.5, 0.5), fill_value=7.0, ratio=(1.0, 1.0))
    >>> int((erase(numpy.zeros((1, 8, 8, 1)), training=True).numpy() == 7).sum())
    36

    Args:
        factor: the fraction of images that lose a rectangle.
        scale: its area as a fraction of the image, (lowest, highest).
        fill_value: the new value there; None: noise, uniform in the range of values.
        value_range: (low, high) of the pixels.
        ratio: height over width, (lowest, highest).
    """

    def __init__(
        self,
        factor: float = 1.0,
        scale: tuple[float, float] = (0.02, 0.33),
        fill_value: float | None = None,
        value_range: tuple[float, float] = (0, 255),
        seed: int | None = None,
        ratio: tuple[float, float] = (0.3, 3.3),
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(value_range, seed, **options)
        if (
            not 0 <= factor <= 1
            or not 0 < scale[0] <= scale[1] <= 1
            or not 0 < ratio[0] <= ratio[1]
        ):
            raise ArgumentError(
                f"{self.name}: factor={factor!r}, scale={scale!r}, ratio={ratio!r}; expected a "
                "fraction, fractions (lowest, highest) above 0, and numbers (lowest, highest) "
                "above 0"
            )
        self.factor, self.scale, self.ratio, self.fill_value = factor, scale, ratio, fill_value

    def augment(self, x: Tensor) -> Tensor:
        _, h, w, _ = x.shape
        area = self.draw_image(x, *self.scale) * (h * w)
        aspect = exp(self.draw_image(x, math.log(self.ratio[0]), math.log(self.ratio[1])))
        chosen = self._source.bernoulli(self.factor, (x.shape[0], 1, 1, 1))
        height = clip(round(sqrt(area * aspect)), 1.0, float(h))
        width = clip(round(sqrt(area / aspect)), 1.0, float(w))
        top = floor(self.draw_image(x, 0, 1) * (h - height + 1))
        left = floor(self.draw_image(x, 0, 1) * (w - width + 1))
        erased = logical_and(inside(x, top, left, height, width), chosen)
        if self.fill_value is not None:
            return where(erased, self.fill_value, x)
        low, high = self.value_range
        return where(erased, self._source.uniform(x.shape, float(low), float(high)), x)


def inside(x: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor) -> Tensor:
    """True in a rectangle of each image, (batch, height, width, 1).

    The numbers of the rectangle are (batch, 1, 1, 1).
    """
    _, h, w, _ = x.shape
    y = iota((1, h, 1, 1), axis=1, dtype=float32)
    z = iota((1, 1, w, 1), axis=2, dtype=float32)
    rows = logical_and(greater_equal(y, top), less(y, top + height))
    return logical_and(rows, logical_and(greater_equal(z, left), less(z, left + width)))
