"""Row reductions as LLVM IR: a row is finished while it is in cache.

A softmax reduces a row twice and then goes over it once more; one after the other for the whole
tensor, that is three ways through memory. Here all loops over one row follow each other. What is
expensive to compute and needed in more than one of them is kept on the stack:

    for row:
      loop 0   reductions that need nothing but the row: the maximum
      loop 2   reductions that need those: the sum of exp(x - maximum), each exp kept
      loop 3   what is stored for each element once they are there: exp / sum
      last     what is stored for each row"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from contextlib import ExitStack

from .. import dtypes
from ..lower.loop_ir import (
    Affine,
    Apply,
    Expr,
    Load,
    Nest,
    Store,
    below,
    expressions,
    loads,
    stage_of,
)
from .expressions import Axis, Kept, Writer, dtypes_of
from .ir_builder import V, index, memory_type, reduce_lanes
from .maps import spread
from .reductions import beginning, finish, reduce_along, reduce_columns, two

_ROWS_AT_ONCE = 4  # rows side by side
_MAX_ROW_EXPRESSIONS = 2048  # elements of a row times expressions for which that is worth the code

Loops = dict[int, tuple[list[int], list[Store]]]  # by number: the reductions of one, or its stores


def write_rows(w: Writer, nest: Nest) -> int:
    """The nest over the units %lo to %hi; returns how many units there are."""
    w.begin_nest(nest)
    loops = _loops(nest)
    if not _along_rows(nest):
        return spread(w, nest, lambda: _columns(w, nest, loops))
    lanes = w.lanes_for(dtypes_of(nest), nest.inner[-1])
    together = (
        _ROWS_AT_ONCE
        if math.prod(nest.inner) * len(expressions(nest)) <= _MAX_ROW_EXPRESSIONS
        else 1
    )
    keeps = [_keep(w, nest, loops, lanes, 1) for _ in range(together)]
    low, high, last = index("%lo"), index("%hi"), len(nest.axes) - 1
    if last < 0:
        _side_by_side(w, nest, loops, lanes, keeps[:1])
        return 1
    with ExitStack() as stack:
        for a in range(last):
            span = (low, high) if a == 0 else (index(0), index(nest.axes[a]))
            w.at[a] = Axis(stack.enter_context(w.f.loop(*span, 1))[0])
        first, stop = (low, high) if last == 0 else (index(0), index(nest.axes[last]))
        if together > 1:
            count = w.f.iadd(stop, w.f.imul(first, -1))
            rest = w.f.let(f"srem i64 {count.text}, {together}", dtypes.int64)
            whole = w.f.iadd(stop, w.f.imul(rest, -1))
            with w.f.loop(first, whole, together) as (i, _):
                w.at[last] = Axis(i)
                _side_by_side(w, nest, loops, lanes, keeps)
            first = whole
        with w.f.loop(first, stop, 1) as (i, _):
            w.at[last] = Axis(i)
            _side_by_side(w, nest, loops, lanes, keeps[:1])
    return nest.axes[0]


def _loops(nest: Nest) -> Loops:
    """The loops over a row in order."""
    loops: Loops = {}
    for i, f in enumerate(nest.reductions):
        loops.setdefault(2 * stage_of(f.term, nest), ([], []))[0].append(i)
    for s in nest.stores:
        if s.deep:
            loops.setdefault(2 * stage_of(s.value, nest) + 1, ([], []))[1].append(s)
    return dict(sorted(loops.items()))


def _along_rows(nest: Nest) -> bool:
    """Whether vectors run along the innermost reduced axis rather than the last kept one."""
    last, deep = len(nest.axes) - 1, len(nest.axes) + len(nest.inner) - 1
    offsets = [e.at for e in loads(nest)] + [s.at for s in nest.stores]
    return sum(p.coefficients[deep] == 1 for p in offsets) >= sum(
        p.coefficients[last] == 1 for p in offsets
    )


def _keep(w: Writer, nest: Nest, loops: Loops, lanes: int, apart: int) -> dict[int, Kept]:
    """Room for what is expensive and used in several loops; elements of a row lie `apart`."""
    rooms: dict[int, Kept] = {}
    used: dict[int, set[int]] = {}
    known: dict[int, Expr] = {}
    for number, (reductions, stores) in loops.items():
        part = Nest((), stores, (), [nest.reductions[i] for i in reductions])
        for e in expressions(part):
            known[id(e)] = e
            used.setdefault(id(e), set()).add(number)
    count = len(nest.axes)
    strides = [apart * math.prod(nest.inner[i + 1 :]) for i in range(len(nest.inner))]
    size = apart * math.prod(nest.inner) + lanes
    for key, numbers in used.items():
        e = known[key]
        expensive = isinstance(e, Apply) and e.op.cost > 1 and e.dtype != dtypes.bool_
        if expensive and len(numbers) > 1 and _moves(e, count):
            name = w.f.reserve(f"[{size} x {memory_type(e.dtype)}]")
            rooms[key] = Kept(name, Affine((*([0] * count), *strides)), min(numbers))
    return rooms


def _moves(e: Expr, count: int) -> bool:
    """Whether the value is another one in every iteration of the inner loops."""
    return any(isinstance(x, Load) and any(x.at.coefficients[count:]) for x in below([e]))


def _begin_loop(w: Writer, number: int) -> None:
    """What earlier loops have left can be read."""
    for room in w.keep.values():
        room.ready = room.first < number


def _side_by_side(
    w: Writer, nest: Nest, loops: Loops, lanes: int, keeps: list[dict[int, Kept]]
) -> None:
    """As many rows as there are `keeps`, with vectors along them: each loop is done for all of
    them, so that they need not wait for one another's sums."""
    last = len(nest.axes) - 1
    at = w.at[last]
    results = [[index(0)] * len(nest.reductions) for _ in keeps]

    def each_row() -> Iterator[list[V]]:
        for r, (rooms, row_results) in enumerate(zip(keeps, results, strict=True)):
            if last >= 0:
                w.at[last] = Axis(at.base, at.shift + r)
            w.keep, w.results = rooms, row_results
            yield row_results

    for number, (reductions, stores) in loops.items():
        part = Nest(nest.axes, [], nest.inner, [nest.reductions[i] for i in reductions])
        for row_results in each_row():
            _begin_loop(w, number)
            if reductions:
                start = [v for f in part.reductions for v in beginning(w, f, lanes)]
                totals = reduce_along(w, part, 0, start, lanes)
                pairs = zip(part.reductions, totals, strict=True)
                ends = [reduce_lanes(w.f, v, functools.partial(two, w, f.how)) for f, v in pairs]
                for i, v in zip(reductions, finish(w, part, ends), strict=True):
                    row_results[i] = v
            if stores:
                _each(w, nest, 0, lanes, stores)
    for _ in each_row():
        w.begin()
        w.store_all([s for s in nest.stores if not s.deep])


