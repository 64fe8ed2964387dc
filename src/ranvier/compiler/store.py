"""Store: machine code by the graph it was made from, in memory and on disk.

Two graphs that compute the same share their code, whichever model or process they belong to: a
second model of the same build is neither lowered nor written again, and a process that starts warm
reads one file for each graph.

The key of a graph is its nodes, shapes, dtypes and parameters, without names of layers, with all
else that the code depends on: batch, number of threads, processor, and the sources of the compiler.
An entry on disk (native/cache.py) is the object code with what the runner has to know of it. One
that is damaged, or that does not fit the graph, is a miss.

NOTE: with the switch `check` on, as in the tests, every graph goes all the way: its passes are to
be checked, and a rule that a test changed must not be answered with code from before.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections import OrderedDict
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from .. import passes
from ..base.config import switches, thread_count
from ..base.locks import ProcessLock
from ..graph.batch_plan import BatchPlan
from ..graph.graph import Graph
from ..graph.node import Node
from ..lower import cost_model as schedule
from ..native.cache import read_entry, write_entry
from ..native.llvm import (
    Code,
    build,
    compile_object,
    host,
    load,
)

if TYPE_CHECKING:
    from .stages import Compilation

_MAX_RECENT_GRAPHS = 64  # graphs whose code stays in memory though nothing uses it any more
_ARENA_SLACK_BYTES = 64 << 20  # beside what the values of a graph take
_SOURCES = ("graph", "ops", "passes", "native", "lower", "codegen", "compiler", "runtime")


@dataclass(frozen=True)
class Facts:
    """What the runner has to know of the code of a graph; `updated`: the inputs it writes into."""

    arena_bytes: int
    threads: int
    updated: list[int]
    nanoseconds: float


@dataclass(frozen=True)
class Built:
    """The code of a graph, and what it was made from if that was looked at just now."""

    code: Code
    facts: Facts
    compilation: Compilation | None = None


_lock = ProcessLock()
_alive: WeakValueDictionary[str, Built] = WeakValueDictionary()
_recent: OrderedDict[str, Built] = OrderedDict()


def built(graph: Graph, plan: BatchPlan) -> Built:
    """The code of a graph: known, read, or made now."""
    if switches.check:
        compilation = _compile(graph, plan)
        module = compilation.module
        code = build(module.text, module.thorough, module.long)
        return Built(code, _facts(compilation), compilation)
    key = _key(graph, plan)
    with _lock:
        entry = _alive.get(key)
        if entry is None:
            entry = _alive[key] = _read(key, graph, plan) or _make(key, graph, plan)
        _recent[key] = entry
        _recent.move_to_end(key)
        if len(_recent) > _MAX_RECENT_GRAPHS:
            _recent.popitem(last=False)
    return entry


def _compile(graph: Graph, plan: BatchPlan) -> Compilation:
    from .stages import Compilation  # NOTE: not imported where all graphs are known

    return Compilation(graph, plan)


def _facts(compilation: Compilation) -> Facts:
    return Facts(
        compilation.arena_bytes,
        compilation.threads,
        compilation.updated,
        compilation.nanoseconds,
    )


def _make(key: str, graph: Graph, plan: BatchPlan) -> Built:
    """The code of a graph, which is then kept on disk too."""
    compilation = _compile(graph, plan)
    facts = _facts(compilation)
    module = compilation.module
    objects = compile_object(module.text, module.thorough, module.long)
    write_entry("graphs", key, host(), _functions(plan), objects, asdict(facts))
    return Built(load(objects), facts)


def _read(key: str, graph: Graph, plan: BatchPlan) -> Built | None:
    """What is on disk for this key; None when it is missing or cannot be the code of this graph."""
    entry = read_entry("graphs", key, host(), _functions(plan))
    facts = None if entry is None else _checked(entry.facts, graph)
    if entry is None or facts is None:
        return None
    return Built(load(entry.objects), facts)


def _functions(plan: BatchPlan) -> tuple[str, ...]:
    """What the runner calls of a graph's code."""
    return ("step", "batches") if plan.streams else ("step",)


def _checked(stored: dict[str, Any], graph: Graph) -> Facts | None:
    """Facts as an entry says them; None unless each can be true of this graph.

    The runner hands out memory by these numbers, so a wrong one must not reach it.
    """
    if stored.keys() != {field.name for field in fields(Facts)}:
        return None
    facts = Facts(**stored)
    integers = (facts.arena_bytes, facts.threads, *_listed(facts.updated))
    if any(type(n) is not int for n in integers) or type(facts.nanoseconds) not in (int, float):
        return None
    inputs = list(graph.inputs)
    allowed = {inputs.index(t) for t in graph.updates}
    if len(set(facts.updated)) < len(facts.updated) or not allowed.issuperset(facts.updated):
        return None
    if facts.threads not in (1, thread_count()) or not 0 <= facts.nanoseconds < math.inf:
        return None
    numbers = sum(math.prod(node.shape) * node.dtype.itemsize for node in graph.nodes)
    return facts if 0 <= facts.arena_bytes <= _ARENA_SLACK_BYTES + 16 * numbers else None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


# --- keys ---------------------------------------------------------------------------------------


def _key(graph: Graph, plan: BatchPlan) -> str:
    limits = [f"{k}={v}" for k, v in vars(schedule).items() if isinstance(v, float)]
    how = [plan, thread_count(), _sources(), host(), limits]
    text = "\n".join([*map(str, how), *graph_lines(graph)])
    return hashlib.sha256(text.encode()).hexdigest()[:40]


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


def _plain(value: Any) -> Any:
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
