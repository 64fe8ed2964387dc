"""Expressions as LLVM IR: the elements of a nest, at the indices of its loops.

A Writer knows for every axis of the nest where its loop is, along which axis the lanes of a vector
run and how many of them are live. `value` writes an expression for those indices, `store_all` the
stores."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import dtypes
from ..lower.loop_ir import (
    Affine,
    Apply,
    Buffer,
    Counter,
    Expr,
    Literal,
    Load,
    Nest,
    Result,
    Store,
    expressions,
    operands,
)
from .ir_arithmetic import Machine
from .ir_builder import Function, V, constant, index


class Axis(NamedTuple):
    """Where a loop stands: an SSA value and a constant added to it."""

    base: V
    shift: int = 0


@dataclass
class Kept:
    """Room on the stack for the values of an expression along a row: written in loop `first` over
    the row, read in those after it (`ready`)."""

    name: str
    at: Affine
    first: int
    ready: bool = False


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
        self.keep: dict[int, Kept] = {}

    # -- expressions -------------------------------------------------------------------------------

    def begin_nest(self, nest: Nest) -> None:
        """All loops of the nest stand at 0."""
        self.at = [Axis(index(0))] * (len(nest.axes) + len(nest.inner))

    def begin(self, lane_axis: int = -1, lanes: int = 1, live: int = 0) -> None:
        """From here on elements are written afresh, `lanes` at a time along `lane_axis`."""
        self.memo = {}
        self.lane_axis, self.lanes, self.live = lane_axis, lanes, live

    def value(self, e: Expr) -> V:
        """The value of an expression at the present indices of the loops."""
        # NOTE: what it is computed from comes first, so that long chains need no deep calls.
        waiting = [e]
        while waiting:
            x = waiting[-1]
            room = self.keep.get(id(x))
            if id(x) not in self.memo:
                inputs = () if room is not None and room.ready else operands(x)
                missing = [y for y in inputs if id(y) not in self.memo]
                if missing:
                    waiting += reversed(missing)
                    continue
                self.memo[id(x)] = self._value(x) if room is None else self._kept(x, room)
            waiting.pop()
        return self.memo[id(e)]

    def _kept(self, e: Expr, room: Kept) -> V:
        """The value of an expression that an earlier loop over the row has left, or leave it."""
        variable, shift = self.offset(room.at)
        base = self.f.pointer(room.name, e.dtype, variable)
        if room.ready:
            return self.m.memory.load(base, e.dtype, index(shift), self.lanes)
        value = self.m.memory.splat(self._value(e), self.lanes)
        self.m.memory.store(base, value, index(shift))
        return value

    def _value(self, e: Expr) -> V:
        if isinstance(e, Literal):
            return constant(e.value, e.dtype)
        if isinstance(e, Result):
            return self.results[e.number]
        if isinstance(e, Counter):
            return self._counter(e)
        if isinstance(e, Apply):
            return e.op.scalar(self.m, *[self.value(x) for x in e.inputs], **e.params)
        return self._load(e)

    def _counter(self, e: Counter) -> V:
        variable, constant_ = self.offset(e.at)
        base = self.m.cast(self.f.iadd(variable, index(constant_)), e.dtype)
        step = e.at.coefficients[self.lane_axis] if self.lane_axis >= 0 else 0
        if not step or self.lanes == 1:
            return base
        lane = self.m.lane_numbers(self.lanes, e.dtype)
        return self.m.add(base, self.m.mul(lane, self.m.const(step, lane)))

    def _load(self, e: Load) -> V:
        step = e.at.coefficients[self.lane_axis] if self.lane_axis >= 0 else 0
        lanes = self.lanes if step else 1
        variable, shift = self.offset(e.at)
        base = self.f.pointer(self.names[e.buffer], e.dtype, variable)
        if e.index is None:
            return self.m.memory.load(base, e.dtype, index(shift), lanes, step, self.live)
        where = self.inside(self.value(e.index), e.size)
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

    def inside(self, where: V, size: int) -> V:
        """An index as int64.

        NOTE: checks (passes/checks.py) have seen that it is inside the axis. The minimum, of
        numbers without sign, costs next to nothing and keeps a kernel that runs alone (as those
        that are timed do) from reading foreign memory.
        """
        where = self.m.cast(where, dtypes.int64)
        return self.m.intrinsic("umin", where, self.m.const(max(size - 1, 0), where))

    def offset(self, at: Affine) -> tuple[V, int]:
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
        """Write one value at its offset."""
        step = s.at.coefficients[self.lane_axis] if self.lane_axis >= 0 else 0
        if step and value.lanes != self.lanes:
            value = self.m.memory.splat(value, self.lanes)
        variable, shift = self.offset(s.at)
        base = self.f.pointer(self.names[s.buffer], s.buffer.dtype, variable)
        self.m.memory.store(base, value, index(shift), step or 1, self.live)

    # -- lanes -------------------------------------------------------------------------------------

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
        """Run `body` over `axis` in vectors from `start` to `stop` (at most the whole vectors of
        `extent`), and the rest once under a mask, if `tail` (a scalar bool; always when None) says
        so."""
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


def dtypes_of(nest: Nest) -> set[Any]:
    """The dtypes of everything in the nest."""
    return {e.dtype for e in expressions(nest)} | {s.buffer.dtype for s in nest.stores}
