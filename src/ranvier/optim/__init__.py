"""Optimizers, learning-rate schedules and gradient clipping."""

from __future__ import annotations

from . import clip, schedules
from .optimizer import Optimizer

__all__ = ["Optimizer", "clip", "schedules"]
