"""The checker of the loop language: what a program reads was written, and lies inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..errors import GraphError
from .hoist import root
from .loop_ir import (
    Affine,
    Buffer,
    Counter,
    Kernel,
    Load,
    Nest,
    Reduction,
    Result,
    Store,
    Window,
    below,
    expressions,
)
from .program import Program


def check_program(program: Program, after: str = "lower") -> Program:
    """Return the program if it is sound, otherwise raise GraphError.

    Every buffer that a kernel reads is an input or was written by an earlier kernel (or, inside a
    loop, by a kernel of the same loop); every element that is read or written lies inside its
    buffer; expressions name only results and axes that their nest has; the dtypes of what is stored
    agree.
    """
    written: set[Buffer] = set(program.inputs)
    by_loop: dict[int, set[Buffer]] = {}
    for kernel in program.kernels:
        for loop in kernel.loops():
            by_loop.setdefault(id(loop), set()).update(root(b) for b in kernel.writes())
    for kernel in program.kernels:
        repeated = [by_loop[id(loop)] for loop in kernel.loops()]
        never = 0 in (*kernel.nest.axes, *kernel.nest.inner)
        for buffer in () if never else kernel.reads():
            known = root(buffer) in written or any(root(buffer) in some for some in repeated)
            if not known and root(buffer) not in map(root, kernel.writes()):
                raise _wrong(after, kernel, f"reads {buffer} before it is written")
        for problem in _problems(kernel.nest):
            raise _wrong(after, kernel, problem)
        written.update(root(b) for b in kernel.writes())
    for buffer in program.outputs:
        if buffer.size and buffer not in written:
            raise GraphError(f"after {after}: no kernel writes {buffer}")
    return program


def _wrong(after: str, kernel: Kernel, problem: str) -> GraphError:
    return GraphError(f"after {after}: kernel {kernel.name} {problem}\n{kernel}")


def _problems(nest: Nest) -> Iterator[str]:
    """What is wrong with a nest by itself, in words."""
    for e in expressions(nest):
        if isinstance(e, Result) and not 0 <= e.number < len(nest.reductions):
            yield f"names result {e.number} of {len(nest.reductions)}"
        if isinstance(e, Load | Counter) and len(e.at.coefficients) > _axes(nest):
            yield f"reads along {len(e.at.coefficients)} axes of {_axes(nest)}"
    extents = (*nest.axes, *nest.inner)
    for e in expressions(nest):
        if isinstance(e, Load):
            yield from _outside("reads", e, extents)
    for reduction in nest.reductions:
        yield from _of_reduction(reduction)
    for store in nest.stores:
        yield from _outside("writes", store, extents if store.deep else _outer(nest, store))
        if store.value.dtype != store.buffer.dtype:
            yield f"stores {store.value.dtype} in {store.buffer}, which holds {store.buffer.dtype}"


def _axes(nest: Nest) -> int:
    return len(nest.axes) + len(nest.inner)


def _outer(nest: Nest, store: Store) -> Sequence[int]:
    """The extents that a store goes over: those of the inner axes too where a running sum is
    stored.
    """
    running = any(
        isinstance(e, Result) and nest.reductions[e.number].how == "running"
        for e in below([store.value])
    )
    return (*nest.axes, *nest.inner) if running else nest.axes


def _of_reduction(reduction: Reduction) -> Iterator[str]:
    if (reduction.how == "product") != (reduction.other is not None):
        yield f"reduces by {reduction.how} with {'two terms' if reduction.other else 'one term'}"


def _outside(verb: str, e: Load | Store, extents: Sequence[int]) -> Iterator[str]:
    """An element outside its buffer, in words; a loop of no iteration comes to none."""
    if 0 in extents:
        return
    low, high = _range(e.at, extents)
    if e.index is not None:
        if e.size < 1:
            yield f"{verb} {e.buffer} at a computed position of {e.size}"
        reach = e.stride * (e.size - 1)
        low, high = low + min(reach, 0), high + max(reach, 0)
    if not 0 <= low <= high < e.buffer.size:
        yield f"{verb} {e.buffer}[{low}..{high}], which has {e.buffer.size} elements"
    window = e.buffer
    while isinstance(window, Window):
        ends = [window.start, window.start + window.stride * (window.loop.iterations - 1)]
        if min(ends) < 0 or max(ends) + window.size > window.base.size:
            yield f"{verb} {window}, which leaves {window.base}"
        window = window.base


def _range(at: Affine, extents: Sequence[int]) -> tuple[int, int]:
    """The smallest and the largest value of an affine expression over the extents."""
    low = high = at.constant
    for coefficient, extent in zip(at.coefficients, extents, strict=False):
        reach = coefficient * (extent - 1)
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high
