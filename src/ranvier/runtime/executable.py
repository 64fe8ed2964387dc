"""The executable: a graph as machine code, called with arrays.

An Executable is built once from a Graph. `run` calls it on arrays; `run_batches` runs a stretch of
training steps, each on the next batch of rows, without Python in between. Updated inputs are
written in place.

Both hand their arrays to the driver (call_glue.py) as one tuple. Arrays that do not lie in memory
as the graph needs them are copied first, here, and what the graph wrote into a copy is copied back.
"""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ..base.aligned import address, aligned_bytes
from ..base.locks import renewed_in_child
from ..codegen.call_glue_ir import FITS, LANE, STOPPED, SYNC_BYTES
from ..compiler.store import Built, built
from ..errors import GraphError, IndexRangeError
from ..graph.batch_plan import ONCE, BatchPlan, BatchRows
from ..graph.graph import Graph
from ..graph.interpret import evaluate
from ..graph.member_arrays import MembersArrays, MembersRows
from ..typing import Array
from .batched import ByRows
from .call_glue import driver, quick_address, spec_of
from .members_runner import MembersRunner, Stopped
from .shuffle import draw
from .thread_choice import Choice
from .thread_pool import interrupted_itself, run_together

if TYPE_CHECKING:
    from ..compiler.stages import Compilation


_Copy = tuple[Any, Any]  # an array, or None, and its copy

_POINTER = ctypes.c_void_p  # NOTE: for integers too; ctypes hands these over fastest
_STEP = ctypes.CFUNCTYPE(None, *[_POINTER] * 6)
_BATCHES = ctypes.CFUNCTYPE(None, *[_POINTER] * 15)


