"""Reductions and scans as LLVM IR: sums, products, extremes and their positions.

Vectors run along the innermost reduced axis and their lanes are combined at the end, or along the
innermost kept axis, each lane reducing its own elements. Either order is fixed, so the same numbers
give the same bits on any number of threads."""

from __future__ import annotations

import functools
import math
from contextlib import ExitStack
from typing import Any

import numpy as np

from .. import dtypes
from ..lower.loop_ir import Apply, Expr, Nest, Reduction, below, expressions, loads
from .expressions import Axis, Writer, dtypes_of
from .ir_builder import V, constant, index, reduce_lanes
from .maps import BLOCK_ELEMENTS, spread

_MAX_UNROLLED_EXPRESSIONS = 32  # in one iteration, all vectors together


def write_reduction(w: Writer, nest: Nest) -> int:
    """A reduction, along the axis that takes fewer instructions."""
    w.begin_nest(nest)
    if _reduces_along_lanes(w, nest):
        return _write_along_lanes(w, nest)
    return _write_columns(w, nest)


def _reduces_along_lanes(w: Writer, nest: Nest) -> bool:
    """Whether vectors run along the innermost reduced axis rather than the last kept one."""
    if not nest.inner or nest.reductions[0].how.startswith("arg"):
        return False
    if not nest.axes:
        return True
    r, k = len(nest.axes) + len(nest.inner) - 1, len(nest.axes) - 1
    offsets = [e.at for e in loads(nest)]
    deep = sum(p.coefficients[r] == 1 for p in offsets)
    wide = sum(p.coefficients[k] == 1 for p in offsets)
    if deep <= wide or nest.inner[-1] < 4:
        return False
    # Along k every element is loaded on its own; along r every result is combined from lanes and
    # finished alone.
    lanes = w.lanes_for(dtypes_of(nest), nest.axes[-1])
    terms, after = _work([f.term for f in nest.reductions]), _work([s.value for s in nest.stores])
    length = math.prod(nest.inner)
    along_k = (length * (1.5 * deep * lanes + terms) + after) / lanes
    along_r = -(-length // lanes) * (terms + deep) + 6 * len(nest.reductions) + after
    return along_r <= along_k


def _write_columns(w: Writer, nest: Nest) -> int:
    """Vectors along the last kept axis, several at a time: each lane reduces its own elements, one
    after the other."""
    last = len(nest.axes) - 1
    lanes = w.lanes_for(dtypes_of(nest), nest.axes[last]) if nest.axes else 1
    work = len(nest.reductions) * len(expressions(Nest(nest.axes, [], nest.inner, nest.reductions)))
    many = next(n for n in (4, 2, 1) if n == 1 or n * work <= _MAX_UNROLLED_EXPRESSIONS)
    block = many * lanes
    if not nest.axes or nest.axes[last] < block or many == 1 or (last == 0 and not _small(nest)):
        return spread(w, nest, lambda: _write_each(w, nest, 1))
    with ExitStack() as stack:
        for a in range(last):
            span = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(nest.axes[a]))
            w.at[a] = Axis(stack.enter_context(w.f.loop(*span, 1))[0])
        whole, full = nest.axes[last] // block * block, nest.axes[last] // lanes * lanes
        for start, stop, vectors in ((0, whole, many), (whole, full, 1)):
            with w.f.loop(index(start), index(stop), vectors * lanes) as (i, _):
                w.at[last] = Axis(i)
                w.begin(last, lanes)
                _write_each(w, nest, vectors)
        if full < nest.axes[last]:
            w.at[last] = Axis(index(0), full)
            w.begin(last, lanes, nest.axes[last] - full)
            _write_each(w, nest, 1)
    return nest.axes[0] if last else 1


def _small(nest: Nest) -> bool:
    """Whether one unit serves the single axis."""
    return nest.axes[0] <= BLOCK_ELEMENTS


