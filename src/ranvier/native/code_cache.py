"""The cache of machine code: known in memory, read from the disk, or made now.

All machine code of the package comes from here, whatever it is for: `cached_code` for a graph,
whose code depends on more than a text, and `code_of_text` for IR that says it all itself. Tests
take the same way as users.

A key is a hash of everything that the code depends on: what the caller names, and the processor
with LLVM's version and the files that make code of IR (object_code.py). What was used last stays in
memory though nothing uses it any more; what is in use stays anyway.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from ..base.locks import ProcessLock
from .cache import read_entry, write_entry
from .object_code import Code, compile_object, host, load

_MAX_IDLE_ENTRIES = 64  # whose code stays in memory though nothing uses it any more
_KEY_CHARACTERS = 40

Facts = Mapping[str, Any]  # plain values beside the code, as JSON holds them


class Source(NamedTuple):
    """LLVM IR, how much work to spend on it, and what has to be known of its code.

    `thorough` runs all of LLVM's passes; otherwise only the quickest, which serve kernels that are
    short anyway. Of a large module only the kernels `long` get all of them.
    """

    text: str
    thorough: bool = True
    long: Collection[str] = ()
    facts: Facts = {}


class CachedCode:
    """Machine code, and the facts of it."""

    def __init__(self, code: Code, facts: Facts) -> None:
        self.code, self.facts = code, facts


_lock = ProcessLock()
_in_use: WeakValueDictionary[str, CachedCode] = WeakValueDictionary()
_recent: OrderedDict[str, CachedCode] = OrderedDict()


def key_of(kind: str, parts: Iterable[object]) -> str:
    """The key of code that depends on these parts, each with a text of its own, and the host."""
    text = "\n".join(map(str, (kind, *parts, *host())))
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_CHARACTERS]


def cached_code(
    kind: str,
    parts: Iterable[object],
    symbols: Sequence[str],
    make: Callable[[], Source],
    fits: Callable[[Facts], bool] = lambda facts: not facts,
) -> CachedCode:
    """The code of this kind that depends on `parts`: known, read, or made now.

    `symbols` are the functions it holds. `fits` says whether the facts of an entry on disk can be
    true; one that is damaged, or whose facts cannot, is a miss, and `make` is called.
    """
    key = key_of(kind, parts)
    with _lock:
        entry = _in_use.get(key)
        if entry is None:
            entry = _read(kind, key, symbols, fits) or _made(kind, key, symbols, make())
            _in_use[key] = entry
        _recent[key] = entry
        _recent.move_to_end(key)
        if len(_recent) > _MAX_IDLE_ENTRIES:
            _recent.popitem(last=False)
    return entry


def code_of_text(kind: str, text: str, symbols: Sequence[str], thorough: bool = True) -> Code:
    """Machine code for a module of LLVM IR, which is all that it depends on."""
    parts = (thorough, text)
    return cached_code(kind, parts, symbols, lambda: Source(text, thorough)).code


def forget_code() -> None:
    """Drop what is known in memory, as if the process had just begun; what runs goes on running."""
    with _lock:
        _in_use.clear()
        _recent.clear()


def _read(
    kind: str, key: str, symbols: Sequence[str], fits: Callable[[Facts], bool]
) -> CachedCode | None:
    entry = read_entry(kind, key, host(), symbols)
    if entry is None or not fits(entry.facts):
        return None
    return CachedCode(load(entry.objects), entry.facts)


def _made(kind: str, key: str, symbols: Sequence[str], source: Source) -> CachedCode:
    objects = compile_object(source.text, source.thorough, source.long)
    write_entry(kind, key, host(), symbols, objects, source.facts)
    return CachedCode(load(objects), source.facts)
