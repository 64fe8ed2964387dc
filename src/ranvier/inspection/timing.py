"""Timings of kernels: each one alone in a native loop, beside what the machine reaches at its best.

The best is measured in the same run, on one thread: floating-point operations a second by a loop
of multiply-adds that never leaves the registers, bytes a second by copies of four sizes, since a
kernel whose data lie in a cache is measured against that cache and not against main memory.

FLOP count one for each arithmetic operation on an element (two for a multiply-add, one for an exp).
Bytes count every element that is read or written once, however often a kernel comes back to it.
"""

from __future__ import annotations

import ctypes
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import dtypes
from ..base.processor import processor
from ..base.text_table import aligned
from ..codegen.ir_arithmetic import Machine
from ..codegen.ir_builder import Function, constant, index
from ..codegen.module import write_kernel
from ..lower import loop_ir as loops
from ..lower.cost_model import shared
from ..lower.loop_ir import Affine, Apply, Buffer, Expr, Kernel, Load, Nest, Store
from ..native.code_cache import code_of_text
from ..typing import Array

if TYPE_CHECKING:
    from ..runtime.executable import Executable

_ATTRIBUTES = 'attributes #0 = { noinline nounwind "prefer-vector-width"="512" }'
_MEASUREMENTS = 7  # of each kernel, all kernels once before any is repeated; the best one counts
_MEASUREMENT_SECONDS = 0.002  # that one measurement should take
_MAX_REPEATS = 500  # sums and decays of a longer run would no longer be normal numbers
_COPY_BYTES = (16 << 10, 256 << 10, 4 << 20, 64 << 20)  # read and written by one copy
_PEAK_RESULTS = Buffer("peak", dtypes.float32, 1024)  # of the loop of multiply-adds


@dataclass
class KernelTime:
    """One kernel: its time on one thread, its work, and the shares of the machine's best."""

    name: str
    kind: str
    loops: str
    origin: str
    seconds: float
    flop: float
    bytes: float
    threads: int
    flop_share: float
    byte_share: float


@dataclass
class Timings:
    """The kernels of one executable; `seconds`: all of them one after the other on one thread."""

    what: str
    kernels: list[KernelTime]
    seconds: float
    threads: int
    peak_flops: float
    peak_bytes: dict[int, float]

    def __str__(self) -> str:
        work = ("FLOP", "bytes", "GFLOP/s", "of best", "GB/s", "of best")
        head = ("kernel", "time", "share", *work, "threads", "what")
        rows = [self._row(k) for k in self.kernels]
        text = aligned([head, *rows], right=range(1, len(head) - 1))
        flop = sum(k.flop for k in self.kernels)
        copies = ", ".join(f"{b / 1e9:.0f} of {_size(n)}" for n, b in self.peak_bytes.items())
        return "\n".join(
            [
                f"{self.what}: {len(self.kernels)} kernel{'s' * (len(self.kernels) != 1)}, "
                f"{_time(self.seconds)} on one thread, "
                f"{_with_prefix(flop)} FLOP, {flop / self.seconds / 1e9:.1f} GFLOP/s; "
                f"it runs on {self.threads} thread{'s' * (self.threads != 1)}",
                f"best of this machine, one thread: {self.peak_flops / 1e9:.0f} GFLOP/s; "
                f"copies, GB/s: {copies}",
                *text,
            ]
        )

    def _row(self, k: KernelTime) -> tuple[str, ...]:
        whole = sum(other.seconds for other in self.kernels)
        return (
            k.name,
            _time(k.seconds),
            f"{k.seconds / whole:.0%}",
            _with_prefix(k.flop),
            _with_prefix(k.bytes),
            f"{k.flop / k.seconds / 1e9:.1f}",
            f"{k.flop_share:.0%}",
            f"{k.bytes / k.seconds / 1e9:.1f}",
            f"{k.byte_share:.0%}",
            str(k.threads),
            f"{k.loops}: {k.origin}",
        )


def measure(title: str, executable: Executable) -> Timings:
    """The timings of every kernel of an executable, on made-up numbers."""
    kernels = executable.compilation().kernels
    copies = [_copy(n) for n in _COPY_BYTES]
    each, whole, peak, units = _run([*kernels, *copies], len(kernels))
    own = each[: len(kernels)]
    speeds = {n: n / s for n, s in zip(_COPY_BYTES, each[len(kernels) :], strict=True)}
    times = []
    for kernel, count, seconds in zip(kernels, units, own, strict=False):
        flop, moved = _flop(kernel), _bytes(kernel)
        size = next((n for n in _COPY_BYTES if moved <= n), _COPY_BYTES[-1])
        together = executable.threads if shared(kernel, count) else 1
        iterations = kernel.iterations
        axes = "x".join(map(str, kernel.nest.axes)) or "1"
        inner = "".join(f" over {'x'.join(map(str, kernel.nest.inner))}" * bool(kernel.nest.inner))
        repeated = f", {iterations} iterations" * (iterations > 1)
        times.append(
            KernelTime(
                kernel.name,
                kernel.nest.kind,
                f"{kernel.nest.kind} {axes}{inner}{repeated}",
                "a copy for " * _is_copy(kernel) + _counted_ops(kernel.origin),
                seconds * iterations,
                flop * iterations,
                moved * iterations,
                together,
                flop / seconds / peak,
                moved / seconds / speeds[size],
            )
        )
    if any(k.loop is not None for k in kernels):  # NOTE: in a row each ran once only
        whole = sum(k.seconds for k in times)
    return Timings(title, times, whole, executable.threads, peak, speeds)


