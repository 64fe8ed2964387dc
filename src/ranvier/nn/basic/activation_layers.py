"""Activation functions as layers, those with settings or parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from ...errors import ArgumentError, ShapeError
from ...ops.elementwise import greater, greater_equal, where
from ...tensors.tensor import Tensor
from ...typing import Shape
from .. import activations, initializers, regularizers
from ..constructor_options import UNBUILT, LayerOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer
from ..regularizers import RegularizerLike


class _Elementwise(Layer):
    """Base of layers whose output has the shape of the input."""

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class ReLU(_Elementwise):
    """`max(x, 0)`, with its variants: Nair & Hinton 2010.

    `max_value` where x is at least that; x from `threshold` on; below that
    `negative_slope * (x - threshold)`.

    >>> ReLU(max_value=6.0)([[-1.0, 2.0, 9.0]])
    tensor([[0., 2., 6.]])
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.max_value, self.negative_slope = max_value, negative_slope
        self.threshold = threshold
        for name in ("max_value", "negative_slope", "threshold"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise ArgumentError(f"{self.name}: {name}={value!r}; expected a number, 0 or more")

    def forward(self, x: Tensor) -> Tensor:
        if not self.threshold and not self.negative_slope:
            out = activations.relu(x)
        else:
            low = (x - self.threshold) * self.negative_slope
            out = where(greater_equal(x, self.threshold), x, low)
        return (
            out
            if self.max_value is None
            else where(greater(out, self.max_value), self.max_value, out)
        )


@register_layer
class LeakyReLU(_Elementwise):
    """x above 0, `negative_slope * x` below: Maas et al. 2013.

    Keras' earlier name `alpha=` for the slope is understood too.

    >>> LeakyReLU(0.5)([[-1.0, 2.0]])
    tensor([[-0.5,  2. ]])
    """

    def __init__(
        self,
        negative_slope: float = 0.3,
        *,
        alpha: float | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.negative_slope = negative_slope if alpha is None else alpha

    def get_config(self) -> dict[str, Any]:
        """The slope, and the arguments of every layer."""
        return self._arguments("alpha")

    def forward(self, x: Tensor) -> Tensor:
        return activations.leaky_relu(x, self.negative_slope)


@register_layer
class PReLU(_Elementwise):
    """x above 0, `alpha * x` below, with a trained alpha for each position: He et al. 2015.

    Shapes: any, kept; `alpha` has the shape of a row, with size 1 along `shared_axes`, which are
    counted from 1 (the batch is 0).

    >>> layer = PReLU(alpha_initializer="ones")
    >>> layer([[-1.0, 2.0]]).numpy(), layer.alpha.shape
    (array([[-1.,  2.]], dtype=float32), (2,))
    """

    def __init__(
        self,
        alpha_initializer: InitializerLike = "zeros",
        alpha_regularizer: RegularizerLike = None,
        shared_axes: Sequence[int] | int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        axes = (shared_axes,) if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if axes is None else tuple(axes)
        self.alpha: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        shared = self.shared_axes or ()
        if not all(0 < a <= len(input_shape) for a in shared):
            raise ShapeError(
                f"{self.name}: shared_axes={shared} does not fit rows of {input_shape}; expected "
                f"axes from 1 to {len(input_shape)}"
            )
        shape = tuple(1 if a in shared else n for a, n in enumerate(input_shape, 1))
        self.alpha = self.add_weight(
            shape, self.alpha_initializer, regularizer=self.alpha_regularizer, name="alpha"
        )

    def forward(self, x: Tensor) -> Tensor:
        return where(greater(x, 0), x, x * self.alpha)


@register_layer
class ELU(_Elementwise):
    """x above 0, `alpha * (e ** x - 1)` below: Clevert et al. 2016.

    >>> ELU()([[0.0, 2.0]])
    tensor([[0., 2.]])
    """

    def __init__(self, alpha: float = 1.0, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        return activations.elu(x, self.alpha)


@register_layer
class Softmax(_Elementwise):
    """`e ** x / sum(e ** x)` over `axis`.

    >>> Softmax()([[0.0, 0.0]])
    tensor([[0.5, 0.5]])
    """

    in_float32 = True

    def __init__(self, axis: int = -1, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.axis = axis

    def forward(self, x: Tensor) -> Tensor:
        return activations.softmax(x, self.axis)