class Executable:
    """A graph as machine code.

    `graph` is the graph as traced; `plan` says which inputs `run_batches` fills with rows.
    """

    def __init__(self, graph: Graph, plan: BatchPlan = ONCE) -> None:
        self.graph, self.plan = graph, plan
        self.streams, self.batch, self.count_input = plan
        self.built: Built = built(graph, plan)
        self._code = self.built.code
        self._compilation: Compilation | None = None
        facts = self.built.facts
        self.arena_bytes, self.threads, self._updated = (
            facts.arena_bytes,
            facts.threads,
            facts.updated,
        )
        self._specs = [n.spec for n in graph.inputs]
        self._outputs = [(n.shape, n.dtype) for n in graph.outputs]
        self._step = _STEP(self._code.address("step"))
        self.batches_address = self._code.address("batches") if self.streams else 0
        self._batches = _BATCHES(self.batches_address) if self.streams else None
        self._members: MembersRunner | None = None  # once members have been run
        self.renew()
        renewed_in_child(self)
        self._arena = aligned_bytes(self.arena_bytes)
        self._table = np.zeros(len(self._specs) + len(self._outputs) + 1, np.uint64)
        self._sync = aligned_bytes(SYNC_BYTES)
        self._counter = self._sync.view(np.int64)
        self._rounds = [np.zeros(1, np.int64) for _ in range(self.threads)]
        self._fixed = (address(self._table), address(self._arena), address(self._sync))
        self._choice = Choice(self.threads)
        self._round_addresses = [address(r) for r in self._rounds]
        self._prepare_driver()
        if self.streams:
            self._prepare_batches()

    def renew(self) -> None:
        """Nobody runs it."""
        self._lock = threading.RLock()
        self._running = False

    # -- what the machine code was made from -------------------------------------------------------

    def compilation(self, keep: bool = False) -> Compilation:
        """What the graph became on the way, made once more: its code may be from the cache.

        With `keep` it holds what each stage left.
        """
        from ..compiler.stages import Compilation

        if keep:
            return Compilation(self.graph, self.plan, keep)
        if self._compilation is None:
            self._compilation = Compilation(self.graph, self.plan)
        return self._compilation

    def native(self) -> Executable:
        """The machine code: this itself."""
        return self

    def row_runner(self) -> ByRows | None:
        """What runs the first input, which holds rows, over any number of them by one native call;
        None where the graph does not have that form.
        """
        return ByRows(self) if ByRows.fits(self) else None

    # -- one step ----------------------------------------------------------------------------------

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for these inputs; updated inputs are overwritten in place."""
        outputs = [np.empty(shape, dtype) for shape, dtype in self._outputs]
        objects = (*arrays, *outputs)
        with self._lock:
            if self._running:
                raise interrupted_itself()
            self._running = True
            try:
                if len(objects) == self._count:
                    if self.threads == 1:
                        if self._run(id(objects), self._lane_address) == FITS:
                            return outputs
                    elif self._bind_quickly(objects):
                        self._timed(self._step, (), 1)
                        if not self._ended():
                            return outputs
                back = self._bind(objects)
                self._timed(self._step, (), 1)
                if not self._ended():
                    self._write_back(back)
                    return outputs
            finally:
                self._running = False
        self._refuse(arrays)

    def _prepare_driver(self) -> None:
        """The lane of a call on one thread; without a driver every call goes the slow way."""
        self._driver = driver()
        self._address_of = quick_address if self._driver else address
        self._count = len(self._specs) + len(self._outputs) if self._driver else -1
        if self._driver is None:
            return
        kinds = [(s.shape, s.dtype) for s in self._specs]
        self._spec = spec_of([*kinds, *self._outputs], self._updated, len(kinds))
        self._run = self._driver.run
        self._lane = np.zeros(len(LANE), np.int64)
        self._spec_address = address(self._spec)
        first = (self._spec_address, *self._fixed, self._round_addresses[0])
        self._lane[:8] = (*first, self._code.address("step"), 0, 1)
        self._lane_address = address(self._lane)

    def _bind_quickly(self, objects: tuple[Array, ...]) -> bool:
        """Let the driver fill the table; False where something needs a closer look."""
        return (
            self._driver is not None
            and len(objects) == self._count
            and self._driver.bind(id(objects), self._spec_address, self._fixed[0]) == FITS
        )

    # -- many steps --------------------------------------------------------------------------------

    def run_batches(
        self,
        arrays: Sequence[Array],
        streams: Mapping[int, Array],
        order: Array,
        first: int,
        last: int,
        total: int,
        sums: Array | None = None,
        log: Array | None = None,
    ) -> None:
        """Steps `first` to `last - 1`: step s takes rows `order[s * batch : (s + 1) * batch]` of
        every stream.

        `order` (int64) holds the rows of one epoch or of several, each padded to whole batches with
        valid row numbers; `total` rows of an epoch are real, and the count input gets how many of a
        batch are. Outputs are dropped; updates are applied in place. With `log` (epochs, len(sums))
        the array `sums` is copied into its row at the end of an epoch and set to zero.
        """
        if self._batches is None or tuple(streams) != self.streams:
            raise GraphError("run_batches: the executable was built for other streams")
        rows = [self._rows_in_order(i, array) for i, array in streams.items()]
        order = np.ascontiguousarray(order, np.int64)
        if len(order) < last * self.batch:
            raise GraphError(f"run_batches: {len(order)} rows in the order; step {last} needs more")
        with self._lock:
            if self._running:
                raise interrupted_itself()
            self._running = True
            try:
                full = list(arrays)
                for i, array in self._fill.items():
                    full[i] = array
                objects = (*full, *self._dropped)
                back = [] if self._bind_quickly(objects) else self._bind(objects)
                locate = self._address_of
                for i, array in enumerate(rows):
                    self._sources[i] = locate(array)
                arguments = (self._sources_address, locate(order), first, last, total)
                per_epoch = -(-total // self.batch)
                kept = (0, 0, 0)
                if log is not None and sums is not None:
                    kept = (locate(sums), sums.nbytes, locate(log))
                self._timed(self._batches, (*arguments, per_epoch, *kept), last - first)
                self._write_back(back)
                if not self._ended():
                    return
                at = int(self._counter[STOPPED + 1])
            finally:
                self._running = False
        batch = BatchRows(self.plan, order, at, total)
        with batch.named():
            self._refuse(batch.arguments(arrays, streams))

    def run_members(
        self,
        members: MembersArrays,
        rows: MembersRows,
        first: int,
        last: int,
        sums: Array,
        log: Array | None = None,
    ) -> None:
        """Steps `first` to `last - 1` of every member of an ensemble, each on its own arrays.

        `sums` (members, numbers) and `log` (members, epochs, numbers) hold those of each.
        """
        if self._batches is None:
            raise GraphError("run_members: the executable was built without rows")
        streams = [
            np.ascontiguousarray(a) if i in rows.own else self._rows_in_order(i, a)
            for i, a in enumerate(rows.streams)
        ]
        rows = replace(rows, streams=streams)
        with self._lock:
            if self._running:
                raise interrupted_itself()
            self._running = True
            try:
                if self._members is None:
                    self._members = MembersRunner(self)
                self._members(members, rows, first, last, sums, log)
                return
            except Stopped as stopped:
                member, at = stopped.member, stopped.step
            finally:
                self._running = False
        batch = BatchRows(self.plan, rows.order_of(member, draw), at, rows.total)
        its = dict(enumerate(rows.of(member)))
        count = [np.zeros((), np.float32)] if self.count_input >= 0 else []
        with batch.named():
            arrays = [*its.values(), *count, *members.arrays[member]]
            self._refuse(batch.arguments(arrays, its))

    def _rows_in_order(self, i: int, array: Array) -> Array:
        """The rows of a stream as they are read: contiguous, of the input's dtype and shape."""
        spec = self._specs[i]
        if array.shape[1:] != spec.shape[1:] or array.dtype != spec.dtype:
            raise GraphError(
                f"run_batches: rows of stream {i} are {array.dtype}{list(array.shape[1:])}; "
                f"the graph was built for {spec}"
            )
        return np.ascontiguousarray(array, spec.dtype)

    def _prepare_batches(self) -> None:
        """Arrays for one batch of every stream and for the outputs nobody asked for."""
        chosen = [*self.streams, *([self.count_input] if self.count_input >= 0 else [])]
        self._fill = {i: np.zeros(self._specs[i].shape, self._specs[i].dtype) for i in chosen}
        self._sources = np.zeros(max(len(self.streams), 1), np.uint64)
        self._sources_address = address(self._sources)
        self._dropped = [np.zeros(shape, dtype) for shape, dtype in self._outputs]

    # -- the slow way ------------------------------------------------------------------------------

    def _bind(self, objects: Sequence[Array]) -> list[_Copy]:
        """Put the addresses of inputs (and outputs) into the table, of copies where need be.

        Returns (array or None, copy) of what had to be copied: None where nothing is to be copied
        back. A GraphError says what does not fit.
        """
        count = len(self._specs)
        count_passed = len(objects) - len(self._outputs)
        if count_passed != count:
            raise GraphError(f"the graph has {count} inputs, not {count_passed}")
        copies: list[_Copy] = []
        for i, array in enumerate(objects):
            if i < count:
                array = self._checked(i, array, copies)
            self._table[i] = address(array)
        if self._updated:
            self._separate(objects, copies)
        return copies

    def _checked(self, i: int, array: Array, copies: list[_Copy]) -> Array:
        """Input i, or a copy of it in order."""
        spec = self._specs[i]
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise GraphError(
                f"input {i} is {array.dtype}{list(array.shape)}; the graph was built for {spec}"
            )
        written = i in self._updated
        in_order = array.flags.c_contiguous and array.flags.aligned
        if in_order and (array.flags.writeable or not written):
            return array
        copy = np.array(array, spec.dtype, order="C")
        copies.append((array if written else None, copy))
        return copy

    def _separate(self, objects: Sequence[Array], copies: list[_Copy]) -> None:
        """Of inputs that share memory with an updated one, all but one work on copies."""
        starts = self._table.tolist()
        spans = sorted(
            (starts[i], starts[i] + s.dtype.itemsize * math.prod(s.shape), i)
            for i, s in enumerate(self._specs)
            if 0 not in s.shape
        )
        end, together = 0, list[int]()
        for start, stop, i in spans:
            if start >= end:
                self._copy_all_but_one(objects, together, copies)
                together = []
            together.append(i)
            end = max(end, stop)
        self._copy_all_but_one(objects, together, copies)

    def _copy_all_but_one(
        self, objects: Sequence[Array], together: list[int], copies: list[_Copy]
    ) -> None:
        """The first updated one of these inputs keeps its memory."""
        updated = [i for i in self._updated if i in together]
        for i in [*updated[1:], *[i for i in together if updated and i not in updated]]:
            copy = np.array(objects[i], order="C")
            self._table[i] = address(copy)
            copies.append((objects[i] if i in updated else None, copy))

    @staticmethod
    def _write_back(copies: list[_Copy]) -> None:
        for array, copy in copies:
            if array is not None:
                array[...] = copy

    # -- a step that has ended early ---------------------------------------------------------------

    def _ended(self) -> bool:
        """Whether the last step has ended at an index outside its axis."""
        if not self._counter[STOPPED]:
            return False
        self._counter[STOPPED] = 0
        return True

    def _refuse(self, arrays: Sequence[Any]) -> NoReturn:
        """The error of such a step, which has changed nothing: the reference says it."""
        # NOTE: copies, as another thread may be changing the numbers.
        evaluate(self.graph, [np.array(array) for array in arrays])
        raise IndexRangeError(
            "an index is outside its axis, but only just: the reference executor, which rounds "
            "otherwise, finds all of them inside. Round or clip the numbers that it is made from. "
            "If another thread changes the arrays while they are computed with, give a copy"
        )

    # -- the call ----------------------------------------------------------------------------------

    def _timed(self, function: Callable[..., None], extra: tuple[int, ...], steps: int) -> None:
        """Call on as many threads as have been best."""
        threads = self._choice.threads()
        began = time.perf_counter()
        threads = self._call(function, extra, threads)
        self._choice.took(threads, steps, time.perf_counter() - began)

    def _call(self, function: Callable[..., None], extra: tuple[int, ...], threads: int) -> int:
        """Call on one thread, or on several at once; on how many it was.

        A stretch of batches waits for the pool, a single step takes one thread instead.
        """
        for r in self._rounds:
            r[0] = self._counter[0]
        if threads > 1:
            work = [
                (function, (*self._fixed, t, threads, r, *extra))
                for t, r in enumerate(self._round_addresses)
            ]
            if run_together(work, wait=function is self._batches):
                return threads
        function(*self._fixed, 0, 1, self._round_addresses[0], *extra)
        return 1