# --- running ------------------------------------------------------------------------------------


def _run(kernels: Sequence[Kernel], first: int) -> tuple[list[float], float, float, list[int]]:
    """Seconds of each kernel alone and of the `first` ones in a row, the most FLOP a second, and
    the units of each kernel.
    """
    bodies, needs, units = [], set(), []
    for number, kernel in enumerate(kernels):
        text, count, declared = write_kernel(kernel)
        bodies.append(text.replace("@KERNEL", f"@kernel{number}", 1))
        units.append(count)
        needs |= declared
    buffers = list(dict.fromkeys(b for k in kernels for b in k.buffers()))
    slots = {b: i for i, b in enumerate(buffers)}
    runs = [[number] for number in range(len(kernels))] + [list(range(first))]
    for number, chosen in enumerate(runs):
        calls = [(kernels[i], f"kernel{i}", units[i]) for i in chosen]
        bodies.append(_repeat_loop(f"loop{number}", calls, slots))
    peak, flop = _multiply_adds()
    needs |= peak.needs
    text = "\n\n".join([*sorted(needs), *bodies, peak.text(), _ATTRIBUTES]) + "\n"
    symbols = [*(f"loop{number}" for number in range(len(runs))), "peak"]
    code = code_of_text("timings", text, symbols)
    arrays = [_numbers(b) for b in [*buffers, _PEAK_RESULTS]]
    table = np.array([a.ctypes.data for a in arrays], np.uint64)
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
    addresses = [(code.address(f"loop{n}"), table.ctypes.data) for n in range(len(runs))]
    addresses.append((code.address("peak"), arrays[-1].ctypes.data))
    functions = [(kind(address), argument) for address, argument in addresses]
    written = [{slots[b] for i in chosen for b in kernels[i].writes()} for chosen in runs]
    best, repeats = [math.inf] * len(functions), [1] * len(functions)
    idle = [math.inf] * len(functions)  # seconds of a call that repeats nothing
    for measurement in range(_MEASUREMENTS + 1):  # the first one sets the repeats
        for n, (function, argument) in enumerate(functions):
            for slot in written[n] if n < len(written) else ():
                arrays[slot].fill(_fill_value(buffers[slot]))
            idle[n] = min(idle[n], _clock(function, argument, 0))
            seconds = _clock(function, argument, repeats[n])
            if measurement:
                best[n] = min(best[n], seconds)
            else:
                repeats[n] = max(1, min(_MAX_REPEATS, int(_MEASUREMENT_SECONDS / seconds)))
    each = [max(b - i, 1e-9) / r for b, i, r in zip(best, idle, repeats, strict=True)]
    return each[:-2], each[-2], flop / each[-1], units


def _clock(function: Callable[..., None], table: int, repeats: int) -> float:
    """Seconds of a native loop of so many iterations."""
    began = time.perf_counter()
    function(table, repeats)
    return time.perf_counter() - began


def _repeat_loop(name: str, calls: list[tuple[Kernel, str, int]], slots: dict[Buffer, int]) -> str:
    """A function that calls kernels one after the other, n times."""
    f = Function(name, ["ptr %table", "i64 %n"], "")
    pointers: dict[Buffer, str] = {}
    for kernel, _, _ in calls:
        for buffer in kernel.buffers():
            if buffer not in pointers:
                slot, pointers[buffer] = f.fresh("s"), f.fresh("p")
                f.do(f"{slot} = getelementptr inbounds ptr, ptr %table, i64 {slots[buffer]}")
                f.do(f"{pointers[buffer]} = load ptr, ptr {slot}")
    with f.loop(index(0), index("%n"), 1):
        for kernel, function, units in calls:
            arguments = ", ".join(f"ptr {pointers[b]}" for b in kernel.buffers())
            f.do(f"call void @{function}({arguments}, i64 0, i64 {units})")
    return f.text()


def _fill_value(buffer: Buffer) -> float:
    """A number that stays normal in most computations."""
    return 0.5 if buffer.dtype.kind == "f" else 1


def _numbers(buffer: Buffer) -> Array:
    """Memory for a buffer, and padding behind it for vectors that read past its end."""
    return np.full(buffer.size + 64, _fill_value(buffer), buffer.dtype)


