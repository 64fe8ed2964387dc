"""`keras.saving`."""

from __future__ import annotations

from ...names import module_getattr
from .models import load_model, save_model
from .utils import register_keras_serializable

__all__ = ["load_model", "register_keras_serializable", "save_model"]

__getattr__ = module_getattr("keras.saving", globals())
