"""The learning rate of an optimizer: a number or a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from .. import dtypes
from ..base.arguments import number
from ..errors import ArgumentError, unknown_name
from ..ops.elementwise import astype
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched
from ..typing import DType
from .schedules import SCHEDULES, Schedule, restore_schedule

# A number, a schedule, or a schedule's configuration.
LearningRate: TypeAlias = float | Tensor | Schedule | Mapping[str, Any]
# A number, a schedule, its configuration, or None for no decay.
DecayStrength: TypeAlias = float | Schedule | Mapping[str, Any] | None


class Rate(Watched):
    """A learning rate, in the precision of its optimizer.

    A number is kept in a tensor, so that another one compiles nothing again.
    """

    _unwatched = frozenset({"number"})

    def __init__(self, owner: str, value: LearningRate, precision: DType) -> None:
        self.owner, self.precision = owner, precision
        self.number = 0.0  # as it was written, with all its digits
        self.value: Tensor | Schedule = self._made(value)

    def set(self, value: LearningRate) -> None:
        """Another rate from now on."""
        rate = self._made(value)
        if isinstance(rate, Tensor) and isinstance(self.value, Tensor):
            self.value.assign(rate)
        else:
            self.value = rate

    def widen(self) -> None:
        """In float64 from now on."""
        self.precision = dtypes.float64
        if isinstance(self.value, Tensor):
            held = self.value._array().item()
            exact = self.number if np.float32(self.number) == held else held
            self.value = Tensor(exact, self.precision, name="learning_rate")

    def at(self, iterations: Tensor) -> Tensor:
        """The rate of the step after so many."""
        if not isinstance(self.value, Schedule):
            return self.value
        step: Tensor = iterations
        if self.precision == dtypes.float64:
            step = astype(step, self.precision)
        rate: Tensor = astype(self.value(step), self.precision)
        return rate

    def get_config(self) -> float | dict[str, Any]:
        """The rate as JSON-able data."""
        if isinstance(self.value, Schedule):
            return {"class": type(self.value).__name__, "config": self.value.get_config()}
        return float(str(self.value.numpy()))

    def _made(self, value: LearningRate) -> Tensor | Schedule:
        if isinstance(value, Mapping):
            value = restore_schedule(value)
        if isinstance(value, Schedule):
            return value
        if isinstance(value, str):
            raise unknown_name("schedule", value, SCHEDULES)
        number = float(value)
        if not 0 <= number < float("inf"):
            raise ArgumentError(
                f"{self.owner}: learning_rate={value!r}; expected a number of at least 0, "
                "such as 0.001, or a schedule"
            )
        self.number = number
        return Tensor(number, self.precision, name="learning_rate")

    def __repr__(self) -> str:
        return repr(self.value) if isinstance(self.value, Schedule) else f"{self.value.item():g}"


def decay_strength(owner: str, value: DecayStrength) -> float | Schedule | None:
    """A weight decay as an option of an optimizer; ArgumentError for what is none."""
    if isinstance(value, Mapping):
        value = restore_schedule(value)
    if value is None or isinstance(value, Schedule):
        return value
    return number(owner, "weight_decay", value, 0)


class Rated:
    """The part of an optimizer that knows its learning rate."""

    rate_in_use: Rate
    iterations: Tensor

    @property
    def learning_rate(self) -> Any:
        """A scalar tensor or the schedule. Set it to a number at any time between steps."""
        return self.rate_in_use.value

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.rate_in_use.set(value)

    lr = learning_rate

    def current_rate(self) -> Tensor:
        """The learning rate of the next step."""
        return self.rate_in_use.at(self.iterations)
