"""`keras.datasets`: files from `RANVIER_DATA` or the cache."""

from __future__ import annotations

from ....names import module_getattr
from . import mnist

__all__ = ["mnist"]

__getattr__ = module_getattr("keras.datasets", globals())
