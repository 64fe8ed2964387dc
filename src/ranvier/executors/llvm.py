"""The compiled executor: graphs as machine code, made by the compiler through LLVM."""

from __future__ import annotations

from ..graph.batch_plan import BatchPlan
from ..graph.graph import Graph
from ..runtime.executable import Executable
from ..runtime.shuffle import draw, shuffle
from ..typing import Array


class LLVMExecutor:
    """Graphs compiled to machine code for this processor."""

    def build(self, graph: Graph, plan: BatchPlan) -> Executable:
        """The machine code of the graph: known, read from the cache, or made now."""
        return Executable(graph, plan)

    def shuffle(self, bits: Array, out: Array) -> None:
        """Orders of rows for an array of random bits (see `Executor.shuffle`)."""
        shuffle(bits, out)

    def draw(self, key: int, first: int, rows: int, out: Array) -> None:
        """Orders of rows for the bits of Philox (see `Executor.draw`)."""
        draw(key, first, rows, out)
