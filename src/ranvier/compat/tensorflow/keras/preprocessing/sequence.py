"""`keras.preprocessing.sequence`."""

from __future__ import annotations

from .....data import pad_sequences
from ....names import module_getattr

__all__ = ["pad_sequences"]

__getattr__ = module_getattr("keras.preprocessing.sequence", globals())
