"""Optimizers, learning-rate schedules and gradient clipping.

| file | what it holds |
|---|---|
| arguments.py | What an optimizer's constructor takes, checked |
| clip.py | Gradient clipping, as functions |
| dynamic_scale.py | Loss scaling for float16 |
| forms.py | Forms of formulas that stand under PyTorch's names |
| groups.py | Parameters with options of their own |
| optimizer.py | The contract: a rule, and what stands around it |
| rates.py | The learning rate: a number or a schedule |
| rules/ | the formulas, one class for each optimizer |
| schedules/ | learning rates as functions of the step |
| state.py | What an optimizer remembers, and its names in a file |
| wrappers/ | clipping, accumulation, decay, averages and loss scale around a rule |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..base.missing import answered, module_getattr, saved_arguments
from ..errors import unknown_name
from ..nn.configuration import restore
from . import clip, schedules, wrappers
from .clip import clip_by_global_norm, clip_by_norm, clip_by_value
from .dynamic_scale import LossScaleOptimizer
from .forms import FORMS, NAMES_OF_FORMS, without_flags
from .optimizer import Optimizer
from .rules import *  # noqa: F403  # every optimizer
from .rules import OPTIMIZERS
from .schedules import (
    Constant,
    CosineDecay,
    CosineDecayRestarts,
    CosLog4,
    Cyclic,
    ExponentialDecay,
    FlatCos,
    InverseSquareRoot,
    InverseTimeDecay,
    OneCycle,
    PiecewiseConstant,
    PolynomialDecay,
    Schedule,
    Stages,
    StepDecay,
)


@answered
def get(optimizer: str | Optimizer | type[Optimizer] | Mapping[str, Any]) -> Optimizer:
    """An optimizer from a name (with its defaults), an Optimizer or its class, or a configuration.

    >>> get("adam")
    Adam(learning_rate=0.001)
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    names = {name.lower(): cls for name, cls in OPTIMIZERS.items()}
    if isinstance(optimizer, str) and optimizer.lower() in names:
        return names[optimizer.lower()]()
    if isinstance(optimizer, Mapping):
        return _restored(optimizer)
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer()
    raise unknown_name("optimizer", optimizer, names)


def _restored(described: Mapping[str, Any]) -> Optimizer:
    """The optimizer that a configuration describes; files of earlier versions have flags in it."""
    config = dict(described.get("config") or {})
    if "inner_optimizer" in config:
        inner = get(config.pop("inner_optimizer"))
        return LossScaleOptimizer(inner, **saved_arguments(LossScaleOptimizer, config))
    described = without_flags(described)
    classes = FORMS if described.get("class") in NAMES_OF_FORMS else OPTIMIZERS
    restored: Optimizer = restore("optimizer", described, classes)
    return restored


__all__ = [
    "OPTIMIZERS",
    "Constant",
    "CosLog4",
    "CosineDecay",
    "CosineDecayRestarts",
    "Cyclic",
    "ExponentialDecay",
    "FlatCos",
    "InverseSquareRoot",
    "InverseTimeDecay",
    "LossScaleOptimizer",
    "OneCycle",
    "Optimizer",
    "PiecewiseConstant",
    "PolynomialDecay",
    "Schedule",
    "Stages",
    "StepDecay",
    "clip",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "get",
    "schedules",
    "wrappers",
]
__all__ += list(OPTIMIZERS)

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
