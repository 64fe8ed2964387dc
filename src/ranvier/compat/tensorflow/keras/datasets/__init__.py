"""`keras.datasets`: files from `RANVIER_DATA`, the cache or a mirror."""

from __future__ import annotations

from ....names import module_getattr
from . import california_housing, mnist

__all__ = ["california_housing", "mnist"]

__getattr__ = module_getattr("keras.datasets", globals())
