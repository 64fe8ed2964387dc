"""Gradient clipping by value, by norm and by global norm."""

from __future__ import annotations

from ..arguments import at_least_0, at_most_one
from ..clip import clip_by_global_norm, clip_by_norm, clip_by_value
from .wrapper import Step, Wrapper


class Clipping(Wrapper):
    """One of three on the gradients of each step; see `ranvier.optim.clip`.

    Args:
        norm: longest gradient of a single parameter.
        global_norm: longest gradient of all parameters together.
        value: largest element of a gradient.
    """

    reads_size = True

    def __init__(
        self,
        norm: float | None = None,
        global_norm: float | None = None,
        value: float | None = None,
    ) -> None:
        self.norm = at_least_0("Clipping", "norm", norm)
        self.global_norm = at_least_0("Clipping", "global_norm", global_norm)
        self.value = at_least_0("Clipping", "value", value)
        at_most_one("Clipping", norm=norm, global_norm=global_norm, value=value)

    def before(self, step: Step) -> None:
        if self.value is not None:
            step.grads = clip_by_value(step.grads, self.value)
        elif self.norm is not None:
            step.grads = clip_by_norm(step.grads, self.norm)
        elif self.global_norm is not None:
            step.grads = clip_by_global_norm(step.grads, self.global_norm)
