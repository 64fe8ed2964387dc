"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from . import activations, initializers, regularizers, targets
from .attention import AdditiveAttention, Attention, scaled_dot_product_attention
from .convolution import Conv1D, Conv2D, DepthwiseConv2D, SeparableConv2D
from .dense import Dense
from .dropout import Dropout
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
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
    ZeroPadding2D,
)
from .position import (
    PositionEmbedding,
    RotaryEmbedding,
    SinePositionEncoding,
    TokenAndPositionEmbedding,
)
from .regularizers import L1, L1L2, L2
from .shaping import Activation, Flatten, Input, InputLayer, Reshape
from .transformer import TransformerDecoder, TransformerEncoder

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "LAYERS",
    "Activation",
    "AdditiveAttention",
    "Attention",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Embedding",
    "Flatten",
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
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "MultiHeadAttention",
    "Normalize",
    "PositionEmbedding",
    "RMSNormalization",
    "Reshape",
    "RotaryEmbedding",
    "SeparableConv2D",
    "SinePositionEncoding",
    "TokenAndPositionEmbedding",
    "TransformerDecoder",
    "TransformerEncoder",
    "ZeroPadding2D",
    "activations",
    "initializers",
    "register_layer",
    "regularizers",
    "scaled_dot_product_attention",
    "targets",
    "training_mode",
]
