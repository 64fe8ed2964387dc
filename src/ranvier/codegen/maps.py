"""Loop nests as LLVM IR: maps and scatters.

Every kernel is a function of its buffers and of a range of units: `k(ptr b0, ptr b1, ..., i64 lo,
i64 hi)`. The units are iterations of the outermost loop (blocks of elements where there is only one
loop), so threads can share a kernel by sharing its units, and no result depends on how they do.

Vectors run along the innermost axis; the rest of an axis that is no multiple of the vector is done
once with a mask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from .. import dtypes
from ..lower.loop_ir import Counter, Load, Nest, Store, below
from .expressions import Axis, Writer, dtypes_of
from .ir_builder import V, index
from .transpose import transposed_loads, write_tiles

BLOCK_ELEMENTS = 1024  # elements that one unit of a single loop covers


def write_map(w: Writer, nest: Nest) -> int:
    """Every element on its own."""
    w.begin_nest(nest)
    transposed, axis = transposed_loads(w, nest)
    if transposed:
        return write_tiles(w, nest, transposed, axis)
    return spread(w, nest, lambda: w.store_all(nest.stores))


def spread(w: Writer, nest: Nest, body: Callable[[], None]) -> int:
    """Loops over the outer axes, vectors along the last one."""
    axes = nest.axes
    if not axes:
        w.begin()
        body()
        return 1
    last = len(axes) - 1
    lanes = w.lanes_for(dtypes_of(nest), axes[last])
    if last == 0:
        return _blocks(w, axes[0], lanes, body)
    with ExitStack() as stack:
        for a in range(last):
            start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(axes[a]))
            i, _ = stack.enter_context(w.f.loop(start, stop, 1))
            w.at[a] = Axis(i)
        whole = axes[last] - axes[last] % lanes
        w.along(last, index(0), index(whole), axes[last], lanes, body)
    return axes[0]


def _blocks(w: Writer, extent: int, lanes: int, body: Callable[[], None]) -> int:
    """One loop, cut into blocks that are the units."""
    units = -(-extent // BLOCK_ELEMENTS)
    whole = extent - extent % lanes
    if units == 1:
        w.along(0, index(0), index(whole), extent, lanes, body)
        return 1
    f = w.f
    start = f.let(f"mul nsw i64 %lo, {BLOCK_ELEMENTS}", dtypes.int64)
    end = f.let(f"mul nsw i64 %hi, {BLOCK_ELEMENTS}", dtypes.int64)
    stop = w.m.minimum(end, index(whole))
    w.along(0, start, stop, extent, lanes, body, f.let(f"icmp eq i64 %hi, {units}", dtypes.bool_))
    return units


def write_scatter(w: Writer, nest: Nest) -> int:
    """Add at computed offsets, in order. Where whole rows are added, vectors run along them."""
    w.begin_nest(nest)
    (s,) = nest.stores
    axes = nest.axes
    count = len(axes) - _adds_rows(nest)
    with ExitStack() as stack:
        for a in range(count):
            i, _ = stack.enter_context(w.f.loop(index(0), index(axes[a]), 1))
            w.at[a] = Axis(i)
        w.begin()
        assert s.index is not None
        where = w.inside(w.value(s.index), s.size)
        moved = w.f.pointer(w.names[s.buffer], s.buffer.dtype, w.f.imul(where, s.stride))
        if count == len(axes):
            _add(w, s, moved, w.value(s.value))
            return 1
        lanes = w.lanes_for(dtypes_of(nest), axes[-1])
        whole = index(axes[-1] - axes[-1] % lanes)
        w.along(
            count,
            index(0),
            whole,
            axes[-1],
            lanes,
            lambda: _add(w, s, moved, w.m.memory.splat(w.value(s.value), w.lanes)),
        )
    return 1


def _adds_rows(nest: Nest) -> bool:
    """Whether the elements along the last axis go side by side."""
    (s,) = nest.stores
    if not nest.axes or s.at.coefficients[-1] != 1 or s.index is None:
        return False
    moving = (e for e in below([s.index]) if isinstance(e, Load | Counter))
    return not any(e.at.coefficients[-1] for e in moving)


def _add(w: Writer, s: Store, base: str, value: V) -> None:
    """Add to what is at the offset of a store."""
    variable, shift = w.offset(s.at)
    base = w.f.pointer(base, s.buffer.dtype, variable)
    old = w.m.memory.load(base, s.buffer.dtype, index(shift), w.lanes, 1, w.live)
    total = w.m.bit_or(old, value) if old.dtype == dtypes.bool_ else w.m.add(old, value)
    w.m.memory.store(base, total, index(shift), 1, w.live)
