"""`keras.optimizers.schedules`."""

from __future__ import annotations

from .....optim.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    PolynomialDecay,
)
from .....optim.schedules import PiecewiseConstant as PiecewiseConstantDecay
from .....optim.schedules import Schedule as LearningRateSchedule
from ....names import module_getattr

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
]

__getattr__ = module_getattr("keras.optimizers.schedules", globals())
