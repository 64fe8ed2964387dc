"""`torch.optim`: optimizers that take a list or generator of parameters, or a single tensor."""

from __future__ import annotations

from ...table import missing, module_getattr
from . import lr_scheduler
from .optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, Optimizer, RMSprop

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RMSprop",
    "lr_scheduler",
]

__getattr__ = module_getattr("torch.optim", globals(), missing)
