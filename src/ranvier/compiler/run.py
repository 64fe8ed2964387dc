"""Run: a graph as machine code, called with arrays.

An Executable is built once from a Graph. `run` calls it on arrays; `run_batches` runs a stretch of training steps, each on
the next batch of rows, without Python in between. Updated inputs are written in place.
"""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..config import thread_count
from ..errors import GraphError
from ..graph.graph import Graph
from ..passes.memory import Life, plan
from ..passes.pipeline import prepare
from .build import Code, build
from .loops import Buffer, Kernel
from .lower import lower
from .module import Module, Stream, write_module
from .pool import run_together

_TRY_OTHER = 25  # calls of run_batches between two looks at the slower number of threads

_STEP = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2, ctypes.c_void_p)
_BATCHES = ctypes.CFUNCTYPE(
    None,
    *[ctypes.c_void_p] * 3,
    *[ctypes.c_int64] * 2,
    *[ctypes.c_void_p] * 3,
    *[ctypes.c_int64] * 4,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_void_p,
)


class Executable:
    """A graph as machine code.

    `streams` are the numbers of inputs that `run_batches` fills with rows, `batch` their number of rows, `count_input`
    the number of the float32 input that receives how many of them are real.
    """

    def __init__(
        self,
        graph: Graph,
        streams: Sequence[int] = (),
        batch: int = 0,
        count_input: int = -1,
    ) -> None:
        self.traced = graph
        self.graph = prepare(graph)
        self.streams = tuple(streams)
        self.batch = batch
        self.count_input = count_input
        self._lock = threading.Lock()
        low = lower(self.graph)
        self.kernels = low.kernels
        inputs = list(self.graph.inputs)
        self._updated = [inputs.index(t) for t in self.graph.updates]
        table = {b: i for i, b in enumerate([*low.inputs, *low.outputs])}
        offsets, self.arena_bytes = place_in_arena(self.kernels, low.arena)
        rows = tuple(Stream(i, _row_bytes(inputs[i])) for i in self.streams)
        self.threads = thread_count()
        self.module: Module = write_module(
            self.kernels, table, offsets, self.threads, rows, batch, count_input
        )
        if not self.module.threaded:
            self.threads = 1
        self._specs = [n.spec for n in inputs]
        self._out_specs = [n.spec for n in self.graph.outputs]
        self._code: Code = build(self.module.text, self.module.thorough)
        self._step = _STEP(self._code.address("step"))
        self._batches = _BATCHES(self._code.address("batches")) if rows else None
        self._arena = _aligned(self.arena_bytes)
        self._table = np.zeros(len(table) + 1, np.uint64)
        self._sync = _aligned(64)
        self._known: list[Any] = [None] * len(inputs)
        self._scratch: dict[int, Any] = {}
        if rows:
            self._prepare_batches()
        self._choice = _Choice(self.threads)
        self._rounds = [np.zeros(1, np.int64) for _ in range(self.threads)]
        self._counter = self._sync.view(np.int64)
        self._fixed = (_address(self._table), _address(self._arena), _address(self._sync))

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for these inputs; updated inputs are overwritten in place."""
        outputs = [np.empty(s.shape, s.dtype) for s in self._out_specs]
        with self._lock:
            back = self._bind(arrays)
            first = len(self._specs)
            for i, out in enumerate(outputs):
                self._table[first + i] = _address(out)
            self._call(self._step, ())
            self._write_back(back)
            if self._batches is not None:
                for i, out in enumerate(self._dropped):
                    self._table[first + i] = _address(out)
        return outputs

    def run_batches(
        self,
        arrays: Sequence[Any],
        streams: Mapping[int, Any],
        order: Any,
        first: int,
        last: int,
        total: int,
        sums: Any = None,
        log: Any = None,
    ) -> None:
        """Steps `first` to `last - 1`: step s takes rows `order[s * batch : (s + 1) * batch]` of every stream.

        `order` (int64) holds the rows of one epoch or of several, each padded to whole batches with valid row numbers;
        `total` rows of an epoch are real, and the count input gets how many of a batch are. Outputs are dropped; updates
        are applied in place. With `log` (epochs, len(sums)) the array `sums` is copied into its row at the end of an epoch
        and set to zero.
        """
        if self._batches is None or tuple(streams) != self.streams:
            raise GraphError("run_batches: the executable was built for other streams")
        with self._lock:
            full = list(arrays)
            for i, array in self._fill.items():
                full[i] = array
            back = self._bind(full)
            for i, array in enumerate(streams.values()):
                self._sources[i] = _address(array)
            places = (_address(self._sources), _address(order), first, last, total)
            per_epoch = -(-total // self.batch)
            kept = (0, 0, 0) if log is None else (_address(sums), sums.nbytes, _address(log))
            threads = self._choice.threads()
            began = time.perf_counter()
            self._call(self._batches, (*places, per_epoch, *kept), threads)
            self._choice.took(threads, last - first, time.perf_counter() - began)
            self._write_back(back)

    def _prepare_batches(self) -> None:
        """Arrays for one batch of every stream and for the outputs nobody asked for."""
        chosen = [*self.streams, *([self.count_input] if self.count_input >= 0 else [])]
        self._fill = {i: np.zeros(self._specs[i].shape, self._specs[i].dtype) for i in chosen}
        self._sources = np.zeros(max(len(self.streams), 1), np.uint64)
        self._dropped = [np.zeros(s.shape, s.dtype) for s in self._out_specs]
        for i, out in enumerate(self._dropped):
            self._table[len(self._specs) + i] = _address(out)

    def _bind(self, arrays: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Put the inputs' addresses into the table; returns (given, copy) of updated arrays that had to be copied."""
        back: list[tuple[Any, Any]] = []
        changed = False
        if len(arrays) != len(self._specs):
            raise GraphError(f"the graph has {len(self._specs)} inputs, not {len(arrays)}")
        for i, (array, spec) in enumerate(zip(arrays, self._specs, strict=True)):
            if array is self._known[i]:
                continue
            if array.shape != spec.shape or array.dtype != spec.dtype:
                raise GraphError(
                    f"input {i} is {array.dtype}{list(array.shape)}; the graph was built for {spec}"
                )
            if not array.flags.c_contiguous or (i in self._updated and not array.flags.writeable):
                copy = np.array(array, order="C")
                if i in self._updated:
                    back.append((array, copy))
                self._known[i] = None
                array = copy
                self._scratch[-1 - i] = copy  # keep it alive during the call
            else:
                self._known[i] = array
            self._table[i] = _address(array)
            changed = True
        if changed and self._updated:
            self._separate(arrays, back)
        return back

    def _separate(self, arrays: Sequence[Any], back: list[tuple[Any, Any]]) -> None:
        """Of inputs that share memory with an updated one, all but one updated one work on copies."""
        starts = self._table.tolist()
        spans = sorted(
            (starts[i], starts[i] + s.dtype.itemsize * math.prod(s.shape), i)
            for i, s in enumerate(self._specs)
            if 0 not in s.shape
        )
        end, together = 0, list[int]()
        for start, stop, i in spans:
            if start >= end:
                self._copy_all_but_one(arrays, together, back)
                together = []
            together.append(i)
            end = max(end, stop)
        self._copy_all_but_one(arrays, together, back)

    def _copy_all_but_one(
        self, arrays: Sequence[Any], together: list[int], back: list[tuple[Any, Any]]
    ) -> None:
        """The first updated one of these inputs keeps its memory; later updates overwrite its own."""
        updated = [i for i in self._updated if i in together]
        for i in [*updated[1:], *[i for i in together if updated and i not in updated]]:
            copy = np.array(arrays[i], order="C")
            self._scratch[-1 - i] = copy
            self._known[i] = None
            self._table[i] = _address(copy)
            if i in updated:
                back.append((arrays[i], copy))

    @staticmethod
    def _write_back(back: list[tuple[Any, Any]]) -> None:
        for given, copy in back:
            given[...] = copy

    def _call(
        self, function: Callable[..., None], extra: tuple[int, ...], threads: int = 0
    ) -> None:
        """Call on one thread, or on several at once."""
        threads = threads or self.threads
        for r in self._rounds:
            r[0] = self._counter[0]
        if threads == 1:
            function(*self._fixed, 0, 1, _address(self._rounds[0]), *extra)
            return
        work = [
            (function, (*self._fixed, t, threads, _address(r), *extra))
            for t, r in enumerate(self._rounds)
        ]
        run_together(work)


