"""Transposes as LLVM IR: a load that lies along another axis than the store does.

Element by element such a copy takes a load and an insertion each. Here a square tile of both axes
is loaded as vectors along the one, transposed in the registers, and stored as vectors along the
other."""

from __future__ import annotations

import math
from contextlib import ExitStack

from .. import dtypes
from ..lower.loop_ir import Load, Nest, expressions, loads
from .expressions import Axis, Writer, dtypes_of
from .ir_builder import V, index, transpose

_MIN_TILED_ELEMENTS = 4096  # of a nest that is worth the code of a tile
_MAX_TILE_EXPRESSIONS = 8  # which are written once for each of its rows


def transposed_loads(w: Writer, nest: Nest) -> tuple[list[Load], int]:
    """The loads along another axis than the lanes, and that axis; none where they differ in it or
    where tiles do not pay."""
    axes, last = nest.axes, len(nest.axes) - 1
    if (
        len(axes) < 2
        or math.prod(axes) < _MIN_TILED_ELEMENTS
        or len(expressions(nest)) > _MAX_TILE_EXPRESSIONS
    ):
        return [], 0
    if any(s.at.coefficients[last] != 1 for s in nest.stores):
        return [], 0
    candidates = [e for e in loads(nest) if e.at.coefficients[last] not in (0, 1)]
    if any(e.index is not None or e.dtype == dtypes.bool_ for e in candidates):
        return [], 0
    along = {e.at.coefficients.index(1) if 1 in e.at.coefficients else -1 for e in candidates}
    if len(along) != 1 or -1 in along:
        return [], 0
    (axis,) = along
    used = dtypes_of(nest)
    lanes = w.lanes_for(used, axes[last])
    return (candidates, axis) if lanes == w.lanes_for(used, axes[axis]) > 1 else ([], 0)


def write_tiles(w: Writer, nest: Nest, transposed: list[Load], axis: int) -> int:
    """The nest in square tiles of `axis` and the last axis; returns how many units there are."""
    axes, last = nest.axes, len(nest.axes) - 1
    lanes = w.lanes_for(dtypes_of(nest), axes[last])
    outer = [a for a in range(last) if a != axis]
    blocks = axes[axis] // lanes
    rest = axes[axis] - blocks * lanes
    low, high = index("%lo"), index("%hi")

    def across(rows: int) -> None:
        """The tiles along the last axis, `rows` high, from where the other loops stand."""
        whole = axes[last] - axes[last] % lanes
        with w.f.loop(index(0), index(whole), lanes) as (i, _):
            w.at[last] = Axis(i)
            _write_tile(w, nest, transposed, (axis, last), (lanes, rows, lanes))
        if axes[last] > whole:
            w.at[last] = Axis(index(0), whole)
            _write_tile(w, nest, transposed, (axis, last), (lanes, rows, axes[last] - whole))

    if axis:
        with ExitStack() as stack:
            for a in outer:
                span = (low, high) if a == 0 else (index(0), index(axes[a]))
                w.at[a] = Axis(stack.enter_context(w.f.loop(*span, 1))[0])
            with w.f.loop(index(0), index(blocks * lanes), lanes) as (i, _):
                w.at[axis] = Axis(i)
                across(lanes)
            if rest:
                w.at[axis] = Axis(index(0), blocks * lanes)
                across(rest)
        return axes[0]
    units = blocks + (rest > 0)
    with ExitStack() as stack:
        stop = w.m.minimum(high, index(blocks)) if rest else high
        for a in outer:
            w.at[a] = Axis(stack.enter_context(w.f.loop(index(0), index(axes[a]), 1))[0])
        with w.f.loop(low, stop, 1) as (i, _):
            w.at[0] = Axis(w.f.imul(i, lanes))
            across(lanes)
        if rest:
            with w.f.when(w.f.let(f"icmp eq i64 {high.text}, {units}", dtypes.bool_)):
                w.at[0] = Axis(index(0), blocks * lanes)
                across(rest)
    return units


def _write_tile(
    w: Writer,
    nest: Nest,
    transposed: list[Load],
    axes: tuple[int, int],
    size: tuple[int, int, int],
) -> None:
    """One tile (fewer rows and columns at an edge), from where the loops stand."""
    (axis, last), (lanes, rows, columns) = axes, size
    down, right = w.at[axis], w.at[last]
    known: list[dict[int, V]] = [{} for _ in range(rows)]
    for e in transposed:
        vectors = []
        for c in range(columns):
            w.at[last] = Axis(right.base, right.shift + c)
            w.begin(axis, lanes, rows % lanes)
            vectors.append(w.value(e))
        vectors += [w.m.const(0, vectors[0])] * (lanes - columns)
        for memo, v in zip(known, transpose(w.f, vectors), strict=False):
            memo[id(e)] = v
    w.at[last] = right
    for r, memo in enumerate(known):
        w.at[axis] = Axis(down.base, down.shift + r)
        w.begin(last, lanes, columns % lanes)
        w.memo.update(memo)
        w.store_all(nest.stores)
    w.at[axis] = down
