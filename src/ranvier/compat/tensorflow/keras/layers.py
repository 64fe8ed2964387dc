"""`keras.layers`: Ranvier's own, a base for layers with `call`, and Keras' second names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .... import nn
from ....data import TextVectorization
from ....errors import ArgumentError
from ....nn import Layer as RanvierLayer
from ...table import fill, missing, names
from ..variables import Variable
from .calls import call_of, split_call


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

    def add_weight(self, *args: Any, **options: Any) -> Any:
        """As of Ranvier's layers, as a `tf.Variable`."""
        made = super().add_weight(*args, **options)
        return Variable(made, made.requires_grad, name=made.name)

    def __getattr__(self, attribute: str) -> Any:
        try:
            return super().__getattr__(attribute)
        except AttributeError:
            raise missing(type(self).__name__, attribute, dir(type(self))) from None

    def __call__(self, *inputs: Any, training: bool | None = None, **options: Any) -> Any:
        """As of Ranvier's layers; several inputs one by one or as one list, as `call` takes them.

        >>> from ranvier import Tensor
        >>> class Joined(Layer):
        ...     def call(self, a, b=None):
        ...         return a if b is None else a + b
        >>> Joined()(Tensor([[1.0]]), Tensor([[2.0]]))
        tensor([[3.]])
        """
        values, named = split_call(self, inputs, options)
        training = named.pop("training", training)
        return super().__call__(*values, training=training, **named)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """What `call` gives."""
        return call_of(self, inputs, options)


class Lambda(Layer):
    """A function as a layer. Files hold no code: a model with one keeps its weights only.

    >>> Lambda(lambda x: x * 2)([[1.0, 3.0]])
    tensor([[2., 6.]])
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.function, self.arguments = function, dict(arguments or {})

    def call(self, *inputs: Any) -> Any:
        """What the function gives; several inputs as a list."""
        return self.function(inputs[0] if len(inputs) == 1 else list(inputs), **self.arguments)


def Normalization(axis: Any = -1, mean: Any = None, variance: Any = None, **options: Any) -> Any:
    """`(x - mean) / std` for each feature, the last axis, measured by `adapt`."""
    if axis not in (-1, None, (-1,), [-1]):
        raise ArgumentError(
            f"Normalization: axis={axis!r}; only the last axis, axis=-1, is here. Transpose the "
            "data, or normalize it beforehand"
        )
    if mean is not None or variance is not None:
        raise ArgumentError(
            "Normalization: mean and variance come from layer.adapt(data) here; or write "
            "layers.Lambda(lambda x: (x - mean) / variance ** 0.5)"
        )
    return nn.Normalize(**options)


_NAMES = """
ELU GRU LSTM RNN Activation AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D
AdaptiveMaxPooling2D Add AdditiveAttention AlphaDropout Attention Average AveragePooling1D
AveragePooling2D BatchNormalization Bidirectional CenterCrop Concatenate Conv1D Conv1DTranspose
Conv2D Conv2DTranspose Cropping1D Cropping2D Dense DepthwiseConv2D Dot Dropout Embedding Flatten
GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D
GlobalMaxPooling1D GlobalMaxPooling2D GroupNormalization Input InputLayer LSTMCell
LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D Maximum Minimum MultiHeadAttention
Multiply PReLU Permute RMSNormalization RandomBrightness RandomContrast RandomCrop RandomErasing
RandomFlip RandomRotation RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing
SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D StackedRNNCells
Subtract TimeDistributed UpSampling1D UpSampling2D ZeroPadding1D ZeroPadding2D add average
concatenate dot maximum minimum multiply subtract
"""
_SECOND_NAMES = """
AvgPool1D=AveragePooling1D AvgPool2D=AveragePooling2D Convolution1D=Conv1D Convolution2D=Conv2D
Convolution1DTranspose=Conv1DTranspose Convolution2DTranspose=Conv2DTranspose
GlobalAvgPool1D=GlobalAveragePooling1D GlobalAvgPool2D=GlobalAveragePooling2D
GlobalMaxPool1D=GlobalMaxPooling1D GlobalMaxPool2D=GlobalMaxPooling2D
GroupQueryAttention=GroupedQueryAttention MaxPool1D=MaxPooling1D MaxPool2D=MaxPooling2D
"""

__all__, __getattr__ = fill(
    globals(),
    "keras.layers",
    names(nn, _NAMES),
    names(nn, _SECOND_NAMES),
    TextVectorization=TextVectorization,
)
