"""`keras.layers`."""

from __future__ import annotations

from typing import Any

from ....errors import StateError
from ....nn import (
    ELU,
    Activation,
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AlphaDropout,
    AveragePooling1D,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Cropping1D,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GroupNormalization,
    InputLayer,
    LayerNormalization,
    LeakyReLU,
    MaxPooling1D,
    MaxPooling2D,
    PReLU,
    ReLU,
    Reshape,
    RMSNormalization,
    SeparableConv2D,
    Softmax,
    SpatialDropout1D,
    SpatialDropout2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
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
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose

__all__ = [
    "ELU",
    "Activation",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AlphaDropout",
    "AveragePooling1D",
    "AveragePooling2D",
    "AvgPool1D",
    "AvgPool2D",
    "BatchNormalization",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Convolution1D",
    "Convolution2D",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPooling1D",
    "MaxPooling2D",
    "Normalization",
    "PReLU",
    "RMSNormalization",
    "ReLU",
    "Reshape",
    "SeparableConv2D",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
]

__getattr__ = module_getattr("keras.layers", globals())
