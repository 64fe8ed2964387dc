"""Schedules: numbers that follow the count of steps, as learning rates do.

The curves themselves are in optim/schedules/. Layers take them too: a dropout rate may follow
one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from .. import dtypes
from ..base.missing import PACKAGE
from ..ops.elementwise import astype
from ..ops.op import as_values
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched
from ..typing import TensorLike
from .configuration import Registry, configuration, restore


class Schedule(Watched, ABC):
    """Base: `schedule(step)` is the number of that step, a float32 scalar.

    Of a float64 step it is float64: an optimizer asks so when its parameters are float64.
    """

    def __call__(self, step: TensorLike) -> Tensor:
        """The number of step 0, 1, 2, ..."""
        (t,) = as_values(step)
        kind = dtypes.float64 if t.dtype == dtypes.float64 else dtypes.float32
        return self.at(astype(t, kind))

    @abstractmethod
    def at(self, t: Tensor) -> Tensor:
        """The number at step `t` (float32 or float64), in its dtype."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return configuration(self)

    def __repr__(self) -> str:
        options = [f"{k}={v}" for k, v in self.get_config().items() if v is not None]
        return f"{type(self).__name__}({', '.join(options)})"


# The closed registry: every schedule that a file may name.
SCHEDULES = Registry(more=(f"{PACKAGE}.optim.schedules",))


def restore_schedule(described: Mapping[str, Any]) -> Schedule:
    """A schedule from {"class", "config"}."""
    schedule: Schedule = restore("schedule", described, SCHEDULES)
    return schedule