# --- work ---------------------------------------------------------------------------------------


def _flop(kernel: Kernel) -> float:
    """Arithmetic operations of one run."""
    nest = kernel.nest
    outer = math.prod(nest.axes)
    deep = outer * math.prod(nest.inner)
    terms = [e for f in nest.reductions for e in (f.term, f.other) if e is not None]
    each = len(nest.reductions) * (2 if nest.kind == "contraction" else 1)
    along = [s.value for s in nest.stores if s.deep]  # what rows store for each element
    once = [s.value for s in nest.stores if not s.deep]
    return float(deep * (_count([*terms, *along]) + each) + outer * _count(once))


def _count(roots: Sequence[Expr]) -> int:
    """Arithmetic operations in expressions, each once."""
    seen: dict[int, Apply | Load] = {}
    stack: list[Expr] = list(roots)
    while stack:
        e = stack.pop()
        if id(e) not in seen and isinstance(e, Apply | Load):
            seen[id(e)] = e
            if isinstance(e, Apply):
                stack += e.inputs
            elif e.index is not None:
                stack.append(e.index)
    return sum(e.op.flop for e in seen.values() if isinstance(e, Apply))


def _bytes(kernel: Kernel) -> float:
    """Bytes of all elements read and of all written, each once."""
    extents = (*kernel.nest.axes, *kernel.nest.inner)
    read: dict[Buffer, int] = {}
    written: dict[Buffer, int] = {}
    for load in loops.loads(kernel.nest):
        read[load.buffer] = read.get(load.buffer, 0) + _elements_touched(load, extents)
    for store in kernel.nest.stores:
        written[store.buffer] = written.get(store.buffer, 0) + _elements_touched(store, extents)
        if store.add:
            read[store.buffer] = read.get(store.buffer, 0) + _elements_touched(store, extents)
    return float(
        sum(
            min(count, buffer.size) * buffer.dtype.itemsize
            for counts in (read, written)
            for buffer, count in counts.items()
        )
    )


def _elements_touched(e: Load | Store, extents: Sequence[int]) -> int:
    """How many elements of its buffer a load or store touches; a computed index is a new one."""
    steps = (0,) * (len(extents) - len(e.at.coefficients))
    parts = zip((*e.at.coefficients, *steps), extents, strict=True)
    if e.index is not None:
        return math.prod(extents)
    return math.prod(n for c, n in parts if c)


# --- the machine at its best --------------------------------------------------------------------


def _multiply_adds(chains: int = 12, iterations: int = 1000) -> tuple[Function, int]:
    """`peak(ptr memory, i64 n)`: n times `turns` of multiply-adds; and the FLOP of one n.

    One chain waits about four cycles for its last result, and two begin in each cycle: twelve
    independent chains keep the units busy and still fit into the registers.
    """
    f, lanes = Function("peak", ["ptr %memory", "i64 %n"], ""), processor().vector_bytes // 4
    m = Machine(f, processor().fma)
    start = [constant(i, dtypes.float32, lanes) for i in range(chains)]
    factor, more = constant(0.5, dtypes.float32, lanes), constant(1.0, dtypes.float32, lanes)
    with f.loop(index(0), index("%n"), 1, start) as (_, outer):
        with f.loop(index(0), index(iterations), 1, outer.values) as (_, inner):
            inner.next = [m.fma(x, factor, more) for x in inner.values]
        outer.next = inner.values
    for i, x in enumerate(outer.values):
        m.memory.store("%memory", x, index(i * lanes))
    return f, 2 * chains * lanes * iterations


def _copy(size: int) -> Kernel:
    """A copy that reads and writes `size` bytes in all."""
    count = size // 8
    source, target = (Buffer(name, dtypes.float32, count) for name in ("source", "target"))
    position = Affine((1,))
    return Kernel("copy", Nest((count,), [Store(target, position, Load(source, position))]), "copy")


# --- words --------------------------------------------------------------------------------------


def _is_copy(kernel: Kernel) -> bool:
    """Whether nothing is computed: an operand brought into the order in which it is read."""
    plain = all(isinstance(s.value, Load) for s in kernel.nest.stores)
    return plain and kernel.nest.kind == "map" and len(kernel.origin.split()) > 1


def _counted_ops(origin: str) -> str:
    """The ops of a kernel, repeated ones counted.

    >>> _counted_ops("matmul add maximum add")
    'matmul add x2 maximum'
    """
    counts = Counter(origin.split())
    return " ".join(name if n == 1 else f"{name} x{n}" for name, n in counts.items())


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e9:.1f} ns"


def _with_prefix(count: float) -> str:
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return f"{count:.0f}"


def _size(count: int) -> str:
    return f"{count >> 20} MB" if count >> 20 else f"{count >> 10} KB"
