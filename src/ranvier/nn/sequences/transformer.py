"""Transformer blocks: attention and a feedforward network, with residual connections."""

from __future__ import annotations

from typing import Any, Unpack

from ...dtypes import bool_
from ...errors import ArgumentError
from ...ops.composites.shaping import expand_dims
from ...ops.elementwise import astype, logical_and
from ...ops.op import as_values
from ...tensors.tensor import Tensor
from ...typing import Shape, TensorLike
from .. import activations, initializers
from ..activations import Activation, ActivationLike
from ..basic.dense import Dense, integer_argument
from ..basic.dropout import Dropout
from ..basic.normalization_layers import LayerNormalization
from ..constructor_options import UNBUILT, BlockOptions, LayerOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer
from ..settable import HandedOn
from .multihead import MultiHeadAttention


class _Block(Layer):
    """Base of the blocks: what is the same in encoder and decoder."""

    dropout: Any = HandedOn("noise.rate", "self_attention.dropout", "cross_attention.dropout")
    layer_norm_epsilon: Any = HandedOn(
        "self_attention_norm.epsilon", "feedforward_norm.epsilon", "cross_attention_norm.epsilon"
    )

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        activation: ActivationLike = "relu",
        layer_norm_epsilon: float = 1e-5,
        kernel_initializer: InitializerLike = "glorot_uniform",
        bias_initializer: InitializerLike = "zeros",
        normalize_first: bool = False,
        use_bias: bool = True,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.intermediate_dim = integer_argument(self.name, "intermediate_dim", intermediate_dim)
        self.num_heads = integer_argument(self.name, "num_heads", num_heads)
        self.dropout = dropout
        self.function = activations.get(activation)
        self.layer_norm_epsilon = layer_norm_epsilon
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.normalize_first, self.use_bias = normalize_first, use_bias
        self.noise = Dropout(dropout)
        self.self_attention: MultiHeadAttention = UNBUILT
        self.self_attention_norm: LayerNormalization = UNBUILT
        self.wide: Dense = UNBUILT
        self.narrow: Dense = UNBUILT
        self.feedforward_norm: LayerNormalization = UNBUILT

    @property
    def activation(self) -> Any:
        """The activation's name, or the function itself when it is the user's own."""
        return activations.name_of(self.function)

    @activation.setter
    def activation(self, activation: ActivationLike) -> None:
        self.function = activations.get(activation)
        if self.wide is not None:
            self.wide.activation = self.function

    def _norm(self) -> LayerNormalization:
        return LayerNormalization(epsilon=self.layer_norm_epsilon, center=self.use_bias)

    def _attention(self, features: int) -> MultiHeadAttention:
        if features % self.num_heads:
            raise ArgumentError(
                f"{self.name}: {features} features cannot be shared evenly among "
                f"num_heads={self.num_heads}; choose a divisor of {features}"
            )
        return MultiHeadAttention(
            self.num_heads,
            features // self.num_heads,
            dropout=self.dropout,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
        )

    def _dense(self, units: int, activation: ActivationLike = None) -> Dense:
        return Dense(
            units,
            activation,
            use_bias=self.use_bias,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
        )

    def build(self, input_shape: Shape) -> None:
        features = input_shape[-1]
        self.self_attention = self._attention(features)
        self.self_attention_norm = self._norm()
        self.wide = self._dense(self.intermediate_dim, self.function)
        self.narrow = self._dense(features)
        self.feedforward_norm = self._norm()
        inner = (*input_shape[:-1], self.intermediate_dim)
        self.narrow.ensure_built(inner)
        for layer in (self.self_attention, self.self_attention_norm, self.feedforward_norm):
            layer.ensure_built(input_shape)
        self.wide.ensure_built(input_shape)

    def _shortcut(self, x: Tensor, norm: Layer, function: Activation) -> Tensor:
        """`x + function(x)`, normalized after the sum or, with `normalize_first`, before it."""
        out: Tensor
        if self.normalize_first:
            out = x + self.noise(function(norm(x)))
        else:
            out = norm(x + self.noise(function(x)))
        return out

    def _feedforward(self, x: Tensor) -> Tensor:
        return self._shortcut(x, self.feedforward_norm, lambda x: self.narrow(self.wide(x)))

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class TransformerEncoder(_Block):
    """Every position attends to all positions of its sequence: Vaswani et al. 2017, section 3.1.

        x <- norm(x + attention(x, x))
        x <- norm(x + narrow(activation(wide(x))))

    With `normalize_first`, which trains better when there are many (Xiong et al. 2020):

        x <- x + attention(norm(x)),   x <- x + narrow(activation(wide(norm(x))))

    Shapes: (batch, time, features) -> the same. Positions that the mask excludes get no attention.

    >>> import ranvier
    >>> TransformerEncoder(intermediate_dim=16, num_heads=2)(ranvier.zeros((2, 5, 8))).shape
    (2, 5, 8)

    Args:
        intermediate_dim: units between the two dense layers.
        num_heads: heads of the attention; a divisor of the features.
        dropout: fraction set to 0 in training, of the attention's weights and of each sublayer's
            output.
        use_bias: projections, dense layers and norms have offsets.
    """

    def forward(
        self,
        x: Tensor,
        padding_mask: TensorLike | None = None,
        attention_mask: TensorLike | None = None,
    ) -> Tensor:
        """`padding_mask` (batch, time) is added to the mask of x; `attention_mask` is broadcast to
        (batch, time, time).
        """
        mask = combined_mask(padding_mask, attention_mask, x)
        x = self._shortcut(
            x, self.self_attention_norm, lambda x: self.self_attention(x, attention_mask=mask)
        )
        return self._feedforward(x)


