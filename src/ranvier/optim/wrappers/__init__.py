"""Wrappers: what stands around an optimizer's rule, one thing each.

| file | what it holds |
|---|---|
| accumulation.py | Gradient accumulation: several batches for one step |
| averaging.py | Averages of the parameters: exponential (EMA) and equal (SWA) |
| clipping.py | Gradient clipping by value, by norm and by global norm |
| decay.py | Weight decay, decoupled or as an L2 penalty |
| loss_scale.py | A fixed loss scale |
| options.py | The wrappers that an optimizer's arguments ask for |
| wrapper.py | The contract: one step, what a wrapper may do to it, and which order makes sense |

An optimizer's arguments ask for wrappers in the usual order (`clipnorm=1.0`); `wrappers=[...]`
gives them in any other that makes sense:

>>> from ranvier.optim import SGD, wrappers
>>> optimizer = SGD(0.1, wrappers=[wrappers.Clipping(norm=1.0), wrappers.Accumulation(4)])
>>> SGD(0.1, wrappers=[wrappers.EqualAverage(), wrappers.Clipping(norm=1.0)])
Traceback (most recent call last):
ranvier.errors.ArgumentError: SGD: Clipping(norm=1.0) after EqualAverage(start=0, ...): the ...
"""

from __future__ import annotations

from .accumulation import Accumulation
from .averaging import Averaging, EqualAverage, ExponentialAverage
from .clipping import Clipping
from .decay import WeightDecay
from .loss_scale import LossScale
from .wrapper import Step, Wrapper

WRAPPERS: dict[str, type[Wrapper]] = {
    cls.__name__: cls
    for cls in (
        LossScale, Accumulation, Clipping, WeightDecay, ExponentialAverage, EqualAverage,
    )
}  # fmt: skip

__all__ = [
    "WRAPPERS",
    "Accumulation",
    "Averaging",
    "Clipping",
    "EqualAverage",
    "ExponentialAverage",
    "LossScale",
    "Step",
    "WeightDecay",
    "Wrapper",
]
