"""Optimizers, learning-rate schedules and gradient clipping.

| file | what it holds |
|---|---|
| accumulation.py | Gradient accumulation: several batches for one step |
| adam.py | Adam and its family |
| adaptive.py | Adagrad, Adadelta, RMSprop |
| arguments.py | What an optimizer's constructor is given, checked |
| averages.py | Exponential moving averages of the parameters |
| clip.py | Gradient clipping |
| decay.py | Weight decay |
| dynamic_scale.py | Loss scaling for float16 |
| groups.py | Parameters with options of their own |
| loss_scale.py | A fixed loss scale |
| optimizer.py | The optimizer: how parameters move along their gradients |
| schedules.py | Learning rates as functions of the step |
| sgd.py | Gradient descent, with and without momentum |
| transform.py | What stands around a rule: the base of clipping, accumulation, averages |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..base.missing import module_getattr
from ..errors import unknown_name
from ..nn.config import restore
from . import clip, schedules
from .adam import Adam, Adamax, AdamW, Nadam
from .adaptive import Adadelta, Adagrad, RMSprop
from .clip import clip_by_global_norm, clip_by_norm, clip_by_value
from .dynamic_scale import LossScaleOptimizer
from .optimizer import Optimizer
from .schedules import (
    Constant,
    CosineDecay,
    CosineDecayRestarts,
    Cyclic,
    ExponentialDecay,
    InverseSquareRoot,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    Schedule,
    Stages,
    StepDecay,
)
from .sgd import SGD, Momentum, Nesterov

OPTIMIZERS: dict[str, type[Optimizer]] = {
    cls.__name__: cls
    for cls in (
        SGD, Momentum, Nesterov, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Nadam,
    )
}  # fmt: skip
_NAMES = {name.lower(): cls for name, cls in OPTIMIZERS.items()}


def get(optimizer: Any) -> Optimizer:
    """An optimizer from a name (with its defaults), an Optimizer or its class, or a configuration.

    >>> get("adam")
    Adam(learning_rate=0.001)
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str) and optimizer.lower() in _NAMES:
        return _NAMES[optimizer.lower()]()
    if isinstance(optimizer, Mapping):
        config = dict(optimizer.get("config") or {})
        if "inner_optimizer" in config:
            return LossScaleOptimizer(get(config.pop("inner_optimizer")), **config)
        return restore("optimizer", optimizer, OPTIMIZERS)  # type: ignore[no-any-return]
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer()
    raise unknown_name("optimizer", optimizer, _NAMES)


__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Constant",
    "CosineDecay",
    "CosineDecayRestarts",
    "Cyclic",
    "ExponentialDecay",
    "InverseSquareRoot",
    "InverseTimeDecay",
    "LossScaleOptimizer",
    "Momentum",
    "Nadam",
    "Nesterov",
    "OneCycle",
    "Optimizer",
    "PiecewiseConstant",
    "PolynomialDecay",
    "RMSprop",
    "Schedule",
    "Stages",
    "StepDecay",
    "clip",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "get",
    "schedules",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
