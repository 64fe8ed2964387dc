"""Executors: the engines that run a graph, and the registry in which they are found by name.

| file | what it holds |
|---|---|
| executor.py | The interface of an engine: `Executor`, `Executable`, `RowRunner` |
| llvm.py | Machine code made by the compiler through LLVM |
| philox.py | NumPy's counter-based random bits for a known key |
| reference.py | The reference: NumPy, node by node |

The names stand in `ENGINES` (base/config.py), the one list of engines; an executor is imported when
it is first asked for.
"""

from __future__ import annotations

import importlib

from ..base.config import ENGINES, switches
from ..base.locks import importing
from ..errors import ArgumentError, unknown_name
from ..graph.batch_plan import ONCE, BatchPlan
from .executor import Executable, Executor, RowRunner

_ready: dict[str, Executor] = {}


def executor(name: str | None = None) -> Executor:
    """The executor of this name; by default the one that `ranvier.config(engine=...)` names."""
    name = name or switches.engine
    if name not in _ready:
        if name not in ENGINES:
            raise unknown_name("engine", name, ENGINES)
        module, _, kind = ENGINES[name].partition(":")
        with importing(module):
            made = importlib.import_module(module)
        _ready[name] = getattr(made, kind)()
    return _ready[name]


def register(name: str, made: Executor) -> None:
    """Add an executor: from now on `engine=name` runs graphs with it.

    Raises:
        ArgumentError: the name is taken.
    """
    if name in ENGINES:
        raise ArgumentError(f"engine {name!r} is registered already; choose another name")
    ENGINES[name] = f"{type(made).__module__}:{type(made).__qualname__}"
    _ready[name] = made


def unregister(name: str) -> None:
    """Take back what `register` added."""
    ENGINES.pop(name, None)
    _ready.pop(name, None)


__all__ = [
    "ONCE",
    "BatchPlan",
    "Executable",
    "Executor",
    "RowRunner",
    "executor",
    "register",
    "unregister",
]
