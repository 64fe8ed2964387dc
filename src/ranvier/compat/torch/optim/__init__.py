"""`torch.optim`: optimizers that take a list or generator of parameters, or a single tensor."""

from __future__ import annotations

from ...table import fill, names
from . import lr_scheduler, optimizers

__all__, __getattr__ = fill(
    globals(),
    "torch.optim",
    names(optimizers, "SGD Adadelta Adagrad Adam AdamW Adamax NAdam Optimizer RMSprop"),
    lr_scheduler=lr_scheduler,
)
