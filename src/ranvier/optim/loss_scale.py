"""A fixed loss scale: gradients of a multiple of the loss."""

from __future__ import annotations

from dataclasses import dataclass

from .transform import Step, Transform


@dataclass(frozen=True)
class LossScale(Transform):
    """g <- g / factor, where g is the gradient of factor times the loss."""

    factor: float

    def before(self, step: Step) -> None:
        step.grads = [g / self.factor for g in step.grads]
