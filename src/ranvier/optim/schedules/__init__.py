"""Learning rates as functions of the number of steps taken.

| file | what it holds |
|---|---|
| checks.py | Checks of what a schedule is given |
| cosine.py | Cosine curves: half a wave, waves with restarts, waves whose length may change |
| cycles.py | Up and down again: one cycle, and cycles one after another |
| decay.py | Smooth decay: exponential, inverse, polynomial, after a warm-up |
| stages.py | Constant rates, rates in steps, and one schedule after another |

A schedule is called with the step (0 for the first) and gives the rate, written in ops, so it is
part of the compiled step. Steps are batches, not epochs: multiply by the batches in an epoch
where a tutorial counts epochs.

>>> schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
>>> [round(schedule(step).item(), 4) for step in (0, 10, 20)]
[0.1, 0.05, 0.025]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.missing import module_getattr
from ...nn.schedule import SCHEDULES, Schedule, restore_schedule
from .cosine import CosineDecay, CosineDecayRestarts, CosLog4, FlatCos
from .cycles import Cyclic, OneCycle
from .decay import ExponentialDecay, InverseSquareRoot, InverseTimeDecay, PolynomialDecay
from .stages import Constant, PiecewiseConstant, Stages, StepDecay

SCHEDULES.update({
    cls.__name__: cls
    for cls in (
        Constant, StepDecay, PiecewiseConstant, ExponentialDecay, InverseTimeDecay, PolynomialDecay,
        CosineDecay, CosineDecayRestarts, OneCycle, Cyclic, InverseSquareRoot, CosLog4, FlatCos,
        Stages,
    )
})  # fmt: skip

__all__ = [
    "SCHEDULES",
    "Constant",
    "CosLog4",
    "CosineDecay",
    "CosineDecayRestarts",
    "Cyclic",
    "ExponentialDecay",
    "FlatCos",
    "InverseSquareRoot",
    "InverseTimeDecay",
    "OneCycle",
    "PiecewiseConstant",
    "PolynomialDecay",
    "Schedule",
    "Stages",
    "StepDecay",
    "restore_schedule",
]


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
