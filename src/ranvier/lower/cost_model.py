"""The cost model: what a kernel costs, and which kernels are worth sharing among threads.

The figures are rough rates of one core; they only decide between one thread and several, never what
is computed."""

from __future__ import annotations

import math

from .loop_ir import (
    Apply,
    Kernel,
    Literal,
    Load,
    Result,
    expressions,
)

_MULTIPLY_ADDS = 20.0  # per nanosecond
_SIMPLE = 8.0  # elementwise operations per nanosecond
_BYTES = 15.0  # bytes per nanosecond
BARRIER = 400.0  # nanoseconds that meeting costs
WORTH_SHARING = 4_000.0  # nanoseconds of one kernel
WORTH_PASSES = 30_000.0  # nanoseconds of one kernel that all of LLVM's passes are run for
WORTH_THREADS = 40_000.0  # nanoseconds of all kernels worth sharing


def nanoseconds(kernel: Kernel) -> float:
    """The estimated time of one run of a kernel on one core."""
    nest = kernel.nest
    turns = float(math.prod(nest.axes))
    deep = turns * math.prod(nest.inner)
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
        return deep / _MULTIPLY_ADDS + turns * max(work / _SIMPLE, memory / _BYTES)
    scale = 8.0 if nest.kind in ("scan", "scatter") else 1.0
    return scale * deep * max(work / _SIMPLE, memory / _BYTES / 2)


def shared(kernel: Kernel, units: int) -> bool:
    """Whether threads share the kernel."""
    return units > 1 and not kernel.nest.serial and nanoseconds(kernel) > WORTH_SHARING


def worth_threads(kernels: list[Kernel], units: list[int]) -> bool:
    """Whether the whole graph gains from threads."""
    both = [k for k, u in zip(kernels, units, strict=True) if shared(k, u)]
    times = sum(nanoseconds(k) * k.turns for k in both)
    return times > WORTH_THREADS + BARRIER * sum(k.turns for k in both)


def worth_passes(kernel: Kernel) -> bool:
    """Whether a kernel runs long enough to be worth a thorough compilation."""
    return nanoseconds(kernel) * kernel.turns > WORTH_PASSES
