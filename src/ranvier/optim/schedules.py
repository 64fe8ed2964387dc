"""Learning rates as functions of the number of steps taken.

A schedule is called with the step (0 for the first) and gives the rate, written in ops, so it is
part of the compiled step. `step` counts batches, not epochs: multiply by `steps_per_epoch` where
a tutorial counts epochs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, unknown_name
from ..nn.config import configuration, restore
from ..ops.elementwise import astype, cos, floor, greater, less, maximum, minimum, power, where
from ..ops.op import as_values


class Schedule(ABC):
    """Base: `schedule(step)` is the learning rate of that step, a float32 scalar."""

    def __call__(self, step: Any) -> Any:
        """The rate of step 0, 1, 2, ..."""
        (step,) = as_values(step)
        return self.at(astype(step, dtypes.float32))

    @abstractmethod
    def at(self, t: Any) -> Any:
        """The rate at step `t` (float32)."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return configuration(self)

    def __repr__(self) -> str:
        said = ", ".join(f"{k}={v}" for k, v in self.get_config().items() if v is not None)
        return f"{type(self).__name__}({said})"


SCHEDULES: dict[str, type[Schedule]] = {}


def restore_schedule(described: Mapping[str, Any]) -> Schedule:
    """A schedule from {"class", "config"}."""
    return restore("schedule", described, SCHEDULES)  # type: ignore[no-any-return]
