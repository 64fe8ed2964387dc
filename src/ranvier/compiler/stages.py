"""The stages: everything between a traced graph and machine code, as one list.

Each stage takes what the one before it leaves and changes nothing that it takes. With the switch
`check` on, what a stage leaves is checked at once. `explain(level="passes")` shows what each stage
left; a new stage is one function and one row of `STAGES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..base.config import switches, thread_count
from ..codegen.batch_loop import Stream
from ..codegen.module import Module, write_module
from ..graph.batch_plan import ONCE, BatchPlan
from ..graph.check import check as check_graph
from ..graph.graph import Graph
from ..graph.node import Node
from ..lower.check_loops import check_program
from ..lower.collapse import collapse_axes
from ..lower.cost_model import nanoseconds
from ..lower.gemm_layout import tile_contractions
from ..lower.hoist import hoist_invariants, spans
from ..lower.loop_ir import Buffer, Kernel
from ..lower.lower import lower
from ..lower.pack_reuse import share_packs
from ..lower.program import Program
from ..lower.split_reduction import split_reductions
from ..passes.fuse import Fused, fuse
from ..passes.graph_passes import PASSES
from ..passes.memory import Life, plan


class Allocated(NamedTuple):
    """A program, and where in the arena each of its buffers lies."""

    program: Program
    offsets: dict[Buffer, int]
    arena_bytes: int


class Stage(NamedTuple):
    """One step on the way: `run(value, plan)` makes of what the last stage left what this leaves.

    `takes` and `leaves` say in words what that is; `check(value, name)` raises where it is wrong.
    """

    name: str
    takes: str
    leaves: str
    run: Callable[[Any, BatchPlan], Any]
    check: Callable[[Any, str], object] | None = None


def plan_memory(program: Program, _: BatchPlan) -> Allocated:
    """An offset in the arena for every buffer that a kernel uses."""
    lives = spans(program.kernels)
    used = [b for b in program.arena if b in lives]
    offsets, size = plan([Life(*lives[b], b.size * b.dtype.itemsize) for b in used])
    return Allocated(program, dict(zip(used, offsets, strict=True)), size)


def generate_code(allocated: Allocated, how: BatchPlan) -> Module:
    """The kernels, and the functions that run them all, as LLVM IR."""
    program = allocated.program
    table = {b: i for i, b in enumerate([*program.inputs, *program.outputs])}
    rows = tuple(Stream(i, _row_bytes(program.graph.inputs[i])) for i in how.streams)
    return write_module(
        program.kernels, table, allocated.offsets, thread_count(), rows, how.batch, how.count_input
    )


def _row_bytes(node: Node) -> int:
    return math.prod(node.shape[1:]) * node.dtype.itemsize


def _of_graph(name: str, leaves: str, rewrite: Callable[[Graph], Graph]) -> Stage:
    return Stage(name, "a graph", leaves, lambda graph, _: rewrite(graph), check_graph)


def _of_program(name: str, leaves: str, rewrite: Callable[[Program], Program]) -> Stage:
    return Stage(name, "kernels", leaves, lambda program, _: rewrite(program), check_program)


STAGES: list[Stage] = [
    *(_of_graph(name, leaves, rewrite) for name, leaves, rewrite in PASSES),
    Stage("fuse", "a graph", "groups of nodes, one for each kernel", lambda g, _: fuse(g)),
    Stage("lower", "groups", "kernels of plain loops", lambda f, _: lower(f), check_program),
    _of_program("collapse", "axes that lie side by side as one loop", collapse_axes),
    _of_program("split", "long reductions to few results in parts", split_reductions),
    _of_program(
        "tile", "contractions as tiles, after kernels that pack operands", tile_contractions
    ),
    _of_program("share", "each operand packed once", share_packs),
    _of_program("hoist", "what every iteration repeats done before the loop", hoist_invariants),
    Stage("memory", "kernels", "an offset in the arena for every buffer", plan_memory),
    Stage("codegen", "kernels and offsets", "LLVM IR", generate_code),
]


class Compilation:
    """What a graph became: the LLVM IR and what the runner has to know of it.

    `results` holds what each stage left, by name, if that was asked for with `keep`.
    """

    def __init__(self, traced: Graph, plan: BatchPlan = ONCE, keep: bool = False) -> None:
        self.traced, self.plan = traced, plan
        self.results: dict[str, Any] = {}
        value: Any = traced
        for stage in STAGES:
            value = stage.run(value, plan)
            if switches.check and stage.check is not None:
                stage.check(value, stage.name)
            if isinstance(value, Fused):
                self.graph = value.graph
            if isinstance(value, Allocated):
                self.kernels: list[Kernel] = value.program.kernels
                self.arena_bytes = value.arena_bytes
            if keep:
                self.results[stage.name] = value
        self.module: Module = value
        self.threads = thread_count() if self.module.threaded else 1
        self.nanoseconds = sum(nanoseconds(k) * k.iterations for k in self.kernels)

    @property
    def updated(self) -> list[int]:
        """The numbers of the inputs that the graph writes into."""
        inputs: Sequence[Any] = list(self.graph.inputs)
        return [inputs.index(target) for target in self.graph.updates]