def _write_each(w: Writer, nest: Nest, vectors: int) -> None:
    """The reductions of `vectors` vectors side by side, and what is stored of them."""
    lane, axis = (w.lane_axis, w.lanes, w.live), len(nest.axes) - 1
    start = [v for _ in range(vectors) for f in nest.reductions for v in beginning(w, f, w.lanes)]
    totals = reduce_columns(w, nest, 0, start, lane)
    at = w.at[axis] if nest.axes else Axis(index(0))
    for v in range(vectors):
        count = len(totals) // vectors
        w.results = finish(w, nest, totals[v * count : (v + 1) * count])
        if nest.axes:
            w.at[axis] = Axis(at.base, at.shift + v * lane[1])
        w.begin(*lane)
        w.store_all(nest.stores)


def reduce_columns(
    w: Writer, nest: Nest, depth: int, carried: list[V], lane: tuple[int, int, int]
) -> list[V]:
    """The reduced loops from `depth` inwards, one element at a time; returns the new
    accumulators."""
    if depth < len(nest.inner):
        with w.f.loop(index(0), index(nest.inner[depth]), 1, carried) as (i, loop):
            w.at[len(nest.axes) + depth] = Axis(i)
            loop.next = reduce_columns(w, nest, depth + 1, loop.values, lane)
        return loop.values
    axis, new = len(nest.axes) - 1, list[V]()
    at = w.at[axis] if nest.axes else Axis(index(0))
    while len(new) < len(carried):
        w.begin(*lane)
        for f in nest.reductions:
            old = carried[len(new) : len(new) + len(beginning(w, f, 1))]
            new += _combine(w, f, old, w.value(f.term), len(w.at) - 1)
        if nest.axes:
            w.at[axis] = Axis(w.at[axis].base, w.at[axis].shift + lane[1])
    if nest.axes:
        w.at[axis] = at
    return new


def _write_along_lanes(w: Writer, nest: Nest) -> int:
    """Vectors along the innermost reduced axis; the lanes are combined at the end, in a fixed
    order."""
    axes = nest.axes
    with ExitStack() as stack:
        for a in range(len(axes)):
            start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(axes[a]))
            i, _ = stack.enter_context(w.f.loop(start, stop, 1))
            w.at[a] = Axis(i)
        extent = nest.inner[-1]
        lanes = w.lanes_for(dtypes_of(nest), extent)
        accumulators = [v for f in nest.reductions for v in beginning(w, f, lanes)]
        totals = reduce_along(w, nest, 0, accumulators, lanes)
        reduced = []
        for f, v in zip(nest.reductions, totals, strict=True):
            reduced.append(reduce_lanes(w.f, v, functools.partial(two, w, f.how)))
        w.results = finish(w, nest, reduced)
        w.begin()
        w.store_all(nest.stores)
    return axes[0] if axes else 1


def reduce_along(w: Writer, nest: Nest, depth: int, carried: list[V], lanes: int) -> list[V]:
    """The reduced loops from `depth` inwards; returns the new accumulators."""
    axis = len(nest.axes) + depth
    if depth + 1 < len(nest.inner):
        with w.f.loop(index(0), index(nest.inner[depth]), 1, carried) as (i, loop):
            w.at[axis] = Axis(i)
            loop.next = reduce_along(w, nest, depth + 1, loop.values, lanes)
        return loop.values
    extent = nest.inner[-1]
    at = 0
    for count in (4, 1):  # four vectors at a time hide the latency of the additions
        step = count * lanes
        stop = at + (extent - at) // step * step
        if stop - at < 2 * step and count > 1:
            continue
        if stop > at:
            copies = [carried] + [
                [v for f in nest.reductions for v in beginning(w, f, lanes)]
                for _ in range(count - 1)
            ]
            flat = [v for c in copies for v in c]
            with w.f.loop(index(at), index(stop), step, flat) as (i, loop):
                new = []
                for number in range(count):
                    w.at[axis] = Axis(i, number * lanes)
                    w.begin(axis, lanes)
                    part = loop.values[number * len(carried) : (number + 1) * len(carried)]
                    new += [
                        two(w, f.how, v, _widen(w, f, w.value(f.term)))
                        for f, v in zip(nest.reductions, part, strict=True)
                    ]
                loop.next = new
            n = len(carried)
            parts = [loop.values[t * n : (t + 1) * n] for t in range(count)]
            while len(parts) > 1:
                parts = [
                    [two(w, f.how, a, b) for f, a, b in zip(nest.reductions, x, y, strict=True)]
                    for x, y in zip(parts[::2], parts[1::2], strict=True)
                ]
            carried = parts[0]
            at = stop
    if at < extent:
        w.at[axis] = Axis(index(0), at)
        w.begin(axis, lanes, extent - at)
        live = V(
            "<" + ", ".join(f"i1 {str(i < extent - at).lower()}" for i in range(lanes)) + ">",
            dtypes.bool_,
            lanes,
        )
        carried = [
            two(w, f.how, v, _widen(w, f, w.value(f.term)))
            if lanes == extent - at
            else w.m.select(live, two(w, f.how, v, _widen(w, f, w.value(f.term))), v)
            for f, v in zip(nest.reductions, carried, strict=True)
        ]
    return carried


