"""Write loop nests as LLVM IR: maps, folds, scans and scatters (contractions are in contraction.py).

Every kernel is a function of its buffers and of a range of units: `k(ptr b0, ptr b1, ..., i64 lo, i64 hi)`. The units are
turns of the outermost loop (blocks of elements where there is only one loop), so threads can share a kernel by sharing
its units, and no result depends on how they do.

Vectors run along the innermost axis; the rest of an axis that is no multiple of the vector is done once with a mask.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from .emit import Function, V, constant, fold, index
from .loops import (
    SPECIAL,
    SPECIAL_OPS,
    Affine,
    Apply,
    Buffer,
    Counter,
    Expr,
    Fold,
    Literal,
    Load,
    Nest,
    Result,
    Store,
    expressions,
    loads,
)
from .machine import Machine

BLOCK = 1024  # elements that one unit of a single loop covers


class Axis(NamedTuple):
    """Where a loop stands: an SSA value and a constant added to it."""

    base: V
    shift: int = 0


class Writer:
    """Writes nests into one function."""

    def __init__(
        self, f: Function, names: dict[Buffer, str], vector_bytes: int, fma: bool = True
    ) -> None:
        self.f = f
        self.names = names
        self.vector_bytes = vector_bytes
        self.m = Machine(f, fma)
        self.at: list[Axis] = []
        self.lane_axis = -1
        self.lanes = 1
        self.live = 0
        self.results: list[V] = []
        self.part = index(0)  # where the part of a long sum begins
        self.memo: dict[int, V] = {}

    # -- expressions ----------------------------------------------------------------------------------------

    def begin(self, lane_axis: int = -1, lanes: int = 1, live: int = 0) -> None:
        """From here on elements are written anew, `lanes` at a time along `lane_axis`."""
        self.memo = {}
        self.lane_axis, self.lanes, self.live = lane_axis, lanes, live

    def value(self, e: Expr) -> V:
        """The value of an expression at the present place of the loops."""
        known = self.memo.get(id(e))
        if known is None:
            known = self.memo[id(e)] = self._value(e)
        return known

    def _value(self, e: Expr) -> V:
        if isinstance(e, Literal):
            return constant(e.value, e.dtype)
        if isinstance(e, Result):
            return self.results[e.number]
        if isinstance(e, Counter):
            return self._counter(e)
        if isinstance(e, Apply):
            return e.op.scalar(self.m, *[self.value(x) for x in e.inputs], **e.params)  # type: ignore[attr-defined, no-any-return]
        return self._load(e)

    def _counter(self, e: Counter) -> V:
        variable, constant_ = self.place(e.at)
        base = self.m.cast(self.f.iadd(variable, index(constant_)), e.dtype)
        step = e.at.coefficients[self.lane_axis] if self.lane_axis >= 0 else 0
        if not step or self.lanes == 1:
            return base
        lane = self.m.lane_numbers(self.lanes, e.dtype)
        return self.m.add(base, self.m.mul(lane, self.m.const(step, lane)))

    def _load(self, e: Load) -> V:
        step = e.at.coefficients[self.lane_axis] if self.lane_axis >= 0 else 0
        lanes = self.lanes if step else 1
        variable, shift = self.place(e.at)
        base = self.f.pointer(self.names[e.buffer], e.dtype, variable)
        if e.index is None:
            return self.m.memory.load(base, e.dtype, index(shift), lanes, step, self.live)
        where = self.clamped(self.value(e.index), e.size)
        if where.lanes == 1:
            moved = self.f.pointer(base, e.dtype, self.f.imul(where, e.stride))
            return self.m.memory.load(moved, e.dtype, index(shift), lanes, step, self.live)
        out = V("zeroinitializer", e.dtype, self.lanes)
        for lane in range(self.live or self.lanes):
            one = self.f.let(f"extractelement {where}, i32 {lane}", dtypes.int64)
            moved = self.f.pointer(base, e.dtype, self.f.imul(one, e.stride))
            x = self.m.memory.load(moved, e.dtype, index(shift + lane * step))
            out = self.f.let(f"insertelement {out}, {x}, i32 {lane}", e.dtype, self.lanes)
        return out

    def from_end(self, where: V, size: int) -> V:
        """A position as int64, a negative one counted from the end."""
        m = self.m
        where = m.cast(where, dtypes.int64)
        return m.select(m.lt(where, m.const(0, where)), m.add(where, m.const(size, where)), where)

    def clamped(self, where: V, size: int) -> V:
        """A position kept inside the axis."""
        m = self.m
        where = self.from_end(where, size)
        where = m.select(m.lt(where, m.const(0, where)), m.const(0, where), where)
        last = m.const(size - 1, where)
        return m.select(m.gt(where, last), last, where)

    def place(self, at: Affine) -> tuple[V, int]:
        """The position `at` as a computed part and a constant part."""
        variable, shift = index(0), at.constant
        for axis, c in zip(self.at, at.coefficients, strict=True):
            if c:
                variable = self.f.iadd(variable, self.f.imul(axis.base, c))
                shift += c * axis.shift
        return variable, shift

    def store_all(self, stores: list[Store]) -> None:
        """All values first, then all stores: a store may overwrite what another value reads."""
        values = [self.value(s.value) for s in stores]
        for s, value in zip(stores, values, strict=True):
            self.store(s, value)

    def store(self, s: Store, value: V) -> None:
        """Write one value at its place."""
        step = s.at.coefficients[self.lane_axis] if self.lane_axis >= 0 else 0
        if step and value.lanes != self.lanes:
            value = self.m.memory.splat(value, self.lanes)
        variable, shift = self.place(s.at)
        base = self.f.pointer(self.names[s.buffer], s.buffer.dtype, variable)
        self.m.memory.store(base, value, index(shift), step or 1, self.live)

    # -- lanes ----------------------------------------------------------------------------------------------

    def lanes_for(self, nest_dtypes: set[Any], extent: int) -> int:
        """How many lanes serve an axis: those of the widest float, fewer for a short axis."""
        wide = max((d.itemsize for d in nest_dtypes if d.kind == "f"), default=4)
        lanes = max(self.vector_bytes // max(wide, 4), 1)
        while lanes > 1 and lanes // 2 >= extent:
            lanes //= 2
        return lanes

    def along(
        self,
        axis: int,
        start: V,
        stop: V,
        extent: int,
        lanes: int,
        body: Callable[[], None],
        tail: V | None = None,
    ) -> None:
        """Run `body` over `axis` in vectors from `start` to `stop` (at most the whole vectors of `extent`), and the
        rest once under a mask, if `tail` (a scalar bool; always when None) says so."""
        whole = extent - extent % lanes
        if whole:
            with self.f.loop(start, stop, lanes) as (i, _):
                self.at[axis] = Axis(i)
                self.begin(axis, lanes)
                body()
        if extent % lanes:
            with ExitStack() as stack:
                if tail is not None:
                    stack.enter_context(self.f.when(tail))
                self.at[axis] = Axis(index(0), whole)
                self.begin(axis, lanes, extent - whole)
                body()

    # -- nests ----------------------------------------------------------------------------------------------

    def write(self, nest: Nest) -> int:
        """Write a nest over the units %lo to %hi; returns how many units there are."""
        self.at = [Axis(index(0))] * (len(nest.axes) + len(nest.inner))
        return getattr(self, f"_{nest.kind}")(nest)  # type: ignore[no-any-return]

    def _map(self, nest: Nest) -> int:
        return self._spread(nest, lambda: self.store_all(nest.stores))

    def _spread(self, nest: Nest, body: Callable[[], None]) -> int:
        """Loops over the outer axes, vectors along the last one."""
        axes = nest.axes
        if not axes:
            self.begin()
            body()
            return 1
        last = len(axes) - 1
        lanes = self.lanes_for(_dtypes(nest), axes[last])
        if last == 0:
            return self._blocks(axes[0], lanes, body)
        with ExitStack() as stack:
            for a in range(last):
                start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(axes[a]))
                i, _ = stack.enter_context(self.f.loop(start, stop, 1))
                self.at[a] = Axis(i)
            whole = axes[last] - axes[last] % lanes
            self.along(last, index(0), index(whole), axes[last], lanes, body)
        return axes[0]

    def _blocks(self, extent: int, lanes: int, body: Callable[[], None]) -> int:
        """One loop, cut into blocks that are the units."""
        units = -(-extent // BLOCK)
        whole = extent - extent % lanes
        if units == 1:
            self.along(0, index(0), index(whole), extent, lanes, body)
            return 1
        f = self.f
        start = f.let(f"mul nsw i64 %lo, {BLOCK}", dtypes.int64)
        end = f.let(f"mul nsw i64 %hi, {BLOCK}", dtypes.int64)
        stop = self.m.minimum(end, index(whole))
        self.along(
            0, start, stop, extent, lanes, body, f.let(f"icmp eq i64 %hi, {units}", dtypes.bool_)
        )
        return units

    def _fold(self, nest: Nest) -> int:
        if self._folds_along_lanes(nest):
            return self._fold_lanes(nest)
        return self._spread(nest, lambda: self._fold_each(nest))

    def _folds_along_lanes(self, nest: Nest) -> bool:
        """Whether vectors run along the innermost folded axis rather than the last kept one."""
        if not nest.inner or nest.folds[0].how.startswith("arg"):
            return False
        if not nest.axes:
            return True
        r, k = len(nest.axes) + len(nest.inner) - 1, len(nest.axes) - 1
        places = [e.at for e in loads(nest)]
        deep = sum(p.coefficients[r] == 1 for p in places)
        wide = sum(p.coefficients[k] == 1 for p in places)
        if deep <= wide or nest.inner[-1] < 4:
            return False
        # Along k every element is loaded on its own; along r every result is combined from lanes and finished alone.
        lanes = self.lanes_for(_dtypes(nest), nest.axes[-1])
        terms, after = _work([f.term for f in nest.folds]), _work([s.value for s in nest.stores])
        length = math.prod(nest.inner)
        along_k = (length * (1.5 * deep * lanes + terms) + after) / lanes
        along_r = -(-length // lanes) * (terms + deep) + 6 * len(nest.folds) + after
        return along_r <= along_k

    def _fold_each(self, nest: Nest) -> None:
        """Each lane folds its own elements, one after the other."""
        lane_axis, lanes, live = self.lane_axis, self.lanes, self.live
        start = [v for f in nest.folds for v in self._start(f, lanes)]
        totals = self._each_inner(nest, 0, start, (lane_axis, lanes, live))
        self.results = self._finish(nest, totals)
        self.begin(lane_axis, lanes, live)
        self.store_all(nest.stores)

    def _each_inner(
        self, nest: Nest, depth: int, carried: list[V], lane: tuple[int, int, int]
    ) -> list[V]:
        """The folded loops from `depth` inwards, one element a turn; returns the new accumulators."""
        if depth == len(nest.inner):
            self.begin(*lane)
            new: list[V] = []
            for f in nest.folds:
                old = carried[len(new) : len(new) + len(self._start(f, 1))]
                new += self._combine(f, old, self.value(f.term), len(self.at) - 1)
            return new
        with self.f.loop(index(0), index(nest.inner[depth]), 1, carried) as (i, loop):
            self.at[len(nest.axes) + depth] = Axis(i)
            loop.next = self._each_inner(nest, depth + 1, loop.values, lane)
        return loop.values

    def _fold_lanes(self, nest: Nest) -> int:
        """Vectors along the innermost folded axis; the lanes are combined at the end, in a fixed order."""
        axes = nest.axes
        with ExitStack() as stack:
            for a in range(len(axes)):
                start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(axes[a]))
                i, _ = stack.enter_context(self.f.loop(start, stop, 1))
                self.at[a] = Axis(i)
            extent = nest.inner[-1]
            lanes = self.lanes_for(_dtypes(nest), extent)
            accumulators = [v for f in nest.folds for v in self._start(f, lanes)]
            totals = self._fold_inner(nest, 0, accumulators, lanes)
            folded = []
            for f, v in zip(nest.folds, totals, strict=True):
                folded.append(fold(self.f, v, lambda x, y, f=f: self._two(f.how, x, y)))
            self.results = self._finish(nest, folded)
            self.begin()
            self.store_all(nest.stores)
        return axes[0] if axes else 1

    def _fold_inner(self, nest: Nest, depth: int, carried: list[V], lanes: int) -> list[V]:
        """The folded loops from `depth` inwards; returns the new accumulators."""
        axis = len(nest.axes) + depth
        if depth + 1 < len(nest.inner):
            with self.f.loop(index(0), index(nest.inner[depth]), 1, carried) as (i, loop):
                self.at[axis] = Axis(i)
                loop.next = self._fold_inner(nest, depth + 1, loop.values, lanes)
            return loop.values
        extent = nest.inner[-1]
        at = 0
        for turns in (4, 1):  # four vectors at a time hide the latency of the additions
            step = turns * lanes
            stop = at + (extent - at) // step * step
            if stop - at < 2 * step and turns > 1:
                continue
            if stop > at:
                copies = [carried] + [
                    [v for f in nest.folds for v in self._start(f, lanes)] for _ in range(turns - 1)
                ]
                flat = [v for c in copies for v in c]
                with self.f.loop(index(at), index(stop), step, flat) as (i, loop):
                    new = []
                    for turn in range(turns):
                        self.at[axis] = Axis(i, turn * lanes)
                        self.begin(axis, lanes)
                        part = loop.values[turn * len(carried) : (turn + 1) * len(carried)]
                        new += [
                            self._two(f.how, v, self._widen(f, self.value(f.term)))
                            for f, v in zip(nest.folds, part, strict=True)
                        ]
                    loop.next = new
                n = len(carried)
                parts = [loop.values[t * n : (t + 1) * n] for t in range(turns)]
                while len(parts) > 1:
                    parts = [
                        [self._two(f.how, a, b) for f, a, b in zip(nest.folds, x, y, strict=True)]
                        for x, y in zip(parts[::2], parts[1::2], strict=True)
                    ]
                carried = parts[0]
                at = stop
        if at < extent:
            self.at[axis] = Axis(index(0), at)
            self.begin(axis, lanes, extent - at)
            live = V(
                "<" + ", ".join(f"i1 {str(i < extent - at).lower()}" for i in range(lanes)) + ">",
                dtypes.bool_,
                lanes,
            )
            carried = [
                self._two(f.how, v, self._widen(f, self.value(f.term)))
                if lanes == extent - at
                else self.m.select(live, self._two(f.how, v, self._widen(f, self.value(f.term))), v)
                for f, v in zip(nest.folds, carried, strict=True)
            ]
        return carried

    # -- accumulators ---------------------------------------------------------------------------------------

    def _start(self, f: Any, lanes: int) -> list[V]:
        """The accumulator of a fold before anything is folded."""
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

    def _widen(self, f: Any, term: V) -> V:
        """The term as it is folded: float16 is added up as float32."""
        if f.dtype == dtypes.float16 and f.how in ("sum", "prod", "running"):
            return self.m.cast(term, dtypes.float32)
        return term

    def _two(self, how: str, x: V, y: V) -> V:
        """Two elements folded."""
        if how in ("sum", "running"):
            return self.m.add(x, y)
        if how == "prod":
            return self.m.mul(x, y)
        return self.m.maximum(x, y) if how == "max" else self.m.minimum(x, y)

    def _combine(self, f: Any, old: list[V], term: V, axis: int) -> list[V]:
        """One more element folded into the accumulator."""
        if not f.how.startswith("arg"):
            return [self._two(f.how, old[0], self._widen(f, term))]
        m = self.m
        best, where = old
        better = m.gt(term, best) if f.how == "argmax" else m.lt(term, best)
        if m.is_float(term):
            better = m.bit_or(better, m.bit_and(m.ne(term, term), m.eq(best, best)))
        here = self.at[axis]
        position = self.f.iadd(here.base, index(here.shift))
        return [m.select(better, term, best), m.select(better, position, where)]

    def _finish(self, nest: Nest, values: list[V]) -> list[V]:
        """What the stores see as the results of the folds."""
        out, at = [], 0
        for f in nest.folds:
            width = len(self._start(f, 1))
            last = values[at + width - 1]
            out.append(self.m.cast(last, f.dtype) if width == 1 else last)
            at += width
        return out

    # -- scans and scatters ---------------------------------------------------------------------------------

    def _scan(self, nest: Nest) -> int:
        """Running sums: one lane a line, a store at every turn."""
        (f,) = nest.folds
        axes = nest.axes
        with ExitStack() as stack:
            for a in range(len(axes)):
                start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(axes[a]))
                i, _ = stack.enter_context(self.f.loop(start, stop, 1))
                self.at[a] = Axis(i)
            begin = self._start(f, 1)
            with self.f.loop(index(0), index(nest.inner[0]), 1, begin) as (i, loop):
                self.at[len(axes)] = Axis(i)
                self.begin()
                loop.next = [self.m.add(loop.values[0], self._widen(f, self.value(f.term)))]
                self.results = [self.m.cast(loop.next[0], f.dtype)]
                self.begin()
                self.store_all(nest.stores)
        return axes[0] if axes else 1

    def _scatter(self, nest: Nest) -> int:
        """Add to computed places, in order; places outside are ignored."""
        (s,) = nest.stores
        axes = nest.axes
        with ExitStack() as stack:
            for a in range(len(axes)):
                i, _ = stack.enter_context(self.f.loop(index(0), index(axes[a]), 1))
                self.at[a] = Axis(i)
            self.begin()
            assert s.index is not None
            where = self.from_end(self.value(s.index), s.size)
            m = self.m
            inside = m.bit_and(m.ge(where, m.const(0, where)), m.lt(where, m.const(s.size, where)))
            value = self.value(s.value)
            with self.f.when(inside):
                variable, shift = self.place(s.at)
                base = self.f.pointer(self.names[s.buffer], s.buffer.dtype, variable)
                base = self.f.pointer(base, s.buffer.dtype, self.f.imul(where, s.stride))
                old = m.memory.load(base, s.buffer.dtype, index(shift))
                total = m.bit_or(old, value) if old.dtype == dtypes.bool_ else m.add(old, value)
                m.memory.store(base, total, index(shift))
        return 1


def _work(values: list[Expr]) -> float:
    """Roughly how many instructions the expressions take."""
    order = expressions(Nest((), [], (), [Fold("sum", v) for v in values]))
    return sum(SPECIAL if e.op.name in SPECIAL_OPS else 1.0 for e in order if isinstance(e, Apply))


def _dtypes(nest: Nest) -> set[Any]:
    return {e.dtype for e in expressions(nest)} | {s.buffer.dtype for s in nest.stores}
