"""The last, short batch: filled up with other rows, or compiled for its own number of rows.

A step is compiled for one size of batch. Rows that fill up a short one cost no second graph, but
they must be seen by nobody. Whether they are, the step's own graph says, traced once for any number
of rows (ops/rows):

    x - mean(x, axis=1)     goes row by row: filled up
    BatchNormalization      looks across rows, and counts those that are real: filled up
    x - mean(x, axis=0)     mixes rows: the short batch gets a step of its own
    len(x), in Python       needs the number while it is traced, so nothing is known: the same
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from ...base.locks import computed_once
from ...graph.sizes import ROWS
from ...ops.rows import RowFlow
from ...tracing.trace import trace
from ...typing import Array, DType, Shape

MAX_SIZES = 8  # of short batches that a step keeps steps for
NO_COUNT = np.zeros((), np.float32)  # stands where the number of real rows is put


def can_be_filled(
    function: Callable[..., Any], specs: Sequence[tuple[Shape, DType]], names: Sequence[str]
) -> bool:
    """Whether rows that fill up a batch of `function` are seen by nobody.

    All arguments hold rows, but for a last one called "count". What a function without it returns
    must go row by row; of any function nothing outside may be changed by those rows.
    """
    counted = names[-1] == "count"
    any_rows = [((ROWS, *shape[1:]) if shape else shape, dtype) for shape, dtype in specs]
    try:
        graph = trace(function, any_rows, names)[0].graph
    except Exception:  # NOTE: the user's code runs here too, and may ask for the number
        return False
    *streams, last = graph.inputs[: len(specs)]
    flow = RowFlow(graph, streams if counted else [*streams, last], last if counted else None)
    seen = flow.is_known if counted else flow.by_row
    return all(map(seen, graph.outputs)) and all(map(flow.unmoved, graph.updates.values()))


class Sized(ABC):
    """A step that is compiled for one size of batch, and knows what to do with a short one.

    `watched` is the part of its function that may mix rows.
    """

    batch: int
    specs: Sequence[tuple[Shape, DType]]
    names: Sequence[str]
    watched: Callable[..., Any]

    @abstractmethod
    def again(self, specs: Sequence[tuple[Shape, DType]]) -> Self:
        """The same step for other specs."""

    @abstractmethod
    def holds(self) -> bool:
        """Whether it is still what tracing it again would give."""

    @computed_once
    def fills(self) -> bool:
        """Whether a short batch may be filled up with other rows."""
        return can_be_filled(self.watched, self.specs, self.names)

    @computed_once
    def _shorter(self) -> dict[int, Self]:
        return {}

    def for_rows(self, rows: int) -> Self:
        """The step that runs a batch of so many rows."""
        if rows == self.batch or self.fills:
            return self
        step = self._shorter.get(rows)
        if step is None or not step.holds():
            if len(self._shorter) >= MAX_SIZES:
                self._shorter.pop(next(iter(self._shorter)))
            step = self.again(
                [((rows, *shape[1:]) if shape else shape, dtype) for shape, dtype in self.specs]
            )
            self._shorter[rows] = step
        return step

    def splits(self, total: int, first: int, last: int) -> bool:
        """Whether the steps `first` to `last - 1` over so many rows in an epoch have a short batch
        that needs a step of its own.
        """
        if not total % self.batch or self.fills:
            return False
        per_epoch = -(-total // self.batch)
        return first // per_epoch < last // per_epoch

    def to_the_row(
        self,
        total: int,
        first: int,
        last: int,
        whole: Callable[[int, int], None],
        short: Callable[[int], None],
        sums: Array | None,
        log: Array | None,
    ) -> None:
        """Those steps: `whole` runs those from one to another, `short` the last one of an epoch."""
        per_epoch = -(-total // self.batch)
        while first < last:
            epoch = first // per_epoch
            end = (epoch + 1) * per_epoch - 1
            if first < end:
                whole(first, min(end, last))
            if end < last:
                short(end)
                if log is not None and sums is not None:
                    log[epoch] = sums
                    sums[...] = 0
            first = end + 1
