"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from . import activations, initializers, regularizers, targets
from .activation_layers import (
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
)
from .attention import AdditiveAttention, Attention, scaled_dot_product_attention
from .convolution import Conv1D, Conv2D, DepthwiseConv2D, SeparableConv2D
from .dense import Dense
from .dropout import (
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from .embedding import Embedding, Masking
from .layer import LAYERS, Layer, register_layer, training_mode
from .multihead import GroupedQueryAttention, MultiHeadAttention
from .norm import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
)
from .normalize import Normalize
from .pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from .position import (
    PositionEmbedding,
    RotaryEmbedding,
    SinePositionEncoding,
    TokenAndPositionEmbedding,
)
from .regularizers import L1, L1L2, L2
from .resizing import (
    Cropping1D,
    Cropping2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from .shaping import Activation, Flatten, Input, InputLayer, Reshape
from .transformer import TransformerDecoder, TransformerEncoder
from .transposed import (
    Conv1DTranspose,
    Conv2DTranspose,
)

__all__ = [
    "ELU",
    "L1",
    "L1L2",
    "L2",
    "LAYERS",
    "Activation",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "GroupedQueryAttention",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "MultiHeadAttention",
    "Normalize",
    "PReLU",
    "PositionEmbedding",
    "RMSNormalization",
    "ReLU",
    "Reshape",
    "RotaryEmbedding",
    "SeparableConv2D",
    "SinePositionEncoding",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "TokenAndPositionEmbedding",
    "TransformerDecoder",
    "TransformerEncoder",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "activations",
    "initializers",
    "register_layer",
    "regularizers",
    "scaled_dot_product_attention",
    "targets",
    "training_mode",
]
