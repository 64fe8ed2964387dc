"""Write: a traced graph -> the text of its module, with everything placed.

The whole way from graph to LLVM IR in one function: passes, lowering, a place in the arena for
every buffer, the module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..config import thread_count
from ..graph.graph import Graph
from ..passes.memory import Life, plan
from ..passes.pipeline import prepare
from .loops import Buffer, Kernel
from .lower import lower
from .module import Module, Stream, write_module
from .repeat import spans
from .schedule import nanoseconds


class Written(NamedTuple):
    """The graph after all passes, its kernels and their module; `updated`: the inputs it writes
    into."""

    graph: Graph
    kernels: list[Kernel]
    module: Module
    arena_bytes: int
    threads: int
    updated: list[int]
    nanoseconds: float


def write(
    graph: Graph, streams: Sequence[int] = (), batch: int = 0, count_input: int = -1
) -> Written:
    """The module of a graph; the arguments are those of Executable."""
    graph = prepare(graph)
    low = lower(graph)
    inputs = list(graph.inputs)
    table = {b: i for i, b in enumerate([*low.inputs, *low.outputs])}
    offsets, arena_bytes = place_in_arena(low.kernels, low.arena)
    rows = tuple(Stream(i, _row_bytes(inputs[i])) for i in streams)
    threads = thread_count()
    module = write_module(low.kernels, table, offsets, threads, rows, batch, count_input)
    return Written(
        graph,
        low.kernels,
        module,
        arena_bytes,
        threads if module.threaded else 1,
        [inputs.index(t) for t in graph.updates],
        sum(nanoseconds(k) * k.turns for k in low.kernels),
    )


def place_in_arena(kernels: list[Kernel], arena: list[Buffer]) -> tuple[dict[Buffer, int], int]:
    """The offset of every arena buffer that a kernel uses, and the size of the arena."""
    lives = spans(kernels)
    used = [b for b in arena if b in lives]
    offsets, size = plan([Life(*lives[b], b.size * b.dtype.itemsize) for b in used])
    return dict(zip(used, offsets, strict=True)), size


def _row_bytes(node: Any) -> int:
    size = node.dtype.itemsize
    for n in node.shape[1:]:
        size *= n
    return int(size)
