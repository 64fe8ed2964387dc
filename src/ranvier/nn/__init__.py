"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..missing import module_getattr
from . import activations, initializers, regularizers, targets
from .activation_layers import (
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
)
from .attention import AdditiveAttention, Attention, scaled_dot_product_attention
from .augment import RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from .augment_values import RandomBrightness, RandomContrast, RandomErasing
from .cells import GRUCell, LSTMCell, SimpleRNNCell
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
from .merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .mix import CutMix, Mixup
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
from .preparing import CenterCrop, Rescaling, Resizing
from .recurrent import GRU, LSTM, RNN, SimpleRNN, StackedRNNCells
from .regularizers import L1, L1L2, L2
from .resizing import (
    Cropping1D,
    Cropping2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from .shaping import (
    Activation,
    Flatten,
    Input,
    InputLayer,
    Permute,
    RepeatVector,
    Reshape,
)
from .transformer import TransformerDecoder, TransformerEncoder
from .transposed import (
    Conv1DTranspose,
    Conv2DTranspose,
)
from .wrappers import Bidirectional, TimeDistributed

__all__ = [
    "ELU",
    "GRU",
    "L1",
    "L1L2",
    "L2",
    "LAYERS",
    "LSTM",
    "RNN",
    "Activation",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "Add",
    "AdditiveAttention",
    "AlphaDropout",
    "Attention",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Bidirectional",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Cropping1D",
    "Cropping2D",
    "CutMix",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GRUCell",
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
    "LSTMCell",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Mixup",
    "MultiHeadAttention",
    "Multiply",
    "Normalize",
    "PReLU",
    "Permute",
    "PositionEmbedding",
    "RMSNormalization",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "RotaryEmbedding",
    "SeparableConv2D",
    "SimpleRNN",
    "SimpleRNNCell",
    "SinePositionEncoding",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "StackedRNNCells",
    "Subtract",
    "TimeDistributed",
    "TokenAndPositionEmbedding",
    "TransformerDecoder",
    "TransformerEncoder",
    "UpSampling1D",
    "UpSampling2D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "activations",
    "add",
    "average",
    "concatenate",
    "dot",
    "initializers",
    "maximum",
    "minimum",
    "multiply",
    "register_layer",
    "regularizers",
    "scaled_dot_product_attention",
    "subtract",
    "targets",
    "training_mode",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
