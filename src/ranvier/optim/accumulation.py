"""Gradient accumulation: several batches for one step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ops.elementwise import equal, floor_divide, remainder, where
from ..tensors.tensor import Tensor
from .transform import FirstValue, Step, Transform


@dataclass(frozen=True)
class Accumulation(Transform):
    """Parameters move at every n-th batch, along the mean of the n gradients."""

    batches: int

    slot = "gradient_sum"

    def first_values(self, p: Tensor) -> Mapping[str, FirstValue]:
        return {self.slot: 0.0}

    def before(self, step: Step) -> None:
        n = self.batches
        due = step.due = equal(remainder(step.updates + 1, n), 0)
        means = []
        for p, g in zip(step.parameters, step.grads, strict=True):
            total = step.slots(p)[self.slot]
            so_far = total + g
            means.append(so_far / n)
            total.assign(where(due, 0.0, so_far))
        step.grads = means
        step.updates = floor_divide(step.updates, n)
