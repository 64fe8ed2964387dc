"""The cost model: what a kernel costs, and which kernels are worth sharing among threads.

The figures are rough rates of one core; they only decide between one thread and several, never what
is computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .loop_ir import Kernel

_MULTIPLY_ADDS_PER_NANOSECOND = 20.0
_OPERATIONS_PER_NANOSECOND = 8.0  # elementwise operations
_BYTES_PER_NANOSECOND = 15.0
BARRIER_NANOSECONDS = 400.0  # of threads that wait for each other
MIN_SHARED_NANOSECONDS = 4_000.0  # of one kernel that threads share
MIN_OPTIMIZED_NANOSECONDS = 30_000.0  # of one kernel that all of LLVM's passes are run for
MIN_THREADED_NANOSECONDS = 40_000.0  # of all kernels that threads share


def nanoseconds(kernel: Kernel) -> float:
    """The estimated time of one run of a kernel on one core."""
    # NOTE: only now; a process whose code is all in the cache needs nothing but the numbers above.
    from .loop_ir import Apply, Literal, Load, Result, expressions

    nest = kernel.nest
    iterations = float(math.prod(nest.axes))
    deep = iterations * math.prod(nest.inner)
    work = memory = 0.0
    for e in expressions(nest):
        if isinstance(e, Apply):
            work += e.work
        elif isinstance(e, Load):
            memory += e.dtype.itemsize
        elif not isinstance(e, Literal | Result):
            work += 1
    memory += sum(s.buffer.dtype.itemsize for s in nest.stores)
    if nest.kind == "contraction":
        return deep / _MULTIPLY_ADDS_PER_NANOSECOND + iterations * max(
            work / _OPERATIONS_PER_NANOSECOND, memory / _BYTES_PER_NANOSECOND
        )
    scale = 8.0 if nest.kind in ("scan", "scatter") else 1.0
    return scale * deep * max(work / _OPERATIONS_PER_NANOSECOND, memory / _BYTES_PER_NANOSECOND / 2)


def shared(kernel: Kernel, units: int) -> bool:
    """Whether threads share the kernel."""
    return units > 1 and not kernel.nest.serial and nanoseconds(kernel) > MIN_SHARED_NANOSECONDS


def worth_threads(kernels: list[Kernel], units: list[int]) -> bool:
    """Whether the whole graph gains from threads."""
    both = [k for k, u in zip(kernels, units, strict=True) if shared(k, u)]
    times = sum(nanoseconds(k) * k.iterations for k in both)
    return times > MIN_THREADED_NANOSECONDS + BARRIER_NANOSECONDS * sum(k.iterations for k in both)


def worth_passes(kernel: Kernel) -> bool:
    """Whether a kernel runs long enough to be worth a thorough compilation."""
    return nanoseconds(kernel) * kernel.iterations > MIN_OPTIMIZED_NANOSECONDS
