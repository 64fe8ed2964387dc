"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr
from . import (
    activations,
    initializers,
    regularizers,
    targets,
)
from .augmentation.geometry import (
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from .augmentation.mix import CutMix, Mixup
from .augmentation.preparing import CenterCrop, Rescaling, Resizing
from .augmentation.values import RandomBrightness, RandomContrast, RandomErasing
from .basic.activation_layers import (
    ELU,
    LeakyReLU,
    PReLU,
    ReLU,
    Softmax,
)
from .basic.dense import Dense
from .basic.dropout import (
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)
from .basic.embedding import Embedding, Masking
from .basic.merging import (
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
from .basic.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
)
from .basic.normalize import Normalize
from .basic.shaping import (
    Activation,
    Flatten,
    Input,
    InputLayer,
    Permute,
    RepeatVector,
    Reshape,
)
from .images.convolution import (
    Conv1D,
    Conv2D,
    DepthwiseConv2D,
    SeparableConv2D,
)
from .images.pooling import (
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
from .images.resizing import (
    Cropping1D,
    Cropping2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from .images.transposed import Conv1DTranspose, Conv2DTranspose
from .layer import (
    LAYERS,
    Layer,
    register_layer,
    training_mode,
)
from .regularizers import L1, L1L2, L2
from .sequences.attention import AdditiveAttention, Attention, scaled_dot_product_attention
from .sequences.cells import GRUCell, LSTMCell, SimpleRNNCell
from .sequences.multihead import GroupedQueryAttention, MultiHeadAttention
from .sequences.position import (
    PositionEmbedding,
    RotaryEmbedding,
    SinePositionEncoding,
    TokenAndPositionEmbedding,
)
from .sequences.recurrent import (
    GRU,
    LSTM,
    RNN,
    SimpleRNN,
    StackedRNNCells,
)
from .sequences.transformer import TransformerDecoder, TransformerEncoder
from .sequences.wrappers import Bidirectional, TimeDistributed

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
