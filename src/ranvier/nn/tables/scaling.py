"""Robust scaling, trained scales, activations with a trained share, output ranges."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...ops.composites.functions import rsqrt
from ...ops.elementwise import maximum, minimum
from ...tensors.tensor import Tensor
from ...typing import Array, DataLike, Shape
from .. import activations, initializers
from ..activations import ActivationLike
from ..basic.normalize import Adapting, rows_to_adapt
from ..constructor_options import UNBUILT, LayerOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer

# No bound: larger than any number of training. Infinity in the state of a model would look like
# a training that went wrong.
UNBOUNDED = float(np.finfo(np.float32).max)


class _PerFeature(Layer):
    """Base: rows of features, kept in shape."""

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def check_features(self, x: Tensor, features: int) -> None:
        """ShapeError unless x has so many features."""
        if x.shape[-1] != features:
            raise ShapeError(
                f"{self.name}: got rows of {x.shape[-1]} features; it was built for {features}"
            )


@register_layer
class RobustScale(_PerFeature, Adapting):
    """`(x - median) / (third quartile - first quartile)` for each feature, smoothly clipped.

        u = (x - center) * factor
        out = u / sqrt(1 + (u / clip) ** 2)                 between -clip and clip

    `adapt` measures both in float64. Outliers move neither of them, and the clipping keeps extreme
    values from drowning the rest. Where the quartiles agree, half the range is taken; a
    feature that never varies becomes 0. They are state of the model: saved with it, not trained.
    Holzmueller et al. 2024, "Better by Default" (arXiv 2407.04491).

    >>> layer = RobustScale(clip=None)
    >>> layer.adapt([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0], [4.0, 7.0], [500.0, 7.0]])
    >>> layer([[1.0, 7.0], [5.0, 7.0]])
    tensor([[-1.,  0.],
            [ 1.,  0.]])

    Args:
        clip: the bound that outputs approach; None: no clipping.
        options: those of every layer.
    """

    in_float32 = True

    def __init__(self, clip: float | None = 3.0, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if clip is not None and not clip > 0:
            raise ArgumentError(f"{self.name}: clip={clip}; expected a number above 0, or None")
        self.clip = clip
        self.center: Tensor = UNBUILT
        self.factor: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(f"{self.name}: rows are single numbers; reshape (n,) to (n, 1)")
        shape = (input_shape[-1],)
        self.center = self.add_weight(shape, "zeros", trainable=False, name="center")
        self.factor = self.add_weight(shape, "ones", trainable=False, name="factor")

    def adapt(self, data: DataLike) -> None:
        """Measure median and quartiles of each feature over `data` (rows, ..., features)."""
        rows = rows_to_adapt(self, data, "center")
        center, factor = robust_scales(rows, float(np.finfo(self.center.dtype).eps))
        self.center.assign(center)
        self.factor.assign(factor)

    def forward(self, x: Tensor) -> Tensor:
        self.check_features(x, self.center.shape[0])
        u: Tensor = (x - self.center) * self.factor
        return u if self.clip is None else u * rsqrt(1 + u * u * (1 / self.clip**2))


def robust_scales(x: Array, epsilon: float = 0.0) -> tuple[Array, Array]:
    """Median of each column of x (rows, features), and 1 / (its third - first quartile).

    Half the range is taken where the quartiles agree; the factor of a constant column is 0, and of
    one whose width is a rounding of its numbers, which have the relative precision `epsilon`.
    """
    low, middle, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
    width = np.where(high > low, high - low, (x.max(axis=0) - x.min(axis=0)) / 2)
    flat = width <= epsilon * np.abs(middle)
    return middle, np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, width))


@register_layer
class Scale(_PerFeature):
    """`x * scale` with a trained scale for each feature, at first 1.

    In front of a network, with a larger learning rate than the rest, it learns which inputs matter
    (Holzmueller et al. 2024).

    >>> Scale()([[2.0, 3.0]]).tolist()
    [[2.0, 3.0]]

    Args:
        scale_initializer: the first values.
        options: those of every layer.
    """

    def __init__(
        self, scale_initializer: InitializerLike = "ones", **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.scale_initializer = initializers.get(scale_initializer)
        self.scale: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(f"{self.name}: rows are single numbers; reshape (n,) to (n, 1)")
        self.scale = self.add_weight((input_shape[-1],), self.scale_initializer, name="scale")

    def forward(self, x: Tensor) -> Tensor:
        self.check_features(x, self.scale.shape[0])
        return x * self.scale


@register_layer
class ParametricActivation(_PerFeature):
    """`x + alpha * (f(x) - x)` with a trained alpha for each feature, at first 1.

    With alpha 1 it is f, with alpha 0 nothing happens (Holzmueller et al. 2024).

    >>> layer = ParametricActivation("relu", alpha_initializer=0.5)
    >>> layer([[-4.0, 2.0]]).tolist()
    [[-2.0, 2.0]]

    Args:
        activation: f, a name or function of `ranvier.nn.activations`.
        alpha_initializer: the first values.
        options: those of every layer.
    """

    def __init__(
        self,
        activation: ActivationLike = "selu",
        alpha_initializer: InitializerLike = "ones",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.function = activations.get(activation)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha: Tensor = UNBUILT

    activation = activations.by_name("function")

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(f"{self.name}: rows are single numbers; reshape (n,) to (n, 1)")
        self.alpha = self.add_weight((input_shape[-1],), self.alpha_initializer, name="alpha")

    def forward(self, x: Tensor) -> Tensor:
        self.check_features(x, self.alpha.shape[0])
        return x + self.alpha * (self.function(x) - x)


@register_layer
class OutputRange(_PerFeature):
    """In use each feature between the least and the largest target seen; in training just x.

    `measure` takes both from the targets of training, so that no prediction leaves their range.
    Before that there are no bounds.

    >>> layer = OutputRange()
    >>> layer.measure([[1.0], [3.0]])
    >>> layer([[9.0]])
    tensor([[3.]])
    """

    def __init__(self, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.low: Tensor = UNBUILT
        self.high: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        shape = input_shape[-1:]
        self.low = self.add_weight(shape, -UNBOUNDED, trainable=False, name="low")
        self.high = self.add_weight(shape, UNBOUNDED, trainable=False, name="high")

    def measure(self, targets: DataLike) -> None:
        """Take the range of `targets`, (rows, features)."""
        y = rows_to_adapt(self, targets, "low")
        self.low.assign(y.min(axis=0))
        self.high.assign(y.max(axis=0))

    def forward(self, x: Tensor) -> Tensor:
        self.check_features(x, self.low.shape[0])
        return x if self.training else minimum(maximum(x, self.low), self.high)