@register_layer
class TransformerDecoder(_Block):
    """Every position attends to those up to itself, then to those of another sequence: Vaswani et
    al. 2017, section 3.1.

        x <- norm(x + attention(x, x, causal))
        x <- norm(x + attention(x, encoded))            with a second input
        x <- norm(x + narrow(activation(wide(x))))

    Without a second input it is a block of a language model such as GPT (Radford et al. 2018).

    Shapes: (batch, T, features), and perhaps encoded (batch, S, width) -> (batch, T, features).

    >>> import ranvier
    >>> layer = TransformerDecoder(intermediate_dim=16, num_heads=2, normalize_first=True)
    >>> layer(ranvier.zeros((2, 5, 8)), ranvier.zeros((2, 3, 6))).shape
    (2, 5, 8)

    The arguments are those of `TransformerEncoder`.
    """

    def __init__(
        self,
        intermediate_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        **options: Unpack[BlockOptions],
    ) -> None:
        super().__init__(intermediate_dim, num_heads, dropout, **options)
        self.cross_attention: MultiHeadAttention | None = None
        self.cross_attention_norm: LayerNormalization = UNBUILT

    def forward(
        self,
        x: Tensor,
        encoded: Tensor | None = None,
        decoder_padding_mask: TensorLike | None = None,
        decoder_attention_mask: TensorLike | None = None,
        encoder_padding_mask: TensorLike | None = None,
        encoder_attention_mask: TensorLike | None = None,
        use_causal_mask: bool = True,
    ) -> Tensor:
        """Masks as in `TransformerEncoder`, of x and of the second input."""
        own = combined_mask(decoder_padding_mask, decoder_attention_mask, x)
        x = self._shortcut(
            x,
            self.self_attention_norm,
            lambda x: self.self_attention(x, attention_mask=own, use_causal_mask=use_causal_mask),
        )
        if encoded is not None:
            attention = self.cross_attention
            if attention is None:
                attention = self.cross_attention = self._attention(x.shape[-1])
                self.cross_attention_norm = self._norm()
            other = combined_mask(encoder_padding_mask, encoder_attention_mask, x)
            x = self._shortcut(
                x,
                self.cross_attention_norm,
                lambda x: attention(x, encoded, attention_mask=other),
            )
        return self._feedforward(x)


def combined_mask(
    padding: TensorLike | None, mask: TensorLike | None, like: Tensor
) -> TensorLike | None:
    """A mask of keys (batch, S) and a mask of pairs (batch, T, S) as one; or None."""
    if padding is None:
        return mask
    (padding,) = as_values(padding, like=like)
    padding = expand_dims(astype(padding, bool_), 1)
    if mask is None:
        return padding
    return logical_and(padding, astype(as_values(mask, like=like)[0], bool_))
