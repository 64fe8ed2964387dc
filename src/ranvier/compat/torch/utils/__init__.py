"""`torch.utils`: data."""

from __future__ import annotations

from ...table import fill
from . import data

__all__, __getattr__ = fill(globals(), "torch.utils", data=data)
