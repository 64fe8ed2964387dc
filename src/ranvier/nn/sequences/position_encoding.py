"""Position embeddings and encodings: attention by itself does not know positions."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from ...errors import ShapeError
from ...ops.movement import broadcast_to, concat, narrow
from ...ops.op import as_values
from ...tensors.tensor import Tensor
from ...typing import Shape
from .. import initializers
from ..basic.dense import integer_argument
from ..basic.dropout import Dropout
from ..basic.embedding import Embedding
from ..constructor_options import UNBUILT, LayerOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer
from ..settable import HandedOn


@register_layer
class PositionEmbedding(Layer):
    """A learned vector for each position: Gehring et al. 2017; to be added to the input.

    Shapes: (batch, time, features) -> the same, `out[b, t] = position_embeddings[t]`.

    >>> import ranvier
    >>> layer = PositionEmbedding(sequence_length=10)
    >>> layer(ranvier.zeros((2, 4, 3))).shape, layer.position_embeddings.shape
    ((2, 4, 3), (10, 3))

    Args:
        sequence_length: the largest number of positions.
    """

    in_float32 = True

    keeps_mask = True  # the vectors are for the positions of x

    def __init__(
        self,
        sequence_length: int,
        initializer: InitializerLike = "glorot_uniform",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.sequence_length = integer_argument(self.name, "sequence_length", sequence_length)
        self.initializer = initializers.get(initializer)
        self.position_embeddings: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        shape = (self.sequence_length, input_shape[-1])
        self.position_embeddings = self.add_weight(
            shape, self.initializer, name="position_embeddings"
        )

    def forward(self, x: Tensor, start_index: int = 0) -> Tensor:
        """The vectors of the positions from `start_index` on."""
        end = start_index + x.shape[1]
        if end > self.sequence_length:
            raise ShapeError(
                f"{self.name}: a sequence of {end} positions; there are vectors for "
                f"{self.sequence_length}: give a larger sequence_length, or cut the sequences"
            )
        return broadcast_to(narrow(self.position_embeddings, 0, start_index, end), x.shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class SinePositionEncoding(Layer):
    """Waves of many lengths: Vaswani et al. 2017, section 3.5; to be added to the input.

        out[b, t, 2 i] = sin(t / max_wavelength^(2 i / features)),   out[b, t, 2 i + 1] = cos(...)

    Shapes: (batch, time, features) -> the same.

    >>> import ranvier
    >>> SinePositionEncoding()(ranvier.zeros((1, 2, 2)))
    tensor([[[0.    , 1.    ],
             [0.8415, 0.5403]]])
    """

    in_float32 = True

    keeps_mask = True  # the vectors are for the positions of x

    def __init__(self, max_wavelength: float = 10_000, **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        self.max_wavelength = max_wavelength

    def forward(self, x: Tensor, start_index: int = 0) -> Tensor:
        """The waves at the positions from `start_index` on."""
        positions, features = x.shape[-2:]
        feature = np.arange(features)
        speed = float(self.max_wavelength) ** (-2.0 * (feature // 2) / features)
        angle = (start_index + np.arange(positions))[:, None] * speed
        waves = np.where(feature % 2, np.cos(angle), np.sin(angle)).astype(x.dtype)
        return broadcast_to(as_values(waves, like=x)[0], x.shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class RotaryEmbedding(Layer):
    """Rotates pairs of features by an angle proportional to the position: Su et al. 2021.

        (a, b) -> (a cos(t f_i) - b sin(t f_i), b cos(t f_i) + a sin(t f_i))
        f_i = max_wavelength^(-2 i / features)

    where feature i of the first half is paired with feature i of the second. Used on queries and
    keys, so that their product depends on how far apart they are.

    Shapes: (batch, time, ..., features) -> the same; features must be even.

    >>> import ranvier
    >>> x = ranvier.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    >>> RotaryEmbedding()(x)
    tensor([[[1.    , 0.    ],
             [0.5403, 0.8415]]])

    Args:
        scaling_factor: positions are divided by it, so that longer sequences fit the angles seen in
            training: Chen et al. 2023.
    """

    in_float32 = True

    def __init__(
        self,
        max_wavelength: float = 10_000,
        scaling_factor: float = 1.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.max_wavelength, self.scaling_factor = max_wavelength, scaling_factor

    def forward(self, x: Tensor, start_index: int = 0) -> Tensor:
        """x rotated by the angles of the positions from `start_index` on."""
        features = x.shape[-1]
        if features % 2 or x.ndim < 3:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected (batch, time, ..., "
                "features) with an even number of features"
            )
        half = features // 2
        speed = float(self.max_wavelength) ** (-np.arange(half) / half)
        positions = (start_index + np.arange(x.shape[1])) / self.scaling_factor
        angle = positions.reshape(-1, *(1,) * (x.ndim - 2)) * speed
        cos, sin = (as_values(f(angle).astype(x.dtype), like=x)[0] for f in (np.cos, np.sin))
        a, b = narrow(x, -1, 0, half), narrow(x, -1, half, features)
        return concat([a * cos - b * sin, b * cos + a * sin], -1)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class TokenAndPositionEmbedding(Layer):
    """The sum of `Embedding` and `PositionEmbedding`: ids (batch, time) -> (batch, time, features).

    >>> import ranvier
    >>> layer = TokenAndPositionEmbedding(vocabulary_size=50, sequence_length=8, embedding_dim=4)
    >>> layer(ranvier.tensor([[3, 1, 4]])).shape
    (1, 3, 4)
    """

    dropout: Any = HandedOn("noise.rate")

    def __init__(
        self,
        vocabulary_size: int,
        sequence_length: int,
        embedding_dim: int,
        embeddings_initializer: InitializerLike = "uniform",
        mask_zero: bool = False,
        dropout: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.vocabulary_size, self.sequence_length = vocabulary_size, sequence_length
        self.embedding_dim, self.mask_zero, self.dropout = embedding_dim, mask_zero, dropout
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.token = Embedding(
            vocabulary_size, embedding_dim, self.embeddings_initializer, mask_zero=mask_zero
        )
        self.position = PositionEmbedding(sequence_length, self.embeddings_initializer)
        self.noise = Dropout(dropout)

    def build(self, input_shape: Shape) -> None:
        self.token.ensure_built(input_shape)
        self.position.ensure_built(self.token.output_shape(input_shape))

    def forward(self, x: Tensor, start_index: int = 0) -> Tensor:
        """The vectors of the ids at the positions from `start_index` on."""
        vectors: Tensor = self.token(x)
        out: Tensor = self.noise(vectors + self.position(vectors, start_index=start_index))
        return out

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.token.output_shape(input_shape)
