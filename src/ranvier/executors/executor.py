"""What an executor is: the seam between a graph and the engine that runs it.

An `Executor` builds an `Executable` from a traced graph. Everything that runs graphs (compiled
functions, training, evaluation, prediction, verification, explanations) goes through these two and
knows no engine by name. A new engine is one class of each and one line in the registry
(`executors.register`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ..graph.batch_plan import BatchPlan
from ..graph.graph import Graph
from ..typing import Array

if TYPE_CHECKING:
    from ..runtime.executable import Executable as NativeExecutable


class RowRunner(Protocol):
    """A graph built for one batch, run over any number of rows by one call."""

    def __call__(self, x: Array, others: Iterable[Array]) -> Array | None:
        """The output for the rows of x; None where an array does not fit or a row is not finite."""

    def single(
        self, rows: int, others: Callable[[], Iterable[Array]]
    ) -> Callable[[Array], Array | None] | None:
        """The same for `rows` rows of x that fit one batch, with less to look at; None if not."""


class Executable(Protocol):
    """A graph that is ready to run. `graph` is the graph as traced."""

    graph: Graph
    plan: BatchPlan

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """The outputs for these inputs; arrays of updated inputs are overwritten in place."""

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
        """Run the graph for the steps `first` to `last - 1`; only the in-place updates remain.

        Step s sees the rows `order[s * batch : (s + 1) * batch]` of every array in `streams`. The
        order (int64) holds one epoch or several, each padded to whole batches with valid row
        numbers; `total` rows of an epoch are real, and the count input gets how many of a batch
        are. With `log` (epochs, len(sums)) the array `sums` is copied into its row at the end of
        each epoch and set to zero.
        """

    def row_runner(self) -> RowRunner | None:
        """What runs the first input, which holds rows, over any number of them; None where the
        graph does not have that form or the engine no quicker way than batch after batch.
        """

    def native(self) -> NativeExecutable | None:
        """The machine code behind it; None where there is none."""


class Executor(Protocol):
    """An engine that runs graphs."""

    def build(self, graph: Graph, plan: BatchPlan) -> Executable:
        """The graph ready to run."""

    def shuffle(self, bits: Array, out: Array) -> None:
        """Write the order of the rows for each line of random `bits`.

        Args:
            bits: (epochs, rows) of uint32.
            out: (epochs, at least rows) of int64, in C order. What is left of a line is filled with
                the order from its beginning.
        """

    def draw(self, key: int, first: int, rows: int, out: Array) -> None:
        """The same with the bits of Philox for this 64-bit key, from its 64-bit number `first` on.

        Every order begins with a whole 64-bit number.
        """
