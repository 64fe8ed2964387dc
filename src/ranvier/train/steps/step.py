"""A step: a function of arrays traced into one graph and kept ready to run.

A graph has a fixed number of rows, the batch size B. The last short batch of an epoch uses the same
graph: it is filled up with any other rows, and `count` says how many rows are real. Where the model
mixes rows, it has a graph of its own (short_batch.py). What is computed: step_functions.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...base.locks import computed_once
from ...executors import BatchPlan, Executable, RowRunner, executor
from ...executors.reference import loop_over_batches
from ...graph.batch_plan import BatchRows
from ...nn.symbolic import numbered
from ...tracing.trace import Traced, trace
from ...typing import Array, DType, Shape
from .ids import ids_of
from .short_batch import NO_COUNT, Sized

_WAKE = 0.1  # seconds between two looks of Python at a training

Specs = Sequence[tuple[Shape, DType]]


class Pace:
    """How many steps make a stretch."""

    def __init__(self) -> None:
        self.seconds_per_step = 0.0

    def steps(self, left: int) -> int:
        """Steps for the next stretch: first one, then as many as take a tenth of a second."""
        if not self.seconds_per_step:
            return 1
        return max(1, min(left, int(_WAKE / self.seconds_per_step)))

    def took(self, steps: int, seconds: float) -> None:
        """Learn from the last stretch."""
        self.seconds_per_step = max(seconds, 1e-9) / steps


@dataclass(frozen=True)
class Untouched:
    """What training leaves as it is, though its user may expect otherwise."""

    outside: tuple[Shape, ...] = ()  # of parameters that it uses and the model does not hold
    all_frozen: bool = False  # the model has weights, and none may change
    without_weights: bool = False  # it has none


class Step(Sized):
    """One function of arrays, traced and ready to run; the tensors it reads and changes are found
    by the trace.

    When the last argument is called "count" the others hold rows, and the step can run over batches
    of them. `watched` is the part of the function that may mix rows, by default all of it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        specs: Specs,
        names: Sequence[str],
        engine: str,
        watched: Callable[..., Any] | None = None,
    ) -> None:
        began = time.perf_counter()
        self.function, self.specs, self.names, self.engine = function, specs, names, engine
        self.watched = watched or function
        self._prepared: set[int] = set()  # numbers of rows
        self.traced: Traced
        self.traced, returned = trace(function, specs, names)
        self.validity = self.traced.validity
        self.untouched = Untouched()  # by a step of training
        self.structure = numbered(returned)  # of the outputs: 0 for a single tensor
        self.batch = specs[0][0][0]
        count = len(specs) - 1 if names[-1] == "count" else -1
        self.plan = BatchPlan(tuple(range(max(count, 0))), self.batch, count)
        self.ids = ids_of(self.traced, self.batch, len(specs) if count < 0 else count)
        self.seconds = time.perf_counter() - began
        self.pace = Pace()

    @computed_once
    def executable(self) -> Executable:
        """The graph, ready to run."""
        return executor(self.engine).build(self.traced.graph, self.plan)

    @computed_once
    def row_runner(self) -> RowRunner | None:
        """What runs any number of rows batch by batch, if the graph has the form for it."""
        return self.executable.row_runner()

    def again(self, specs: Specs) -> Step:
        """The same step for other specs."""
        return Step(self.function, specs, self.names, self.engine)

    def prepare(self, total: int) -> float:
        """Build what runs so many rows; the seconds that it took."""
        if total in self._prepared:
            return 0.0
        began = time.perf_counter()
        short = total % self.batch
        last = self.for_rows(short) if short else self
        if total >= self.batch:
            self.executable  # noqa: B018  (is built)
        last.executable  # noqa: B018
        self._prepared.add(total)
        return time.perf_counter() - began

    def holds(self) -> bool:
        """Whether it is still what tracing it again would give."""
        return self.validity.holds()

    def check_ids(self, arrays: Sequence[np.ndarray]) -> None:
        """DataError when rows hold an id that is outside the table of an Embedding."""
        if self.ids is not None:
            self.ids(arrays)

    def state(self) -> list[np.ndarray]:
        """The arrays of all tensors the graph reads or changes, in the graph's order."""
        return [t._array() for t in self.traced.captured]

    def state_for(self, other: Step, state: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The arrays of `state`, which is one of this step, in the order of the other's graph."""
        known = {id(t): array for t, array in zip(self.traced.captured, state, strict=True)}
        return [known[id(t)] if id(t) in known else t._array() for t in other.traced.captured]

    def run(self, arguments: Sequence[Array], state: Sequence[Array]) -> list[Array]:
        """The outputs for these arguments."""
        return self.executable.run([*arguments, *state])

    def run_batches(
        self,
        rows: Sequence[np.ndarray],
        order: np.ndarray,
        first: int,
        last: int,
        sums: np.ndarray | None = None,
        log: np.ndarray | None = None,
        state: Sequence[np.ndarray] | None = None,
        keep: Callable[[Sequence[np.ndarray]], None] | None = None,
    ) -> None:
        """The steps `first` to `last - 1` over batches of `rows` in this order, of one epoch or
        several; on `state`, or on the tensors themselves.

        With `log` the array `sums` goes into a row of it at the end of each epoch, and back to 0.
        With `keep`, that is called with the outputs of each step.
        """
        state = self.state() if state is None else state
        total = len(rows[0])
        if total % self.batch and not self.fills and self.splits(total, first, last):
            self.to_the_row(
                total,
                first,
                last,
                lambda i, j: self.run_batches(rows, order, i, j, None, None, state, keep),
                lambda i: self._run_short(rows, order, i, state, keep),
                sums,
                log,
            )
            return
        arrays = [*rows, NO_COUNT, *state]
        streams = dict(enumerate(rows))
        if keep is None:
            self.executable.run_batches(arrays, streams, order, first, last, total, sums, log)
            return

        def kept(arguments: Sequence[np.ndarray]) -> None:
            keep(self.executable.run(arguments))

        loop_over_batches(kept, self.plan, arrays, streams, order, first, last, total, sums, log)

    def _run_short(
        self,
        rows: Sequence[np.ndarray],
        order: np.ndarray,
        number: int,
        state: Sequence[np.ndarray],
        keep: Callable[[Sequence[np.ndarray]], None] | None,
    ) -> None:
        """Step `number`, whose batch is a short one, by a step for just as many rows."""
        batch = BatchRows(self.plan, order, number, len(rows[0]), filled=False)
        short = self.for_rows(batch.real)
        arrays = [*rows, NO_COUNT, *self.state_for(short, state)]
        with batch.named():
            outputs = short.executable.run(batch.arguments(arrays, dict(enumerate(rows))))
        if keep is not None:
            keep(outputs)
