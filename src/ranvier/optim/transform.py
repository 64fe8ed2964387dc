"""Gradient transforms: what stands around an optimizer's rule, one thing each.

A step goes through them in this order (`Optimizer.transforms`):

    LossScale       g / loss_scale_factor                        scale.py
    Accumulation    the mean of n gradients; due every n-th      accumulation.py
    Clipping        shorter gradients                            clip.py
    (the rule)      w, g, slots -> new w, new slots              of each group; decay.py before it
    Averaging       moving averages of the new parameters        averages.py

A transform is made of the optimizer's arguments anew for each step; what it remembers is in slots,
beside those of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from ..ops.elementwise import where
from ..tensors.tensor import Tensor

Slots: TypeAlias = dict[str, Tensor]
FirstValue: TypeAlias = "float | np.ndarray"


@dataclass
class Step:
    """One step on its way through the transforms."""

    parameters: list[Tensor]
    grads: list[Tensor]
    slots: Callable[[Tensor], Slots]  # of a parameter
    updates: Tensor  # how many steps the parameters have taken
    due: Tensor | None = None  # whether the parameters move; None: yes

    def move(self, t: Tensor, new: Tensor, old: Tensor) -> None:
        """`new` into t if the step is due, else `old`."""
        t.assign(new if self.due is None else where(self.due, new, old))


class Transform:
    """Base: does nothing."""

    slot: ClassVar[str] = ""  # the name of its slot

    def first_values(self, p: Tensor) -> Mapping[str, FirstValue]:
        """What its slots of the parameter p hold before the first step."""
        return {}

    def before(self, step: Step) -> None:
        """Change the gradients, or whether the step is due."""

    def after(self, step: Step) -> None:
        """The parameters have moved."""
