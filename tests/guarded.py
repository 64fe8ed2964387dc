"""Memory between pages that nobody may touch: a kernel that leaves its buffers ends the process.

`guarded_memory()` gives compiled code such memory for everything it works with: inputs, outputs,
rows, the buffers inside the graph one by one, and what a short batch is filled up in. Each stands
against the page behind it or, every other one, before it; what nobody has written yet holds 0xFF,
which is NaN, -1 or 255, so that a number which was never written is seen in the results.

NOTE: a buffer inside the graph is rounded up to a cache line, whose rest may be touched.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from ranvier.base.aligned import CACHE_LINE, aligned_bytes
from ranvier.codegen.call_glue_ir import SYNC_BYTES
from ranvier.compiler import stages
from ranvier.passes.memory import Life
from ranvier.runtime import batched, executable

Array = np.ndarray[Any, Any]

PAGE = mmap.PAGESIZE
_NO_ACCESS = 0  # PROT_NONE

_sides = itertools.cycle((True, False))
_unique = itertools.count(1)
_gaps: dict[int, list[tuple[int, int]]] = {}  # of arenas, by their size: closed bytes


def room(size: int, at_end: bool = True, gaps: Sequence[tuple[int, int]] = ()) -> Array:
    """`size` bytes of 0xFF with a closed page on both sides; `gaps` in them are closed, too."""
    pages = max(1, -(-size // PAGE))
    whole = np.frombuffer(mmap.mmap(-1, (pages + 2) * PAGE), np.uint8)
    whole[PAGE:-PAGE] = 0xFF
    start = PAGE + (pages * PAGE - size if at_end else 0)
    closed = [(0, PAGE), ((pages + 1) * PAGE, (pages + 2) * PAGE)]
    closed += [(start + first, start + last) for first, last in gaps]
    for first, last in closed:
        _close(whole.ctypes.data + first, last - first)
    return whole[start : start + size]


def _close(address: int, size: int) -> None:
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    if protect(ctypes.c_void_p(address), ctypes.c_size_t(size), _NO_ACCESS):
        raise OSError(ctypes.get_errno(), "mprotect")


def guarded_empty(shape: Any, dtype: Any = float) -> Array:
    """An array that nobody has written yet."""
    dtype = np.dtype(dtype)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return room(size, next(_sides)).view(dtype).reshape(shape)


def guarded(array: Array) -> Array:
    """A copy; one that lies otherwise than in order stays as it is, as it is copied anyway."""
    if not array.flags.c_contiguous or not array.flags.aligned:
        return array
    copy = guarded_empty(array.shape, array.dtype)
    copy[...] = array
    copy.setflags(write=array.flags.writeable)
    return copy


def _plan(lives: Sequence[Life]) -> tuple[list[int], int]:
    """Every buffer in pages of its own, closed ones between them."""
    at, offsets, gaps = PAGE, [], [(0, PAGE)]
    for life in lives:
        size = max(CACHE_LINE, -(-life.size // CACHE_LINE) * CACHE_LINE)
        end = at + -(-size // PAGE) * PAGE
        offsets.append(end - size if next(_sides) else at)
        gaps.append((end, end + PAGE))
        at = end + PAGE
    at += next(_unique) * PAGE  # so that a size stands for one plan
    _gaps[at] = gaps
    return offsets, at


def _aligned(size: int) -> Array:
    if size in _gaps:
        return room(size, False, _gaps[size])
    if size == SYNC_BYTES:
        return _plain_aligned(size)
    return room(max(CACHE_LINE, -(-size // CACHE_LINE) * CACHE_LINE), next(_sides))


_plain_aligned = aligned_bytes


class _GuardedNumPy:
    """NumPy, but for the arrays that compiled code is to fill."""

    empty = staticmethod(guarded_empty)

    @staticmethod
    def zeros(shape: Any, dtype: Any = float) -> Array:
        array = guarded_empty(shape, dtype)
        array[...] = 0
        return array

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def _run(plain: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any, arrays: Sequence[Any]) -> Any:
        given = [np.asarray(a) for a in arrays]
        inside = [guarded(a) for a in given]
        try:
            return plain(self, inside)
        finally:
            _copy_back(self, given, inside)

    return run


def _run_batches(plain: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any, arrays: Any, streams: Any, order: Any, *rest: Any) -> Any:
        given = [np.asarray(a) for a in arrays]
        sums = rest[3] if len(rest) > 3 else None
        # NOTE: sums are parts of one array, which the code knows by its address.
        known = [sums is not None and np.may_share_memory(a, sums) for a in given]
        inside = [a if k else guarded(a) for a, k in zip(given, known, strict=True)]
        rows = {i: guarded(np.asarray(a)) for i, a in streams.items()}
        try:
            return plain(self, inside, rows, guarded(np.asarray(order)), *rest)
        finally:
            _copy_back(self, given, inside)

    return run


def _copy_back(self: Any, given: Sequence[Array], inside: Sequence[Array]) -> None:
    for i in self._updated:
        if inside[i] is not given[i] and given[i].flags.writeable:
            given[i][...] = inside[i]


@contextmanager
def guarded_memory() -> Iterator[None]:
    """Inside, compiled code works in guarded memory; POSIX only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "plan", _plan)
        patch.setattr(executable, "aligned_bytes", _aligned)
        patch.setattr(batched, "aligned_bytes", _aligned)
        patch.setattr(executable, "np", _GuardedNumPy())
        patch.setattr(batched, "np", _GuardedNumPy())
        patch.setattr(executable.Executable, "run", _run(executable.Executable.run))
        batches = executable.Executable.run_batches
        patch.setattr(executable.Executable, "run_batches", _run_batches(batches))
        yield
