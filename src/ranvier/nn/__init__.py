"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from . import activations, initializers, regularizers, targets
from .dense import Dense
from .dropout import Dropout
from .layer import LAYERS, Layer, register_layer, training_mode
from .normalize import Normalize
from .regularizers import L1, L1L2, L2
from .shaping import Activation, Flatten, Input, InputLayer, Reshape

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "LAYERS",
    "Activation",
    "Dense",
    "Dropout",
    "Flatten",
    "Input",
    "InputLayer",
    "Layer",
    "Normalize",
    "Reshape",
    "activations",
    "initializers",
    "register_layer",
    "regularizers",
    "targets",
    "training_mode",
]
