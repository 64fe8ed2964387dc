"""Kernels -> one module of LLVM IR, with the functions that run them all.

    step(table, arena, sync, thread, threads, round)    every kernel once
    batches(..., streams, order, first, last, ...)      gather rows, step, for a stretch of batches
                                                        of one or more epochs

`table` holds the addresses of the graph's inputs and outputs. With several threads every thread
runs the same function: kernels worth sharing are cut into units, the others run on thread 0, and
the threads meet (a counter in `sync`) wherever one kernel needs what another wrote.

A step ends where an index is outside its axis (passes/checks.py): it returns 1 and has changed no
input. Every thread runs the kernels that look, so all of them end alike. `sync` then holds 1 at
STOPPED, and behind it the number of the batch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from .. import dtypes
from ..base.processor import architecture, processor
from ..lower.cost_model import shared, worth_passes, worth_threads
from ..lower.hoist import root
from ..lower.loop_ir import Buffer, Kernel, Loop, Nest, Window
from . import denormals as subnormal
from .batch_loop import MEET, Stream, share, write_batches
from .call_glue_ir import STOPPED
from .expressions import Writer
from .gemm import write_contraction
from .ir_builder import Function, V, index
from .maps import write_map, write_scatter
from .reductions import write_reduction, write_scan
from .row_reductions import write_rows

_MAX_OPTIMIZED_CHARACTERS = 200_000  # of a module that is compiled thoroughly if it trains

_WRITERS: dict[str, Callable[[Writer, Nest], int]] = {
    "map": write_map,
    "reduce": write_reduction,
    "rows": write_rows,
    "scan": write_scan,
    "scatter": write_scatter,
    "contraction": write_contraction,
}


@dataclass
class Module:
    """LLVM IR, and what the runner has to know of it."""

    text: str
    threaded: bool
    units: list[int]
    thorough: bool  # all of LLVM's passes are worth their time
    long: frozenset[str]  # the kernels that make it so by themselves


def write_module(
    kernels: list[Kernel],
    table: dict[Buffer, int],
    offsets: dict[Buffer, int],
    threads: int,
    streams: tuple[Stream, ...] = (),
    batch: int = 0,
    count_slot: int = -1,
) -> Module:
    """The module for `kernels`; `table` and `offsets` say where each buffer lives."""
    bodies: dict[str, str] = {}  # body text -> name: equal kernels are written once
    needs: set[str] = set()
    names, units = [], []
    for kernel in kernels:
        body, count, declared = write_kernel(kernel)
        names.append(bodies.setdefault(body, f"k{len(bodies)}"))
        units.append(count)
        needs |= declared
    threaded = threads > 1 and worth_threads(kernels, units)
    parts = [body.replace("@KERNEL", f"@{name}", 1) for body, name in bodies.items()]
    calls = _Calls(kernels, names, units, table, offsets, threaded)
    parts.append(calls.step())
    if streams:
        parts.append(write_batches(streams, batch, count_slot, threaded))
        needs.add("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        needs.add("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        needs |= subnormal.declarations()
    if threaded:
        parts.append(_meet())
        needs |= _meeting_declarations()
    attributes = 'attributes #0 = { noinline nounwind "prefer-vector-width"="512" }'
    text = "\n\n".join([*sorted(needs), *parts, attributes]) + "\n"
    # A short step that trains runs so often that its passes soon pay.
    long = frozenset(n for k, n in zip(kernels, names, strict=True) if worth_passes(k))
    thorough = bool(long) or (bool(streams) and len(text) < _MAX_OPTIMIZED_CHARACTERS)
    return Module(text, threaded, units, thorough, long)


def write_kernel(kernel: Kernel) -> tuple[str, int, set[str]]:
    """The function of a kernel (named @KERNEL), its number of units, and the declarations it
    needs."""
    buffers = kernel.buffers()
    written = set(kernel.writes())
    names = {b: f"%b{i}" for i, b in enumerate(buffers)}
    arguments = [f"ptr noalias {'' if b in written else 'readonly '}{names[b]}" for b in buffers]
    f = Function("KERNEL", [*arguments, "i64 %lo", "i64 %hi"])
    writer = Writer(f, names, processor().vector_bytes, processor().fma)
    units = _WRITERS[kernel.nest.kind](writer, kernel.nest)
    return f.text(), units, f.needs


class _Calls:
    """The function that calls every kernel."""

    def __init__(
        self,
        kernels: list[Kernel],
        names: list[str],
        units: list[int],
        table: dict[Buffer, int],
        offsets: dict[Buffer, int],
        threaded: bool,
    ) -> None:
        self.kernels, self.names, self.units = kernels, names, units
        self.table, self.offsets, self.threaded = table, offsets, threaded
        arguments = ["ptr %table", "ptr %arena", "ptr %sync", "i64 %thread", "i64 %threads"]
        self.f = Function("step", [*arguments, "ptr %round"], "", "i64")
        self.pointers: dict[Buffer, str] = {}
        self.touched: list[_Touch] = []  # since the threads last met

    def step(self) -> str:
        """The text of the function."""
        for kernel in self.kernels:
            for buffer in kernel.buffers():
                self._pointer(root(buffer))
        self._run(0, len(self.kernels), None)
        self._meet()
        return self.f.text()

    def _run(self, first: int, last: int, around: Loop | None) -> None:
        """The calls of kernels `first` to `last - 1`, all of them inside the loop `around`."""
        i = first
        while i < last:
            kernel = self.kernels[i]
            if kernel.loop is around:
                self._call(i)
                i += 1
                continue
            chain = kernel.loops()
            loop = chain[0 if around is None else chain.index(around) + 1]
            end = i + 1
            while end < last and loop in self.kernels[end].loops():
                end += 1
            self._loop(loop, i, end)
            i = end

    def _loop(self, loop: Loop, first: int, last: int) -> None:
        """A loop over kernels `first` to `last - 1`. Threads meet before it, and at the end of each
        iteration if they share any of its kernels."""
        self._meet()
        shares = any(
            shared(k, u) or k.stops
            for k, u in zip(self.kernels[first:last], self.units[first:last], strict=True)
        )
        with self.f.loop(index(0), index(loop.iterations), 1) as (iteration, _):
            for kernel in self.kernels[first:last]:
                for buffer in kernel.buffers():
                    self._windows(buffer, loop, iteration)
            self._run(first, last, loop)
            if shares:
                self._meet()
        if not shares:
            self._touch_all_windows(first, last)

    def _touch_all_windows(self, first: int, last: int) -> None:
        """What a loop touches that thread 0 ran alone: its windows in every iteration, where the
        calls inside have noted the first one."""
        for kernel in self.kernels[first:last]:
            for buffer in kernel.buffers():
                if isinstance(buffer, Window):
                    whole = self._range(root(buffer))
                    self.touched.append(_Touch(*whole, buffer in kernel.writes(), False))

    def _meet(self) -> None:
        """All threads wait for each other, if one of them did anything since they last met."""
        if self.threaded and self.touched:
            self.f.do(MEET)
            self.touched = []

    def _call(self, i: int) -> None:
        """Call kernel i."""
        kernel, name, units = self.kernels[i], self.names[i], self.units[i]
        for buffer in kernel.buffers():
            self._still(buffer)
        if kernel.stops:
            self._look(kernel, name, units)
            return
        arguments = ", ".join(f"ptr {self.pointers[b]}" for b in kernel.buffers())
        if not self.threaded:
            self.f.do(f"call void @{name}({arguments}, i64 0, i64 {units})")
            return
        together = shared(kernel, units)
        if self._conflicts(kernel.buffers(), kernel.writes(), together):
            self._meet()
        self._call_shared(together, name, units, arguments)
        self.touched += [_Touch(*self._range(b), True, together) for b in kernel.writes()]
        self.touched += [_Touch(*self._range(b), False, together) for b in kernel.reads()]

    def _look(self, kernel: Kernel, name: str, units: int) -> None:
        """Call a kernel whose answer may end the step: on every thread, each with an answer of its
        own, so that all of them go on or none."""
        f, reads = self.f, kernel.reads()
        (flag,) = kernel.writes()
        if self.threaded and self._conflicts(reads, [], True):
            self._meet()
        answer = f.reserve("i8")
        pointers = {**self.pointers, flag: answer}
        arguments = ", ".join(f"ptr {pointers[b]}" for b in kernel.buffers())
        f.do(f"call void @{name}({arguments}, i64 0, i64 {units})")
        if self.threaded:
            self.touched += [_Touch(*self._range(b), False, True) for b in reads]
        outside = f.let(f"load i8, ptr {answer}", dtypes.uint8)
        stop, go = (f.fresh(stem)[1:] for stem in ("stop", "go"))
        ends = f.let(f"icmp ne i8 {outside.text}, 0", dtypes.bool_)
        f.do(f"br i1 {ends.text}, label %{stop}, label %{go}")
        f.label(stop)
        stopped = f.pointer("%sync", dtypes.int64, index(STOPPED))
        f.do(f"store atomic i64 1, ptr {stopped} monotonic, align 8")
        f.do("ret i64 1")
        f.label(go)

    def _windows(self, buffer: Buffer, loop: Loop, iteration: V) -> None:
        """The address of a window of `loop` in this iteration."""
        if not isinstance(buffer, Window) or buffer in self.pointers:
            return
        self._windows(buffer.base, loop, iteration)
        if buffer.loop is loop:
            at = self.f.iadd(self.f.imul(iteration, buffer.stride), index(buffer.start))
            self.pointers[buffer] = self.f.pointer(self.pointers[buffer.base], buffer.dtype, at)

    def _still(self, buffer: Buffer) -> None:
        """The address of a window that does not move, for a kernel that stands before its loop."""
        if not isinstance(buffer, Window) or buffer in self.pointers:
            return
        assert not buffer.stride, buffer
        self._still(buffer.base)
        at = index(buffer.start)
        self.pointers[buffer] = self.f.pointer(self.pointers[buffer.base], buffer.dtype, at)

    def _pointer(self, buffer: Buffer) -> None:
        if buffer in self.pointers:
            return
        f, name = self.f, self.f.fresh("p")
        if buffer in self.table:
            slot = self.f.fresh("s")
            f.do(f"{slot} = getelementptr inbounds ptr, ptr %table, i64 {self.table[buffer]}")
            f.do(f"{name} = load ptr, ptr {slot}")
        else:
            f.do(f"{name} = getelementptr inbounds i8, ptr %arena, i64 {self.offsets[buffer]}")
        self.pointers[buffer] = name

    def _call_shared(self, together: bool, name: str, units: int, arguments: str) -> None:
        f = self.f
        if not together:
            first = f.let("icmp eq i64 %thread, 0", dtypes.bool_)
            with f.when(first):
                f.do(f"call void @{name}({arguments}, i64 0, i64 {units})")
            return
        low, high = share(f, units)
        f.do(f"call void @{name}({arguments}, i64 {low}, i64 {high})")

    def _range(self, buffer: Buffer) -> tuple[int, int]:
        """The bytes of a buffer: in the arena, or in a space of its own behind it."""
        size = buffer.size * buffer.dtype.itemsize
        # NOTE: a window of one iteration; those of a loop move by the same step.
        if isinstance(buffer, Window):
            start = self._range(buffer.base)[0] + buffer.start * buffer.dtype.itemsize
            return start, start + size
        if buffer in self.table:
            start = -(self.table[buffer] + 1) << 40
            return start, start + size
        return self.offsets[buffer], self.offsets[buffer] + size

    def _conflicts(self, used: list[Buffer], written: list[Buffer], together: bool) -> bool:
        """Whether a kernel reads or overwrites what another thread may have written or read since
        the last meeting; what thread 0 did alone it knows of itself."""
        writes = {self._range(b) for b in written}
        for begin, end in {self._range(b) for b in used}:
            mine = (begin, end) in writes
            for t in self.touched:
                known = not (together or t.together)
                if t.begin < end and begin < t.end and (t.written or mine) and not known:
                    return True
        return False


class _Touch(NamedTuple):
    """Bytes that a kernel wrote or read, alone or together with other threads."""

    begin: int
    end: int
    written: bool
    together: bool


def _meet() -> str:
    """Wait until every thread is here: each adds 1 to the counter and waits for it to reach a
    multiple.

    The wait is a spin; a thread that spins for long gives its core away.
    """
    pause, give_way = _waiting_calls()
    return f"""define internal void @meet(ptr %sync, ptr %round, i64 %threads) #0 {{
