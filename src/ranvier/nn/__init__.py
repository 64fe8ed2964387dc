"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from . import activations, initializers, regularizers, targets
from .convolution import Conv1D, Conv2D, DepthwiseConv2D, SeparableConv2D
from .dense import Dense
from .dropout import Dropout
from .layer import LAYERS, Layer, register_layer, training_mode
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
from .regularizers import L1, L1L2, L2
from .shaping import Activation, Flatten, Input, InputLayer, Reshape

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "LAYERS",
    "Activation",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GroupNormalization",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "MaxPooling1D",
    "MaxPooling2D",
    "Normalize",
    "RMSNormalization",
    "Reshape",
    "SeparableConv2D",
    "ZeroPadding2D",
    "activations",
    "initializers",
    "register_layer",
    "regularizers",
    "targets",
    "training_mode",
]
