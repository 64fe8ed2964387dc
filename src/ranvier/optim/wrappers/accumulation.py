"""Gradient accumulation: several batches for one step."""

from __future__ import annotations

from collections.abc import Mapping

from ...ops.elementwise import equal, floor_divide, remainder, where
from ...tensors.tensor import Tensor
from ..arguments import at_least_1
from ..state import FirstValue
from .wrapper import Step, Wrapper


class Accumulation(Wrapper):
    """Parameters move at every n-th batch, along the mean of the n gradients.

        s <- s + g                  each batch
        g <- s / n,  s <- 0         at every n-th, where the step is due

    Args:
        batches: n.
    """

    kind = slot = "gradient_sum"

    def __init__(self, batches: int) -> None:
        self.batches = at_least_1("Accumulation", "batches", batches)

    def first_values(self, p: Tensor) -> Mapping[str, FirstValue]:
        return {self.slot: 0.0}

    def before(self, step: Step) -> None:
        n = self.batches
        due = step.due = equal(remainder(step.updates + 1, n), 0)
        means = []
        for p, g in zip(step.parameters, step.grads, strict=True):
            total = step.slots(p)[self.slot]
            new_total = total + g
            means.append(new_total / n)
            total.assign(where(due, 0.0, new_total))
        step.grads = means
        step.updates = floor_divide(step.updates, n)
