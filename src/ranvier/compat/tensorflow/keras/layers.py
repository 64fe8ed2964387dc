"""`keras.layers`."""

from __future__ import annotations

from typing import Any

from ....errors import StateError
from ....nn import (
    Activation,
    AveragePooling1D,
    AveragePooling2D,
    Conv1D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    InputLayer,
    MaxPooling1D,
    MaxPooling2D,
    Reshape,
    SeparableConv2D,
    ZeroPadding2D,
    activations,
    register_layer,
)
from ....nn import Layer as RanvierLayer
from ....nn import Normalize as Normalization
from ...names import missing, module_getattr
from .calls import call_of


class Layer(RanvierLayer):
    """A layer of one's own: `build(self, input_shape)`, (None, ...) with the batch axis, and
    `call(self, inputs)` or `call(self, inputs, training)`.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        build = vars(cls).get("build")
        if build is not None:

            def with_batch_axis(self: Any, row: Any) -> None:
                build(self, row if row[:1] == (None,) else (None, *row))

            cls.build = with_batch_axis  # type: ignore[assignment]

    def __getattr__(self, attribute: str) -> Any:
        try:
            return super().__getattr__(attribute)
        except AttributeError:
            raise missing(type(self).__name__, attribute, dir(type(self))) from None

    def forward(self, x: Any) -> Any:
        """What `call` gives."""
        return call_of(self, x)


class KerasInput(InputLayer):
    """The shape of a row at the start of a Sequential model."""

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise StateError(
            "layer(keras.Input(...)): the functional style is not in Ranvier's compatibility "
            "layer; put Input and the layers into keras.Sequential, or write a subclass of "
            "keras.Model with call(self, inputs)"
        )


def Input(shape: Any = None, **options: Any) -> InputLayer:
    """The shape of a row, first in a Sequential model: `Input(shape=(784,))`."""
    return KerasInput(shape, **options)


@register_layer
class ReLU(RanvierLayer):
    """`max(x, 0)`."""

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return activations.relu(x)


@register_layer
class LeakyReLU(RanvierLayer):
    """x above 0, `negative_slope * x` below."""

    def __init__(self, negative_slope: float = 0.3, alpha: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = None
        self.negative_slope = negative_slope if alpha is None else alpha

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return activations.leaky_relu(x, self.negative_slope)


@register_layer
class ELU(RanvierLayer):
    """x above 0, `alpha * (e ** x - 1)` below."""

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return activations.elu(x, self.alpha)


@register_layer
class Softmax(RanvierLayer):
    """`e ** x / sum(e ** x)` over `axis`."""

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """Of the shape of x."""
        return activations.softmax(x, self.axis)


# Keras' second names.
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
Convolution1D = Conv1D
Convolution2D = Conv2D

__all__ = [
    "ELU",
    "Activation",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "Conv1D",
    "Conv2D",
    "Convolution1D",
    "Convolution2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Layer",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "Normalization",
    "ReLU",
    "Reshape",
    "SeparableConv2D",
    "Softmax",
    "ZeroPadding2D",
]

__getattr__ = module_getattr("keras.layers", globals())
