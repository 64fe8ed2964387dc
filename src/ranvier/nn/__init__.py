"""Layers, activations, initializers and regularizers."""

from __future__ import annotations

from . import initializers, regularizers
from .layer import LAYERS, Layer, register_layer, training_mode

__all__ = ["LAYERS", "Layer", "initializers", "register_layer", "regularizers", "training_mode"]
