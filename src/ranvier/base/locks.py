"""Locks for the whole process, and what a forked child has to reset.

A child after `os.fork` has one thread, that which forked, and a copy of all memory: a lock that
another thread held stays locked there for ever, and the threads of a pool are gone. So every lock
of a module is a `ProcessLock`, and whatever has a lock or threads of its own says with
`renewed_in_child` how it is reset.

A fork waits until no other thread is inside a `ProcessLock` or imports a module, so that a child
never finds LLVM, a model or a module half way; it waits a few seconds at most.

A signal handler runs in the middle of whatever its thread does, the import of a module too, which
it would find half way. What training imports at its first call is imported inside `importing`.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar, overload
from weakref import WeakSet

from ..errors import StateError

Value = TypeVar("Value")

_PATIENCE = 10.0  # seconds, at most, that a fork waits for other threads


class Renewable(Protocol):
    """Something with a lock or threads of its own."""

    def renew(self) -> None:
        """Begin with free locks and without threads."""


class ProcessLock:
    """A lock of a module: `with lock:`. The thread that has it may take it again.

    Locks made later are taken first: a module takes its own before those of modules it imports.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _locks.append(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def acquire(self, timeout: float) -> bool:
        """Take it, or give up after so many seconds."""
        return self._lock.acquire(timeout=timeout)

    def release(self) -> None:
        """Give it back."""
        self._lock.release()

    def renew(self) -> None:
        """Nobody has it."""
        self._lock = threading.RLock()


_locks: list[ProcessLock] = []  # in the order in which they were made
_renewed: WeakSet[Any] = WeakSet()


class computed_once(Generic[Value]):
    """A property that is computed at the first use and kept: `functools.cached_property` unlocked.

    Before Python 3.12 that one holds a lock while it computes, which a child would find taken.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> computed_once[Value]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object, owner: type) -> Any:
        """The value; the next uses find it on the instance and do not come here."""
        if instance is None:
            return self
        value = vars(instance)[self._name] = self._compute(instance)
        return value


class _Import(threading.local):
    """What this thread imports inside `importing`."""

    module = ""


_import = _Import()


@contextmanager
def importing(module: str) -> Iterator[None]:
    """Around the import of `module`, and of all that it imports, at the first call of something.

    Raises:
        StateError: this thread is inside of another one; a signal handler has interrupted it.
    """
    if _import.module:
        raise StateError(
            f"a signal handler has interrupted the import of {_import.module}, and needs {module}: "
            "nothing can be compiled or trained before that import has ended. Let the handler set "
            "a flag and do the work after it has returned, or train or predict once before "
            "signals arrive"
        )
    _import.module = module
    try:
        yield
    finally:
        _import.module = ""


class _Fork(threading.local):
    """The locks that the forking thread has taken for the fork."""

    taken: list[ProcessLock] = []


_fork = _Fork()


def renewed_in_child(owner: Renewable) -> None:
    """Call `owner.renew()` in every child after a fork, while `owner` lives."""
    _renewed.add(owner)


def _importing() -> bool:
    """Whether another thread imports a module: in a child its lock would never be free again.

    Nobody but the import system itself knows that; where it keeps its locks otherwise: False.
    """
    here = threading.get_ident()
    known = getattr(getattr(importlib, "_bootstrap", None), "_module_locks", {})
    held = [reference() for reference in list(known.values())]
    return any(getattr(lock, "owner", None) not in (None, here) for lock in held)


def _before() -> None:
    """Wait for the other threads."""
    end = time.monotonic() + _PATIENCE
    _fork.taken = []
    while _importing() and time.monotonic() < end:
        time.sleep(0.001)
    for lock in reversed(_locks):
        if lock.acquire(max(0.0, end - time.monotonic())):
            _fork.taken.append(lock)


def _after_in_parent() -> None:
    for lock in reversed(_fork.taken):
        lock.release()


def _after_in_child() -> None:
    # A lock that was taken for the fork is released and not replaced: the thread that forked may
    # have had it before, and gives it back later.
    for lock in _locks:
        if lock in _fork.taken:
            lock.release()
        else:
            lock.renew()
    for owner in list(_renewed):
        owner.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, where there is no fork
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