def _each(w: Writer, nest: Nest, depth: int, lanes: int, stores: list[Store]) -> None:
    """Stores in every iteration of the inner loops from `depth` inwards, vectors along the last."""
    axis, extent = len(nest.axes) + depth, nest.inner[depth]
    if depth + 1 == len(nest.inner):
        whole = index(extent - extent % lanes)
        w.along(axis, index(0), whole, extent, lanes, lambda: w.store_all(stores))
        return
    with w.f.loop(index(0), index(extent), 1) as (i, _):
        w.at[axis] = Axis(i)
        _each(w, nest, depth + 1, lanes, stores)


def _columns(w: Writer, nest: Nest, loops: Loops) -> None:
    """As many rows as there are lanes, side by side."""
    lane = (w.lane_axis, w.lanes, w.live)
    w.results = [index(0)] * len(nest.reductions)
    w.keep = _keep(w, nest, loops, w.lanes, w.lanes)
    for number, (reductions, stores) in loops.items():
        _begin_loop(w, number)
        if reductions:
            part = Nest(nest.axes, [], nest.inner, [nest.reductions[i] for i in reductions])
            start = [v for f in part.reductions for v in beginning(w, f, w.lanes)]
            totals = reduce_columns(w, part, 0, start, lane)
            for i, v in zip(reductions, finish(w, part, totals), strict=True):
                w.results[i] = v
        if stores:
            with ExitStack() as stack:
                for a, extent in enumerate(nest.inner, len(nest.axes)):
                    variable, _ = stack.enter_context(w.f.loop(index(0), index(extent), 1))
                    w.at[a] = Axis(variable)
                w.begin(*lane)
                w.store_all(stores)
    w.begin(*lane)
    w.store_all([s for s in nest.stores if not s.deep])
