"""Hoisting: what every iteration of a loop repeats is done before it.

Buffers that stay the same during a loop are computed before it; the memory of a buffer that one
iteration leaves to the next, or that comes from outside, is kept until the loop ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .loop_ir import Buffer, Kernel, Loop, Window
from .program import Program, with_kernels


def root(buffer: Buffer) -> Buffer:
    """The buffer itself, of a window."""
    return buffer.root if isinstance(buffer, Window) else buffer


def hoist_invariants(program: Program) -> Program:
    """Kernels that do the same in every iteration of a loop moved before it, the inner loops
    first.
    """
    kernels = list(program.kernels)
    loops = dict.fromkeys(loop for k in kernels for loop in k.loops())
    for loop in sorted(loops, key=_depth, reverse=True):
        inside = [i for i, k in enumerate(kernels) if loop in k.loops()]
        if inside:
            first, last = inside[0], inside[-1] + 1
            kernels[first:last] = hoist(kernels[first:last], loop)
    return with_kernels(program, kernels)


def _depth(loop: Loop) -> int:
    return 0 if loop.around is None else 1 + _depth(loop.around)


def hoist(kernels: list[Kernel], loop: Loop) -> list[Kernel]:
    """The kernels with those moved out of `loop` (to the front) that do the same in every
    iteration, e.g. pack the weights of a contraction."""
    same = [
        k
        for k in kernels
        if k.loop is loop
        and not any(isinstance(b, Window) for b in k.writes())
        and not any(isinstance(b, Window) and (b.stride or b.loop is not loop) for b in k.reads())
    ]
    while True:
        moving = {root(b) for k in kernels if k not in same for b in k.writes()}
        left = [k for k in same if not any(root(b) in moving for b in k.buffers())]
        if len(left) == len(same):
            break
        same = left
    outside = [replace(kernel, loop=loop.around) for kernel in same]
    return [*outside, *[k for k in kernels if k not in same]]


def spans(kernels: Sequence[Kernel]) -> dict[Buffer, tuple[int, int]]:
    """The first and last kernel during which each buffer is in use."""
    begin: dict[Loop, int] = {}
    end: dict[Loop, int] = {}
    for i, kernel in enumerate(kernels):
        for loop in kernel.loops():
            begin.setdefault(loop, i)
            end[loop] = i
    used: dict[Buffer, list[int]] = {}
    for i, kernel in enumerate(kernels):
        for buffer in kernel.buffers():
            used.setdefault(root(buffer), []).append(i)
    ranges = {}
    for buffer, uses in used.items():
        chains = [kernels[i].loops() for i in uses]
        inside = sum(1 for loops in zip(*chains, strict=False) if len(set(map(id, loops))) == 1)
        first, last = uses[0], uses[-1]
        for chain in chains:
            if len(chain) > inside:  # a loop that others than its own kernels use the buffer in
                first = min(first, begin[chain[inside]])
                last = max(last, end[chain[inside]])
        ranges[buffer] = (first, last)
    return ranges
