"""Programs: a whole graph as kernels in order, and the buffers they work on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from ..graph.graph import Graph
from ..typing import DType
from .loop_ir import Buffer, Kernel, Nest


@dataclass(eq=False)
class Program:
    """Kernels in order. `inputs` and `outputs` lie outside, the buffers of `arena` inside.

    A stage never changes a program; it leaves a new one.
    """

    graph: Graph
    kernels: list[Kernel] = field(default_factory=list)
    inputs: list[Buffer] = field(default_factory=list)
    outputs: list[Buffer] = field(default_factory=list)
    arena: list[Buffer] = field(default_factory=list)

    def new_buffer(self, dtype: DType, size: int) -> Buffer:
        """One more buffer in the arena."""
        self.arena.append(Buffer(f"t{len(self.arena)}", dtype, size))
        return self.arena[-1]

    def __str__(self) -> str:
        return "\n".join(map(str, self.kernels))


NewBuffer = Callable[[DType, int], Buffer]


def with_kernels(program: Program, kernels: Iterable[Kernel]) -> Program:
    """The program with these kernels, numbered in order."""
    named = [replace(kernel, name=f"k{i}") for i, kernel in enumerate(kernels)]
    return replace(program, kernels=named, arena=list(program.arena))


def rewritten(program: Program, rule: Callable[[Kernel, NewBuffer], Iterable[Kernel]]) -> Program:
    """The program with every kernel replaced by those that `rule(kernel, new_buffer)` gives.

    Kernels that store nothing are left out.
    """
    new = replace(program, arena=list(program.arena))
    kernels = [k for kernel in program.kernels for k in rule(kernel, new.new_buffer)]
    return with_kernels(new, [k for k in kernels if does_something(k.nest)])


def does_something(nest: Nest) -> bool:
    """Whether a nest stores anything."""
    return bool(math.prod(nest.axes) and nest.stores)
