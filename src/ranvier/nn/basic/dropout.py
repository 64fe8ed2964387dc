"""Dropout and noise: random changes in training that keep neurons from relying on each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Unpack

from ... import dtypes, random
from ...base.arguments import number
from ...base.observer import note
from ...errors import ArgumentError, ShapeError
from ...ops.elementwise import astype, where
from ...random import Generator
from ...tensors.tensor import Tensor
from ...typing import Shape
from ..constructor_options import LayerOptions
from ..images.sliding import channels_last, check_axes
from ..layer import Layer, register_layer
from ..schedule import Schedule, restore_schedule


class _Noise(Layer):
    """Base: noise in training, none in use.

    Draws come from `ranvier.random`, or from a generator of the layer's own with `seed`.
    """

    def __init__(self, seed: int | None = None, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.seed = seed
        self._source = random.generator if seed is None else random.Generator(seed)

    def noisy(self, x: Tensor) -> Tensor:
        """x as training sees it."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        return self.noisy(x) if self.training else x

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class _RateNoise(_Noise):
    """Base: noise of a `rate`."""

    def __init__(
        self, rate: float, seed: int | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(seed, **options)
        if not isinstance(rate, Real) or not 0 <= rate < 1:
            raise ArgumentError(
                f"{self.name}: rate={rate!r}; expected the share to drop, 0 <= rate < 1"
            )
        self.rate: Any = rate  # a number, or a schedule

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.rate else x


@register_layer
class Dropout(_RateNoise):
    """In training each element is 0 with probability `rate`, else `x / (1 - rate)`; in use just x.

    Srivastava et al. 2014, in the inverted form, which keeps the mean.

    >>> Dropout(0.5)([[1.0, 2.0]])
    tensor([[1., 2.]])

    Args:
        rate: the share to drop: a number, or a schedule (`ranvier.optim.schedules`) that follows
            the steps of training; `steps` counts them and is saved with the model.
        noise_shape: the shape of the draws; along an axis of size 1 all share one. None, or None
            for an axis: the size of x.
        seed: a generator of the layer's own; None: `ranvier.random`.
        options: those of every layer.
    """

    def __init__(
        self,
        rate: float | Schedule | Mapping[str, Any],
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        follows = restore_schedule(rate) if isinstance(rate, Mapping) else rate
        if not isinstance(follows, Schedule):
            follows = number(type(self).__name__, "rate", follows, finite=False)
        super().__init__(0.0 if isinstance(follows, Schedule) else follows, seed, **options)
        self.rate = follows
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.steps: Tensor | None = None

    def build(self, input_shape: Shape) -> None:
        if isinstance(self.rate, Schedule):
            self.steps = self.add_weight((), "zeros", dtypes.int64, trainable=False, name="steps")

    def rate_now(self) -> float | Tensor:
        """The rate of this step of training, which counts."""
        rate: float | Tensor = self.rate
        if self.steps is None:
            return rate
        rate = self.rate(self.steps)
        self.steps.assign(self.steps + 1)
        return rate

    def draws(self, shape: Shape) -> Shape:
        """The shape of the draws for x of `shape`."""
        return _draw_shape(self.name, self.noise_shape, shape)

    def noisy(self, x: Tensor) -> Tensor:
        return dropped(x, self.rate_now(), self._source, self.draws(x.shape))


def dropped(x: Tensor, rate: float | Tensor, source: Generator, shape: Shape) -> Tensor:
    """0 with probability `rate`, else `x / (1 - rate)`, by draws of `shape` from `source`."""
    keep = source.bernoulli(1 - rate, shape)
    note("keep", keep)
    scale = 1 / (1 - rate)
    return where(keep, x * (astype(scale, x.dtype) if isinstance(scale, Tensor) else scale), 0)


def _draw_shape(layer: str, noise_shape: Sequence[int | None] | None, shape: Shape) -> Shape:
    if noise_shape is None:
        return shape
    sizes = tuple(n if m is None else m for m, n in zip(noise_shape, shape, strict=False))
    if len(noise_shape) != len(shape) or any(
        m not in (1, n) for m, n in zip(sizes, shape, strict=True)
    ):
        raise ShapeError(
            f"{layer}: noise_shape={noise_shape} does not fit an input of shape {shape}; each size "
            "is that of the input, 1 or None"
        )
    return sizes


class _Spatial(_RateNoise):
    """Base: whole channels are dropped."""

    axes = 2

    def noisy(self, x: Tensor) -> Tensor:
        check_axes(self.name, x.shape[1:], self.axes)
        shape = (x.shape[0], *(1,) * self.axes, x.shape[-1])
        return dropped(x, self.rate, self._source, shape)


@register_layer
class SpatialDropout2D(_Spatial):
    """`Dropout` of whole channels of an image: Tompson et al. 2015.

    Neighbouring pixels are so alike that dropping single ones hides little.
    Shapes: (batch, height, width, channels), kept.

    >>> import ranvier
    >>> out = SpatialDropout2D(0.5, seed=0)(ranvier.ones((1, 4, 4, 8)), training=True).numpy()
    >>> bool((out == out[:, :1, :1]).all())
    True
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(rate, seed, **options)
        self.data_format = channels_last(self.name, data_format)


@register_layer
class SpatialDropout1D(_Spatial):
    """`Dropout` of whole channels of a series: (batch, steps, channels), kept."""

    axes = 1


@register_layer
class GaussianDropout(_RateNoise):
    """In training `x * noise`, normal with mean 1 and variance `rate / (1 - rate)`.

    Srivastava et al. 2014, section 10: as much noise as `Dropout` of this rate.

    >>> GaussianDropout(0.5)([[1.0, 2.0]])
    tensor([[1., 2.]])
    """

    in_float32 = True

    def noisy(self, x: Tensor) -> Tensor:
        return x * self._source.normal(
            x.shape, 1.0, math.sqrt(self.rate / (1 - self.rate)), x.dtype
        )


@register_layer
class GaussianNoise(_Noise):
    """In training `x + noise`, normal with mean 0 and deviation `stddev`: Bishop 1995.

    >>> GaussianNoise(0.1)([[1.0, 2.0]])
    tensor([[1., 2.]])
    """

    in_float32 = True

    def __init__(
        self, stddev: float, seed: int | None = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(seed, **options)
        if not stddev >= 0:
            raise ArgumentError(f"{self.name}: stddev={stddev!r}; expected a number, 0 or more")
        self.stddev = stddev

    def noisy(self, x: Tensor) -> Tensor:
        return x + self._source.normal(x.shape, 0.0, self.stddev, x.dtype)


SELU_LIMIT = -1.7580993408473766  # of selu at minus infinity


@register_layer
class AlphaDropout(Dropout):
    """Dropout for networks with "selu", which keeps mean 0 and variance 1: Klambauer et al. 2017.

    With probability `rate` an element becomes `alpha`, the limit of selu at minus infinity, and
    then all become `a * x + b`, with `a = ((1 - rate) * (1 + rate * alpha ** 2)) ** -0.5` and
    `b = -a * alpha * rate`. The arguments are those of `Dropout`.

    >>> AlphaDropout(0.5)([[1.0, 2.0]])
    tensor([[1., 2.]])
    """

    def noisy(self, x: Tensor) -> Tensor:
        rate = self.rate_now()
        keep = self._source.bernoulli(1 - rate, self.draws(x.shape))
        a = ((1 - rate) * (1 + rate * SELU_LIMIT**2)) ** -0.5
        kept: Tensor = where(keep, x, SELU_LIMIT)
        out: Tensor = kept * a + -a * SELU_LIMIT * rate
        return out if out.dtype == x.dtype else astype(out, x.dtype)
