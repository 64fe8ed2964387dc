"""Explain: what Ranvier made of a function or of a model's step, at seven levels.

From what it costs down to the processor's own instructions:

| level | shows |
|---|---|
| timings | every kernel's time, work and share of what this machine can do |
| graph | the traced graph: forward, loss, gradient and update, with the layer of each node |
| values | the same, with the numbers of each node for the rows that are given |
| passes | the result of each stage: the graph, its groups, their loops, the plan of memory |
| loops | every kernel as the loops it is (`"kernels"` means the same) |
| llvm | the LLVM IR of the whole module |
| assembly | what the processor gets |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.missing import answered
from ..errors import ArgumentError, StateError, unknown_name
from ..graph.graph import Graph
from ..graph.show import names_of
from ..tracing.compiled import CompiledFunction
from ..train.fit.ready import step_for, step_to_show
from ..train.models.model import Model

if TYPE_CHECKING:
    from ..compiler.stages import Compilation
    from ..executors import Executable
    from ..passes.fuse import Fused
    from ..runtime.executable import Executable as NativeExecutable
    from .timing import Timings

LEVELS = ("timings", "graph", "values", "passes", "loops", "llvm", "assembly")


class Explanation:
    """What `explain` found: it prints as text; `timings` holds the numbers of that level."""

    def __init__(self, level: str, text: str, timings: Timings | None = None) -> None:
        self.level, self.text, self.timings = level, text, timings

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


@answered
def explain(
    target: Model | Callable[..., Any], *args: Any, level: str = "graph", **kwargs: Any
) -> Explanation:
    """What became of a function, or of a model's step, at one level.

    Args:
        target: a compiled function (or a plain one, which is compiled to be looked at), followed by
            arguments as for a call; or a model. `explain(model)` shows the training step that `fit`
            used last, `explain(model, x, y)` the one for these rows as one batch, and
            `explain(model, x)` the forward pass that `predict` runs.
        level: "timings", "graph", "values", "passes", "loops", "llvm" or "assembly".

    Nothing is trained and no tensor changes: times are measured on made-up numbers.

    >>> import ranvier
    >>> @ranvier.compile
    ... def f(x):
    ...     return ranvier.sum(ranvier.tanh(x) * 2.0)
    >>> explain(f, ranvier.ones((3,)))
    graph(x0: float32[3]):
      0   tanh           float32[3]         x0
      1   full           float32[]          value=2.0, shape=(), dtype=float32
      2   broadcast_to   float32[3]         %1, shape=(3,)
      3   multiply       float32[3]         %0, %2
      4   sum            float32[]          %3, axes=(0,)
      return %4
    >>> explain(f, ranvier.ones((3,)), level="loops")
    in0 float32[3] = x0
    out0 float32[]: sum
    k0: sum
      reduce
        acc0 = over i<3: sum multiply(tanh(in0[i]), 2.0)
        out0[0] = acc0
    """
    level = {"kernels": "loops"}.get(level, level)
    if level not in LEVELS:
        raise unknown_name("level", level, LEVELS)
    if level == "values":
        return Explanation(level, _with_values(target, args, kwargs))
    title, runner = _resolve(target, args, kwargs)
    if level == "graph":
        return Explanation(level, str(_traced(runner)))
    executable = _native(runner)
    if level == "passes":
        return Explanation(level, _passes(executable.compilation(keep=True)))
    if level == "loops":
        return Explanation(level, _loops(executable.compilation()))
    if level == "llvm":
        return Explanation(level, executable.compilation().module.text)
    if level == "assembly":
        from ..native.object_code import assembly

        return Explanation(level, assembly(executable.compilation().module.text))
    from .timing import measure

    timings = measure(title, executable)
    return Explanation(level, str(timings), timings)


# --- what is to be explained --------------------------------------------------------------------


def _resolve(
    target: Model | Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[str, Graph | Executable]:
    """A title in words, and the graph or executable."""
    if isinstance(target, Model):
        if kwargs:
            raise ArgumentError(f"explain: a model takes no argument {next(iter(kwargs))!r}")
        return _resolve_model(target, args)
    target = _as_compiled(target)
    name = getattr(target, "__name__", "function")
    return f"function {name}", target.graph(*args, **kwargs)


def _as_compiled(target: Callable[..., Any]) -> CompiledFunction[Any, Any]:
    """A function as one that can be traced."""
    if isinstance(target, CompiledFunction):
        return target
    if not callable(target):
        raise ArgumentError(f"explain: expected a function or a model; got {type(target).__name__}")
    return CompiledFunction(target)


def _resolve_model(model: Model, args: Sequence[Any]) -> tuple[str, Executable]:
    step = step_to_show("explain", model, args)
    verb = "training step" if step.names[-1] == "count" else "forward pass"
    return f"{verb} of {model.name}, {step.batch} rows", step.executable


def _traced(runner: Graph | Executable) -> Graph:
    """The graph before any pass."""
    return runner if isinstance(runner, Graph) else runner.graph


def _native(runner: Graph | Executable) -> NativeExecutable:
    """The compiled form, built now if need be."""
    from ..runtime.executable import Executable as NativeExecutable

    if isinstance(runner, Graph):
        return NativeExecutable(runner)
    return runner.native() or NativeExecutable(runner.graph, runner.plan)


# --- the levels ---------------------------------------------------------------------------------


def _with_values(
    target: Model | Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> str:
    """The graph with the numbers of each node."""
    from .values import text_with_values

    if not isinstance(target, Model):
        traced, inputs = _as_compiled(target).traced_for(*args, **kwargs)
        return text_with_values(traced, inputs)
    if kwargs or not 0 < len(args) < 3:
        raise StateError(
            "explain: level='values' shows the numbers of some rows; give them: "
            "explain(model, x, y, level='values'), or x alone for the forward pass"
        )
    step, rows = step_for(target, *args)
    count = [np.asarray(rows.count, np.float32)] if step.names[-1] == "count" else []
    return text_with_values(step.traced, [*rows.arrays, *count])


def _passes(compilation: Compilation) -> str:
    """The result of each stage, where it changed anything."""
    parts = [_headed(f"traced: {_nodes(compilation.traced)}", str(compilation.traced))]
    before = str(compilation.traced)
    for name, value in compilation.results.items():
        title, text = _result(value)
        parts.append(_headed(f"{name}{title}", "  (nothing to do)" if text == before else text))
        before = text
    return "\n".join(parts)


def _result(value: object) -> tuple[str, str]:
    """The result of a stage, as a title and a text."""
    from ..codegen.module import Module
    from ..compiler.stages import Allocated
    from ..lower.program import Program
    from ..passes.fuse import Fused

    if isinstance(value, Graph):
        return f": {_nodes(value)}", str(value)
    if isinstance(value, Fused):
        return f": {_plural(len(value.groups), 'group')}", _groups(value)
    if isinstance(value, Program):
        return f": {_plural(len(value.kernels), 'kernel')}", str(value)
    if isinstance(value, Allocated):
        arena = value.program.arena
        total = sum(b.size * b.dtype.itemsize for b in arena)
        return "", (
            f"  {_plural(len(arena), 'buffer')} inside the graph, {total:,} bytes in all, "
            f"in an arena of {value.arena_bytes:,} bytes"
        )
    assert isinstance(value, Module)
    lines = value.text.count("\n")
    return "", f"  {_plural(len(value.units), 'kernel')} in {lines:,} lines of LLVM IR"


def _groups(fused: Fused) -> str:
    """One line for each group of nodes."""
    names = names_of(fused.graph)
    lines = []
    for number, group in enumerate(fused.groups):
        made = ", ".join(f"{names[n]} {n.op.name}" for n in group.nodes)
        stored = ", ".join(names[n] for n in group.stores)
        size = "x".join(map(str, group.space)) or "one"
        lines.append(f"  {number:<3} {group.kind:<12} {size:<12} {made}; stores {stored}")
    return "\n".join(lines)


def _headed(title: str, text: str) -> str:
    return f"-- {title}\n{text}"


def _nodes(graph: Graph) -> str:
    return _plural(sum(n.op.kind != "input" for n in graph.nodes), "node")


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _loops(compilation: Compilation) -> str:
    """The memory outside the graph, then every kernel."""
    graph = compilation.graph
    names = names_of(graph)
    lines = []
    for number, node in enumerate(graph.inputs):
        name = f" = {names[node]}" if node.name else ""
        update = ", updated" if node in graph.updates else ""
        lines.append(f"in{number} {node.spec}{name}{update}")
    lines += [f"out{i} {n.spec}: {n.op.name}" for i, n in enumerate(graph.outputs)]
    return "\n".join([*lines, *map(str, compilation.kernels)])