def place_in_arena(kernels: list[Kernel], arena: list[Buffer]) -> tuple[dict[Buffer, int], int]:
    """The offset of every arena buffer that a kernel uses, and the size of the arena."""
    first: dict[Buffer, int] = {}
    last: dict[Buffer, int] = {}
    for i, kernel in enumerate(kernels):
        for buffer in kernel.buffers():
            first.setdefault(buffer, i)
            last[buffer] = i
    used = [b for b in arena if b in first]
    offsets, size = plan([Life(first[b], last[b], b.size * b.dtype.itemsize) for b in used])
    return dict(zip(used, offsets, strict=True)), size


class _Choice:
    """One thread or all: whichever has been faster lately.

    Threads that wait for each other lose when another process holds a core. As no result depends on their number, both ways
    are timed, the slower one again now and then.
    """

    def __init__(self, threads: int) -> None:
        self.most = threads
        self.seconds: dict[int, float] = {}  # for one step
        self.calls = 0

    def threads(self) -> int:
        """How many threads to use now."""
        if self.most == 1 or self.most not in self.seconds:
            return self.most
        if 1 not in self.seconds:
            return 1
        self.calls += 1
        best = min(self.seconds, key=lambda t: self.seconds[t])
        if self.calls % _TRY_OTHER:
            return best
        return 1 if best > 1 else self.most

    def took(self, threads: int, steps: int, seconds: float) -> None:
        """Learn from one call; the first one also pays for waking the threads."""
        if self.most > 1 and (steps > 1 or seconds > 0.01):
            self.seconds[threads] = seconds / steps


def _aligned(size: int) -> Any:
    """Zeroed bytes that begin at a cache line."""
    raw = np.zeros(size + 64, np.uint8)
    start = -_address(raw) % 64
    return raw[start : start + max(size, 64)]


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0]  # type: ignore[no-any-return]


def _row_bytes(node: Any) -> int:
    size = node.dtype.itemsize
    for n in node.shape[1:]:
        size *= n
    return int(size)
