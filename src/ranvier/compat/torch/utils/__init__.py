"""`torch.utils`: data."""

from __future__ import annotations

from ...table import missing, module_getattr
from . import data

__all__ = ["data"]

__getattr__ = module_getattr("torch.utils", globals(), missing)