entry:
  %before = load i64, ptr %round
  %goal = add i64 %before, %threads
  store i64 %goal, ptr %round
  %old = atomicrmw add ptr %sync, i64 1 acq_rel
  br label %wait
wait:
  %iteration = phi i64 [ 0, %entry ], [ %next, %again ]
  %now = load atomic i64, ptr %sync acquire, align 8
  %there = icmp uge i64 %now, %goal
  br i1 %there, label %done, label %more
more:
  %next = add i64 %iteration, 1
  {pause}
  %long = icmp ugt i64 %iteration, 2000
  br i1 %long, label %yield, label %again
yield:
  {give_way}
  br label %again
again:
  br label %wait
done:
  ret void
}}"""


def _waiting_calls() -> tuple[str, str]:
    pauses = {
        "x86": "call void @llvm.x86.sse2.pause()",
        "arm": "call void @llvm.aarch64.hint(i32 1)",
    }
    pause = pauses.get(architecture(), "")
    yielding = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
    return pause, f"%ignored = call i32 @{yielding}()"


def _meeting_declarations() -> set[str]:
    pause, give_way = _waiting_calls()
    declarations = {f"declare i32 @{give_way.split('@')[1]}"}
    if "x86" in pause:
        declarations.add("declare void @llvm.x86.sse2.pause()")
    elif pause:
        declarations.add("declare void @llvm.aarch64.hint(i32)")
    return declarations
