"""The few switches of Ranvier, each readable and settable, each with an environment variable.

| switch | environment | meaning |
|---|---|---|
| engine | RANVIER_ENGINE | `"compiled"` (LLVM) or `"reference"` (NumPy) |
| threads | RANVIER_THREADS | most threads a compiled graph may use; 0: one for each core |
| cache | RANVIER_CACHE | folder of compiled kernels and downloads; `"off"`: keep nothing on disk |
| data | RANVIER_DATA | folder where data sets are looked for before any download |
| check | RANVIER_CHECK | 1: what is compiled is checked after each stage (on in the tests) |
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ArgumentError, unknown_name
from .arguments import flag

# The one list of engines: each name, and where its executor is (see executors/).
ENGINES = {
    "compiled": "ranvier.executors.llvm:LLVMExecutor",
    "reference": "ranvier.executors.reference:ReferenceExecutor",
}


@dataclass
class _Switches:
    engine: str
    threads: int
    cache: str
    data: str
    check: bool


def _default_cache() -> str:
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    return str((Path(base) if base else Path.home() / ".cache") / "ranvier")


def _engine(name: object) -> str:
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return str(name)


def _threads(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise ArgumentError(f"threads: expected an integer, 0 for all cores; got {number!r}")
    return number


def _integer_of(text: str) -> int | str:
    """The number that an environment variable holds as text; a text that is none stays one."""
    return int(text) if text.isdecimal() else text


switches = _Switches(
    engine=_engine(os.environ.get("RANVIER_ENGINE") or "compiled"),
    threads=_threads(_integer_of(os.environ.get("RANVIER_THREADS") or "0")),
    cache=os.environ.get("RANVIER_CACHE") or _default_cache(),
    data=os.environ.get("RANVIER_DATA", ""),
    check=os.environ.get("RANVIER_CHECK", "0") == "1",
)


def _folder(name: str) -> Callable[[object], str]:
    def checked(path: object) -> str:
        if not isinstance(path, str | os.PathLike):
            raise ArgumentError(f"{name}: expected the path of a folder; got {path!r}")
        return os.fspath(path)

    return checked


_CHECKS: dict[str, Callable[[object], object]] = {
    "engine": _engine,
    "threads": _threads,
    "cache": _folder("cache"),
    "data": _folder("data"),
    "check": lambda on: flag("config", "check", on),
}


def config(**changes: object) -> dict[str, object]:
    """Set the named switches and return them all.

    >>> before = config()["threads"]
    >>> config(threads=1)["threads"]
    1
    >>> _ = config(threads=before)
    """
    for name in changes:
        if name not in _CHECKS:
            raise unknown_name("switch", name, _CHECKS)
    checked = {name: _CHECKS[name](value) for name, value in changes.items()}
    vars(switches).update(checked)  # all of them, or none
    return dict(vars(switches))


def cache_folder(part: str) -> Path | None:
    """The private folder `part` of the cache, made when missing.

    None when the cache is off, or when others can write there: what lies there is run as code.
    """
    if switches.cache == "off":
        return None
    folder = Path(switches.cache) / part
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return None
    return folder


def thread_count() -> int:
    """How many threads a compiled graph may use: the switch, or the cores this process has."""
    if switches.threads:
        return switches.threads
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
