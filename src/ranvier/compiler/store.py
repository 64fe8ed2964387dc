"""Store: the machine code of a graph, with what the runner has to know of it.

Two graphs that compute the same share their code, whichever model or process they belong to: a
second model of the same build is neither lowered nor written again, and a process that starts warm
reads one file for each graph (native/code_cache.py).

The key of a graph is its nodes, shapes, dtypes and parameters, without names of layers, with all
else that the code depends on: batch, number of threads, and the sources of the compiler. An entry
whose facts cannot be true of the graph is a miss.

NOTE: the sources are files as they were read. A test that changes a rule in memory asks for
a new compilation (the fixture `fresh_code`), or it is answered with code from before.
"""

from __future__ import annotations

import functools
import hashlib
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .. import passes
from ..base.config import thread_count
from ..base.locks import importing
from ..graph.batch_plan import BatchPlan
from ..graph.graph import Graph
from ..graph.node import Node
from ..lower import cost_model as schedule
from ..native import code_cache
from ..native.code_cache import CachedCode, Source, cached_code
from ..native.object_code import Code

_ARENA_SLACK_BYTES = 64 << 20  # beside what the values of a graph take
_SOURCES = ("graph", "ops", "passes", "native", "lower", "codegen", "compiler", "runtime")


class Facts(NamedTuple):
    """What the runner has to know of the code of a graph; `updated`: the inputs it writes into."""

    arena_bytes: int
    threads: int
    updated: list[int]
    nanoseconds: float


class Built(NamedTuple):
    """The code of a graph, with its facts."""

    cached: CachedCode
    facts: Facts

    @property
    def code(self) -> Code:
        return self.cached.code


def built(graph: Graph, plan: BatchPlan) -> Built:
    """The code of a graph: known, read, or made now."""
    cached = cached_code(
        "graphs",
        _parts(graph, plan),
        _functions(plan),
        lambda: _source(graph, plan),
        lambda facts: _fits(facts, graph),
    )
    return Built(cached, Facts(**cached.facts))


def _source(graph: Graph, plan: BatchPlan) -> Source:
    """The IR of a graph, made by all stages of the compiler."""
    with importing("the compiler"):
        from .stages import Compilation  # NOTE: not imported where all graphs are known

    made = Compilation(graph, plan)
    facts = Facts(made.arena_bytes, made.threads, made.updated, made.nanoseconds)
    return Source(made.module.text, made.module.thorough, made.module.long, facts._asdict())


def _functions(plan: BatchPlan) -> tuple[str, ...]:
    """What the runner calls of a graph's code."""
    return ("step", "batches") if plan.streams else ("step",)


def _fits(stored: code_cache.Facts, graph: Graph) -> bool:
    """Whether each of the facts that an entry holds can be true of this graph.

    The runner hands out memory by these numbers, so a wrong one must not reach it.
    """
    if stored.keys() != set(Facts._fields):
        return False
    facts = Facts(**stored)
    integers = (facts.arena_bytes, facts.threads, *_listed(facts.updated))
    if any(type(n) is not int for n in integers) or type(facts.nanoseconds) not in (int, float):
        return False
    inputs = list(graph.inputs)
    allowed = {inputs.index(t) for t in graph.updates}
    if len(set(facts.updated)) < len(facts.updated) or not allowed.issuperset(facts.updated):
        return False
    if facts.threads not in (1, thread_count()) or not 0 <= facts.nanoseconds < math.inf:
        return False
    numbers = sum(math.prod(node.shape) * node.dtype.itemsize for node in graph.nodes)
    return 0 <= facts.arena_bytes <= _ARENA_SLACK_BYTES + 16 * numbers


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [None]


# --- keys ---------------------------------------------------------------------------------------


def _parts(graph: Graph, plan: BatchPlan) -> list[object]:
    """All that the code of a graph depends on, but for the processor."""
    limits = [f"{k}={v}" for k, v in vars(schedule).items() if isinstance(v, float)]
    return [plan, thread_count(), _sources(), limits, *graph_lines(graph)]


def graph_lines(graph: Graph) -> list[str]:
    """The graph without names, one line a node."""
    number: dict[Node, int] = {}
    lines = []
    for node in graph.inputs:
        number[node] = len(number)
        lines.append(f"{node.dtype.char}{node.shape}")
    for node in graph.nodes:
        if node not in number:
            number[node] = len(number)
            operands = [number[x] for x in node.inputs]
            # NOTE: an owner is only named in errors, which the code does not write.
            params = [(k, _plain(v)) for k, v in node.params.items() if k != "owner"]
            lines.append(f"{node.op.name}{operands}{params}{node.dtype.char}{node.shape}")
    lines.append(str([number[n] for n in graph.outputs]))
    lines.append(str([(number[t], number[n]) for t, n in graph.updates.items()]))
    return lines


def _plain(value: object) -> object:
    if isinstance(value, Graph):
        return graph_lines(value)
    return value.char if isinstance(value, np.dtype) else value


@functools.cache
def _sources() -> str:
    """Name, size and time of every file that decides what code comes out."""
    package = Path(passes.__file__).parent.parent
    lines = []
    for folder in _SOURCES:
        for path in sorted((package / folder).rglob("*.py")):
            about = path.stat()
            lines.append(f"{folder}/{path.name} {about.st_size} {about.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
