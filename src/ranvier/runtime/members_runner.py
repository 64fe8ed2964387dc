"""Members: one step run on the arrays of many models of one form, by one native call.

Each thread works in a lane of its own (a table, an arena, an order of the rows) and takes one
member after the other, so no thread waits for another one before the stretch is over.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import numpy as np

from ..base.aligned import address, aligned_bytes
from ..base.config import thread_count
from ..codegen.call_glue_ir import STOPPED, SYNC_BYTES
from ..codegen.members_ir import MEMBERS_CALL, MEMBERS_LANE, TEXT
from ..graph.member_arrays import MembersArrays, MembersRows
from ..native.code_cache import code_of_text
from ..typing import Array
from .shuffle import draw_address
from .thread_pool import run_together

if TYPE_CHECKING:
    from .executable import Executable

_MIN_THREADED_NANOSECONDS = 100_000.0  # of all members that are worth sharing among threads
_POINTER = ctypes.c_void_p


class Stopped(Exception):
    """A member's step has ended early: its number, and that of the step."""

    def __init__(self, member: int, step: int) -> None:
        super().__init__(member, step)
        self.member, self.step = member, step


class MembersRunner:
    """Runs an executable that has a plan of batches on the arrays of members."""

    def __init__(self, executable: Executable) -> None:
        self.executable = executable
        code = code_of_text("members", TEXT, ("members",))
        self._code = code  # NOTE: it must outlive the function
        self._function = ctypes.CFUNCTYPE(None, _POINTER, _POINTER)(code.address("members"))
        self._lanes: list[_Lane] = []
        self._taken = np.zeros(1, np.int64)

    def __call__(
        self,
        members: MembersArrays,
        rows: MembersRows,
        first: int,
        last: int,
        sums: Array,
        log: Array | None,
    ) -> None:
        """Run the steps `first` to `last - 1` of every member; see `Executable.run_members`."""
        streams = self._streams(rows)
        call = self._call(members, rows, first, last, sums, log, streams)
        self._taken[0] = 0
        lanes = self._lanes_for(members, rows, last - first)
        work = [(self._function, (lane.address, address(call))) for lane in lanes]
        if not run_together(work, wait=False):
            function, arguments = work[0]  # the first one takes all members
            function(*arguments)
        for lane in lanes:
            stopped = lane.ended()
            if stopped is not None:
                raise stopped

    def _lanes_for(self, members: MembersArrays, rows: MembersRows, steps: int) -> list[_Lane]:
        """As many lanes as the work is worth threads."""
        estimate = self.executable.built.facts.nanoseconds * steps * len(members)
        worth = estimate > _MIN_THREADED_NANOSECONDS
        count = min(thread_count(), len(members)) if worth else 1
        while len(self._lanes) < count:
            self._lanes.append(_Lane(self.executable))
        for lane in self._lanes[:count]:
            lane.room(rows.epochs * rows.width if rows.keys is not None else 0)
        return self._lanes[:count]

    def _streams(self, rows: MembersRows) -> Array:
        """The addresses of the rows: one line for all, or one for each member."""
        of_each = [(address(a), a.strides[0] if i in rows.own else 0) for i, a in
                   enumerate(rows.streams)]  # fmt: skip
        members = rows.streams[min(rows.own)].shape[0] if rows.own else 1
        numbers = np.arange(members, dtype=np.uint64)[:, np.newaxis]
        starts = np.array([start for start, _ in of_each], np.uint64)
        steps = np.array([step for _, step in of_each], np.uint64)
        return np.ascontiguousarray(starts + numbers * steps)

    def _call(
        self,
        members: MembersArrays,
        rows: MembersRows,
        first: int,
        last: int,
        sums: Array,
        log: Array | None,
        streams: Array,
    ) -> Array:
        executable = self.executable
        numbers = {
            "batches": executable.batches_address,
            "draw": 0 if rows.keys is None else draw_address(),
            "taken": address(self._taken),
            "addresses": address(members.addresses),
            "streams": address(streams),
            "order": 0 if rows.order is None else address(rows.order),
            "sums": address(sums),
            "log": 0 if log is None else address(log),
            "keys": 0 if rows.keys is None else address(rows.keys),
            "members": len(members),
            "inputs": members.addresses.shape[1],
            "before": len(executable.graph.inputs) - members.addresses.shape[1],
            "streams_bytes": streams.strides[0] if rows.own else 0,
            "sum_bytes": sums.strides[0],
            "log_bytes": 0 if log is None else log.strides[0],
            "first": first,
            "last": last,
            "total": rows.total,
            "per_epoch": -(-rows.total // executable.batch),
            "drawn": rows.drawn,
            "epochs": rows.epochs,
            "width": rows.width,
        }
        return np.array([numbers[name] for name in MEMBERS_CALL], np.int64)


class _Lane:
    """What one thread works with."""

    def __init__(self, executable: Executable) -> None:
        specs = [n.spec for n in executable.graph.inputs]
        outputs = [n.spec for n in executable.graph.outputs]
        self._arena = aligned_bytes(executable.arena_bytes)
        self._sync = aligned_bytes(SYNC_BYTES)
        self._round = np.zeros(1, np.int64)
        self._table = np.zeros(len(specs) + len(outputs) + 1, np.uint64)
        self._order = np.zeros(0, np.int64)
        self._kept: list[Array] = []  # rows of a batch, their count, outputs nobody asks for
        plan = executable.plan
        filled = [*plan.streams, *([plan.count_input] if plan.count_input >= 0 else [])]
        slots = [(i, specs[i]) for i in filled]
        slots += [(len(specs) + i, spec) for i, spec in enumerate(outputs)]
        for slot, (shape, dtype) in slots:
            array = aligned_bytes(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
            self._kept.append(array)
            self._table[slot] = address(array)
        self._numbers = np.array(
            [*map(address, (self._table, self._arena, self._sync, self._round)), 0, -1], np.int64
        )
        self.address = address(self._numbers)

    def room(self, rows: int) -> None:
        """Make room for orders of so many rows."""
        if len(self._order) < rows:
            self._order = np.zeros(rows, np.int64)
        self._numbers[MEMBERS_LANE.index("order")] = address(self._order)

    def ended(self) -> Stopped | None:
        """Whether a step of a member has ended early."""
        counter = self._sync.view(np.int64)
        if not counter[STOPPED]:
            return None
        counter[STOPPED] = 0
        member = int(self._numbers[MEMBERS_LANE.index("stopped")])
        return Stopped(member, int(counter[STOPPED + 1]))