def write_scan(w: Writer, nest: Nest) -> int:
    """Running sums: one lane a line, a store in every iteration."""
    w.begin_nest(nest)
    (f,) = nest.reductions
    axes = nest.axes
    with ExitStack() as stack:
        for a in range(len(axes)):
            start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(axes[a]))
            i, _ = stack.enter_context(w.f.loop(start, stop, 1))
            w.at[a] = Axis(i)
        begin = beginning(w, f, 1)
        with w.f.loop(index(0), index(nest.inner[0]), 1, begin) as (i, loop):
            w.at[len(axes)] = Axis(i)
            w.begin()
            loop.next = [w.m.add(loop.values[0], _widen(w, f, w.value(f.term)))]
            w.results = [w.m.cast(loop.next[0], f.dtype)]
            w.begin()
            w.store_all(nest.stores)
    return axes[0] if axes else 1


def beginning(w: Writer, f: Reduction, lanes: int) -> list[V]:
    """The accumulator of a reduction before its first element."""
    dtype = (
        dtypes.float32
        if f.dtype == dtypes.float16 and f.how in ("sum", "prod", "running")
        else f.dtype
    )
    if f.how in ("sum", "running"):
        return [constant(0, dtype, lanes)]
    if f.how == "prod":
        return [constant(1, dtype, lanes)]
    low = f.how.endswith("max")
    if dtype.kind == "f":
        first: Any = -np.inf if low else np.inf
    elif dtype == dtypes.bool_:
        first = not low
    else:
        first = np.iinfo(dtype).min if low else np.iinfo(dtype).max
    start = [constant(first, dtype, lanes)]
    return [*start, constant(0, dtypes.int64, lanes)] if f.how.startswith("arg") else start


def _widen(w: Writer, f: Reduction, term: V) -> V:
    """The term as it is reduced: float16 is added up as float32."""
    if f.dtype == dtypes.float16 and f.how in ("sum", "prod", "running"):
        return w.m.cast(term, dtypes.float32)
    return term


def two(w: Writer, how: str, x: V, y: V) -> V:
    """Two elements combined."""
    if how in ("sum", "running"):
        return w.m.add(x, y)
    if how == "prod":
        return w.m.mul(x, y)
    return w.m.maximum(x, y) if how == "max" else w.m.minimum(x, y)


def _combine(w: Writer, f: Reduction, old: list[V], term: V, axis: int) -> list[V]:
    """One more element combined with the accumulator."""
    if not f.how.startswith("arg"):
        return [two(w, f.how, old[0], _widen(w, f, term))]
    m = w.m
    best, where = old
    better = m.gt(term, best) if f.how == "argmax" else m.lt(term, best)
    if m.is_float(term):
        better = m.bit_or(better, m.bit_and(m.ne(term, term), m.eq(best, best)))
    here = w.at[axis]
    position = w.f.iadd(here.base, index(here.shift))
    return [m.select(better, term, best), m.select(better, position, where)]


def finish(w: Writer, nest: Nest, values: list[V]) -> list[V]:
    """What the stores see as the results of the reductions."""
    out, at = [], 0
    for f in nest.reductions:
        width = len(beginning(w, f, 1))
        last = values[at + width - 1]
        out.append(w.m.cast(last, f.dtype) if width == 1 else last)
        at += width
    return out


def _work(values: list[Expr]) -> float:
    """Roughly how many instructions the expressions take."""
    order = below(values)
    return float(sum(e.work for e in order if isinstance(e, Apply)))
