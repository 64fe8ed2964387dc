"""The reference executor: the graph interpreted in NumPy, and orders of rows made in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..graph.batch_plan import ONCE, BatchPlan, BatchRows
from ..graph.graph import Graph
from ..graph.interpret import run
from ..typing import Array
from .philox import philox, row_bits


class ReferenceExecutable:
    """A graph that is interpreted node by node, each time it runs."""

    def __init__(self, graph: Graph, plan: BatchPlan = ONCE) -> None:
        self.graph, self.plan = graph, plan

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """The outputs; arrays of updated inputs are overwritten in place."""
        return run(self.graph, arrays)

    def run_batches(
        self,
        arrays: Sequence[Array],
        streams: Mapping[int, Array],
        order: Array,
        first: int,
        last: int,
        total: int,
        sums: Array | None = None,
        log: Array | None = None,
    ) -> None:
        """The steps `first` to `last - 1`, one after the other (see `Executable.run_batches`)."""
        loop_over_batches(
            self.run, self.plan, arrays, streams, order, first, last, total, sums, log
        )

    def row_runner(self) -> None:
        """None: batch after batch is as quick."""

    def native(self) -> None:
        """None: there is no machine code."""


def loop_over_batches(
    call: Callable[[Sequence[Array]], object],
    plan: BatchPlan,
    arrays: Sequence[Array],
    streams: Mapping[int, Array],
    order: Array,
    first: int,
    last: int,
    total: int,
    sums: Array | None,
    log: Array | None,
) -> None:
    """`Executable.run_batches` in Python, for engines that run one step at a time with `call`."""
    for s in range(first, last):
        batch = BatchRows(plan, order, s, total)
        with batch.named():
            call(batch.arguments(arrays, streams))
        if log is not None and sums is not None and batch.ends_epoch:
            log[batch.epoch] = sums
            sums[...] = 0


class ReferenceExecutor:
    """Graphs interpreted in NumPy."""

    def build(self, graph: Graph, plan: BatchPlan) -> ReferenceExecutable:
        """The graph; there is nothing to prepare."""
        return ReferenceExecutable(graph, plan)

    def shuffle(self, bits: Array, out: Array) -> None:
        """Orders of rows for an array of random bits (see `Executor.shuffle`)."""
        rows = bits.shape[1]
        out[:, :rows] = shuffled(bits)
        if out.shape[1] > rows:
            out[:, rows:] = out[:, np.arange(out.shape[1] - rows) % rows]

    def draw(self, key: int, first: int, rows: int, out: Array) -> None:
        """Orders of rows for the bits of Philox (see `Executor.draw`)."""
        self.shuffle(row_bits(philox(key, first), len(out), rows), out)


def shuffled(bits: np.ndarray) -> np.ndarray:
    """The orders for `bits` (epochs, rows) of uint32, one line an epoch.

    Fisher and Yates' algorithm, inside out: row i goes to position j = bits * (i + 1) / 2**32, and
    what was there to position i. (One order is less likely than another by at most one part in
    2**32 / rows.) `runtime/shuffle.py` is the same in native code.

    >>> shuffled(np.array([[0, 0, 0]], np.uint32))
    array([[2, 0, 1]])
    """
    out = np.empty(bits.shape, np.int64)
    counts = np.arange(1, bits.shape[1] + 1, dtype=np.uint64)
    positions = (bits.astype(np.uint64) * counts) >> np.uint64(32)
    for epoch, chosen in enumerate(positions.tolist()):
        order: list[int] = []
        for i, j in enumerate(chosen):
            order.append(i)
            order[i] = order[j]
            order[j] = i
        out[epoch] = order
    return out
