"""How a graph is run over batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from ..errors import IndexRangeError, RanvierError
from ..typing import Array


class BatchPlan(NamedTuple):
    """Which inputs of a graph `run_batches` fills.

    `streams` are the numbers of the inputs that hold rows, `batch` is how many rows each of them
    holds, and `count_input` the number of the float32 input that says how many of them are real
    (-1: there is none).
    """

    streams: tuple[int, ...] = ()
    batch: int = 0
    count_input: int = -1


class BatchRows:
    """The rows of one step of a plan, in this order; `total` rows of an epoch are real.

    A short batch is `filled` up to the size of the others, or has its own.
    """

    def __init__(
        self, plan: BatchPlan, order: Array, step: int, total: int, filled: bool = True
    ) -> None:
        self.plan = plan
        self.per_epoch = -(-total // plan.batch)
        self.epoch, self.number = divmod(step, self.per_epoch)
        self.real = min(plan.batch, total - self.number * plan.batch)
        first = step * plan.batch
        self.rows = order[first : first + (plan.batch if filled else self.real)]

    @property
    def ends_epoch(self) -> bool:
        """Whether it is the last batch of its epoch."""
        return self.number + 1 == self.per_epoch

    def arguments(self, arrays: Sequence[Array], streams: Mapping[int, Array]) -> list[Array]:
        """`arrays` with the rows of this batch, and how many of them are real."""
        arguments = list(arrays)
        for i in self.plan.streams:
            arguments[i] = streams[i][self.rows]
        if self.plan.count_input >= 0:
            arguments[self.plan.count_input] = np.asarray(self.real, np.float32)
        return arguments

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors inside say which batch it was."""
        try:
            yield
        except RanvierError as error:
            rows = error.row_of if isinstance(error, IndexRangeError) else {}
            at = rows.get(len(self.rows))
            row = "" if at is None else f"; its row {at} is row {self.rows[at]} of the data"
            error.add_note(f"in batch {self.number}, of which nothing was stored{row}")
            raise


ONCE = BatchPlan()  # run on whole arrays only
