"""Averages of the parameters over the steps: exponential moving averages (EMA)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..ops.creation import full
from ..ops.elementwise import equal, remainder, where
from ..tensors.tensor import Tensor
from .transform import FirstValue, Step, Transform


@dataclass(frozen=True)
class Averaging(Transform):
    """average <- momentum average + (1 - momentum) w, after each batch: Polyak & Juditsky 1992.

    At the first step the averages are the parameters themselves. Every `overwrite_frequency`-th
    step puts them into the parameters.
    """

    momentum: float
    overwrite_frequency: int | None = None

    slot = "average"

    def first_values(self, p: Tensor) -> Mapping[str, FirstValue]:
        return {self.slot: p._array()}

    def after(self, step: Step) -> None:
        first = equal(step.updates, 0)
        for p in step.parameters:
            average = step.slots(p)[self.slot]
            momentum = where(first, 0.0, full((), self.momentum, average.dtype))
            average.assign(momentum * average + (1.0 - momentum) * p)
            if self.overwrite_frequency:
                overwrites = equal(remainder(step.updates + 1, self.overwrite_frequency), 0)
                p.assign(where(overwrites, average, p))


def exchange(pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Parameters and their averages change places."""
    for p, average in pairs:
        values = p.numpy().copy()
        p.assign(average)
        average.assign(values)
