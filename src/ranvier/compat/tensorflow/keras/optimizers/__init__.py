"""`keras.optimizers`: Ranvier's have Keras' arguments and defaults already."""

from __future__ import annotations

from .....optim import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    LossScaleOptimizer,
    Nadam,
    Optimizer,
    RMSprop,
    get,
)
from ....names import module_getattr
from . import schedules

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LossScaleOptimizer",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "get",
    "schedules",
]

__getattr__ = module_getattr("keras.optimizers", globals())
