"""Rows in batches: a graph built for one batch, run over any number of rows by one native call.

Whole batches are read where they are and written straight into the result; the last short one goes
through a buffer of its own, filled up with copies of its first row. No Python runs between batches,
and floats are looked at on the way: a NaN or an infinity among the rows ends the run. Whether those
copies are seen by nobody is not asked here (ops/rows).

Each thread works in a lane: its own table, arena and buffer for a short batch. So several Python
threads may call at once, and one call shares many batches among the threads of the pool. A graph
large enough to use threads itself, called with few batches, has all of them work on one batch.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..base.aligned import address, aligned_bytes
from ..base.config import thread_count
from ..base.locks import renewed_in_child
from ..codegen.call_glue_ir import FITS, LANE, SYNC_BYTES
from ..typing import Array
from .call_glue import driver, spec_of
from .thread_choice import Choice
from .thread_pool import interrupted_itself, run_together

if TYPE_CHECKING:
    from .executable import Executable

_MIN_THREADED_NANOSECONDS = 150_000.0  # of all batches that are worth sharing among threads
_MAX_LANE_ARENA_BYTES = 64 << 20  # bytes of an arena that there are no further ones of
_CHUNKS_PER_THREAD = 16  # taken one after the other, so that a slow thread does fewer
_STATUS, _TAKEN = LANE.index("status"), LANE.index("taken")


class ByRows:
    """A compiled graph whose first input and only output hold rows."""

    def __init__(self, executable: Executable) -> None:
        x, *others = executable.graph.inputs
        (out,) = executable.graph.outputs
        self.executable = executable  # NOTE: whose code runs here
        self.batch = x.shape[0]
        self.row, self.dtype = out.shape[1:], out.dtype
        self.nanoseconds = executable.built.facts.nanoseconds
        kinds = [((-1, *x.shape[1:]), x.dtype), *((n.shape, n.dtype) for n in others)]
        self._spec = spec_of([*kinds, ((-1, *out.shape[1:]), out.dtype)], free=len(kinds))
        self._x, self._out, self._slots = x, out, len(kinds)
        self._step = executable.built.code.address("step")
        functions = driver()
        assert functions is not None  # see `fits`
        self._rows = functions.rows
        self._free: deque[_Lane] = deque()
        self._choice = Choice(executable.threads)
        self._teams: dict[int, list[_Lane]] = {}
        self.renew()
        renewed_in_child(self)

    def renew(self) -> None:
        """Nobody runs it on all threads."""
        self._lock = threading.RLock()
        self._running = False

    @staticmethod
    def fits(executable: Executable) -> bool:
        """Whether the graph has that form: as many rows come out as go in."""
        graph = executable.graph
        return (
            driver() is not None
            and not executable.built.facts.updated
            and len(graph.outputs) == 1
            and bool(graph.inputs and graph.inputs[0].shape and graph.outputs[0].shape)
            and graph.inputs[0].shape[0] == graph.outputs[0].shape[0] > 0
        )

    def __call__(self, x: Array, others: Iterable[Array]) -> Array | None:
        """The output for the rows of x, or None: an array does not fit, a row is not finite, or an
        index is outside its axis."""
        rows = len(x)
        out = np.empty((rows, *self.row), self.dtype)
        status = self._many((x, *others, out), -(-rows // self.batch))
        return out if status == FITS else None

    def single(
        self, rows: int, others: Callable[[], Iterable[Array]]
    ) -> Callable[[Array], Array | None] | None:
        """A function of x alone like that, for x of so many rows; None where they take several
        batches or threads.
        """
        if rows > self.batch or self.executable.threads > 1:
            return None
        shape, dtype, run, free = (rows, *self.row), self.dtype, self._rows, self._free
        empty = np.empty

        def call(x: Array) -> Array | None:
            out = empty(shape, dtype)
            objects = (x, *others(), out)
            try:
                lane = free.pop()
            except IndexError:
                lane = _Lane(self, 0, 1, None)
            status = run(id(objects), lane.address, 0, 1)
            free.append(lane)
            return None if status else out

        return call

    def _many(self, objects: tuple[Array, ...], batches: int) -> int:
        """Run all batches, on as many threads as they are worth."""
        threads, own = thread_count(), self.executable.threads
        small = self.executable.arena_bytes < _MAX_LANE_ARENA_BYTES
        if own > 1 and (batches < 2 * threads or not small):
            with self._lock:
                if self._running:
                    raise interrupted_itself()
                self._running = True
                try:
                    return self._on_each(objects, batches)
                finally:
                    self._running = False
        worth = small and batches * self.nanoseconds > _MIN_THREADED_NANOSECONDS
        lanes = [self._lane() for _ in range(min(threads, batches) if worth else 1)]
        taken = np.zeros(1, np.int64)  # batches that some thread has begun
        if len(lanes) > 1:
            chunk = max(1, batches // (len(lanes) * _CHUNKS_PER_THREAD))
            for lane in lanes:
                lane.share(address(taken), chunk)
        work = [(self._rows, (id(objects), lane.address, 0, batches)) for lane in lanes]
        if not run_together(work, wait=False):
            for function, arguments in work:  # the first one takes all batches
                function(*arguments)
        for lane in lanes:
            lane.share(0, 0)
        self._free.extend(lanes)
        return _status(lanes)

    def _lane(self) -> _Lane:
        try:
            return self._free.pop()
        except IndexError:
            return _Lane(self, 0, 1, None)

    def _on_each(self, objects: tuple[Array, ...], batches: int) -> int:
        """All threads together on one batch after the other, or one alone."""
        threads = self._choice.threads()
        began = time.perf_counter()
        team, free = self._team_at_work(objects, batches, threads)
        if not free:
            threads = 1
            team, _ = self._team_at_work(objects, batches, threads)
        self._choice.took(threads, batches, time.perf_counter() - began)
        return _status(team)

    def _team_at_work(
        self, objects: tuple[Array, ...], batches: int, threads: int
    ) -> tuple[list[_Lane], bool]:
        """The team of so many threads, and whether the pool was free to run it."""
        team = self._team(threads)
        for lane in team:
            lane.round[0] = team[0].sync.view(np.int64)[0]
        work = [(self._rows, (id(objects), lane.address, 0, batches)) for lane in team]
        return team, run_together(work, wait=False)

    def _team(self, threads: int) -> list[_Lane]:
        """So many lanes with one arena, which is that of all teams."""
        if threads not in self._teams:
            first = next((team[0] for team in self._teams.values()), None)
            made: list[_Lane] = []
            for t in range(threads):
                made.append(_Lane(self, t, threads, first))
                first = first or made[0]
            self._teams[threads] = made
        return self._teams[threads]


class _Lane:
    """What one thread works with; `shared` is the first lane of those that share one arena."""

    def __init__(self, of: ByRows, thread: int, threads: int, shared: _Lane | None) -> None:
        x, out = of._x, of._out
        self.table = np.zeros(of._slots + 2, np.uint64)
        self.round = np.zeros(1, np.int64)
        if shared is None:
            self.arena = aligned_bytes(of.executable.arena_bytes)
            self.sync = aligned_bytes(SYNC_BYTES)
            self.x_pad = aligned_bytes(x.size * x.dtype.itemsize)
            self.out_pad = aligned_bytes(out.size * out.dtype.itemsize)
        else:
            self.arena, self.sync = shared.arena, shared.sync
            self.x_pad, self.out_pad = shared.x_pad, shared.out_pad
        numbers = {
            "spec": address(of._spec),
            "table": address(self.table),
            "arena": address(self.arena),
            "sync": address(self.sync),
            "round": address(self.round),
            "step": of._step,
            "thread": thread,
            "threads": threads,
            "batch": of.batch,
            "x_bytes": x.size // of.batch * x.dtype.itemsize,
            "out_bytes": out.size // of.batch * out.dtype.itemsize,
            "check": x.size // of.batch if x.dtype == np.float32 else 0,
            "x_pad": address(self.x_pad),
            "out_pad": address(self.out_pad),
            "out": of._slots,
            "status": FITS,
            "taken": 0,
            "chunk": 0,
        }
        self.numbers = np.array([numbers[name] for name in LANE], np.int64)
        self.address = address(self.numbers)

    def share(self, taken: int, chunk: int) -> None:
        """Take a few batches at a time from those that are left; 0: do the whole range alone."""
        self.numbers[_TAKEN : _TAKEN + 2] = taken, chunk

    @property
    def status(self) -> int:
        """How its last run ended."""
        return int(self.numbers[_STATUS])


def _status(lanes: list[_Lane]) -> int:
    """The first status that is not FITS."""
    return next((lane.status for lane in lanes if lane.status != FITS), FITS)
