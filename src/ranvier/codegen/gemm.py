"""Matrix products and convolutions as LLVM IR: register-tiled sums of products.

`out[.., m, n] = sum over k of x[.., m, k] * y[.., k, n]`, with whatever the group applies to the
result written in the epilogue of the tile. A tile of `rows` x `vectors` accumulators stays in
registers over the whole of k; each iteration loads `vectors` vectors of y and one element of x for
each row. Offsets are affine, so a transpose of x costs nothing; y must be contiguous along n
(lower/gemm_layout.py packs it if it is not).

The naive version that a tile replaces:

    for m: for n: acc = 0; for k: acc += x[m, k] * y[k, n]; out[m, n] = epilogue(acc)
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import dtypes
from ..lower.loop_ir import Load, Nest, expressions, loads
from ..lower.tile_choice import Tile, tile_for
from .expressions import Axis, Writer
from .ir_builder import V, constant, index

_MAX_UNROLLED_EXPRESSIONS = 40  # expressions x rows of an epilogue that is not a loop
# Elements of x that a pass over the panels goes through: they stay in the second cache.
_CHUNK_ELEMENTS = 60_000
_MAX_SHARED_BATCHES = 64  # batches so few that threads share their blocks of rows too
_MIN_PREFETCH_BYTES = 1 << 19  # of a buffer that is fetched before the epilogue needs it
_CACHE_LINE_BYTES = 64  # that one such request brings
_L2_BYTES = 1 << 19  # of y that stay in the second cache


def write_contraction(w: Writer, nest: Nest) -> int:
    """Write the nest over the units %lo to %hi; returns how many units there are."""
    *batch, m, n = nest.axes
    (reduction,) = nest.reductions
    tile = tile_for(m, n, math.prod(nest.inner), reduction.dtype.itemsize, w.vector_bytes)
    w.begin_nest(nest)
    blocks, panels = -(-m // tile.rows), -(-n // tile.columns)
    if nest.part:
        with w.f.loop(index(0), index(nest.inner[0]), nest.part) as (p, _):
            w.part = p
            units = _units(w, nest, tile, batch, blocks, panels)
        return units
    return _units(w, nest, tile, batch, blocks, panels)


def _units(w: Writer, nest: Nest, tile: Tile, batch: list[int], blocks: int, panels: int) -> int:
    """The loops over the units %lo to %hi; returns how many there are."""
    if batch and math.prod(batch) < _MAX_SHARED_BATCHES and blocks > 1:
        return _batches_of_blocks(w, nest, tile, batch, blocks)
    if batch:
        with w.f.loop(index("%lo"), index("%hi"), 1) as (unit, _):
            _set_batch(w, batch, unit)
            _panels(w, nest, tile, index(0), index(blocks), None)
        return math.prod(batch)
    if blocks >= panels:
        _rows(w, nest, tile, blocks)
        return blocks
    _columns(w, nest, tile, index("%lo"), index("%hi"), panels)
    return panels


def _batches_of_blocks(w: Writer, nest: Nest, tile: Tile, batch: list[int], blocks: int) -> int:
    """Units are the blocks of rows of all batches, one batch after the other."""
    f, m = w.f, w.m
    first = f.let(f"sdiv i64 %lo, {blocks}", dtypes.int64)
    last = f.let(f"sdiv i64 {f.iadd(index('%hi'), index(blocks - 1)).text}, {blocks}", dtypes.int64)
    with f.loop(first, last, 1) as (unit, _):
        _set_batch(w, batch, unit)
        before = f.imul(unit, -blocks)
        low = m.maximum(f.iadd(index("%lo"), before), index(0))
        high = m.minimum(f.iadd(index("%hi"), before), index(blocks))
        _panels(w, nest, tile, low, high, blocks)
    return math.prod(batch) * blocks


def _set_batch(w: Writer, batch: list[int], unit: V) -> None:
    """The indices of the batch axes that make up unit number `unit`."""
    f = w.f
    for a in reversed(range(len(batch))):
        if a == 0:
            w.at[a] = Axis(unit)
            continue
        w.at[a] = Axis(f.let(f"srem i64 {unit.text}, {batch[a]}", dtypes.int64))
        unit = f.let(f"sdiv i64 {unit.text}, {batch[a]}", dtypes.int64)


def _rows(w: Writer, nest: Nest, tile: Tile, blocks: int) -> None:
    """Blocks of rows %lo to %hi, in chunks of x that stay in the cache while all panels pass by.

    Where the epilogue reads from memory out of cache it goes along its rows: one block of rows is a
    chunk."""
    k = math.prod(nest.inner)
    per_chunk = max(1, _CHUNK_ELEMENTS // max(1, tile.rows * k))
    (reduction,) = nest.reductions
    if _prefetched(nest) and nest.axes[-1] * k * reduction.dtype.itemsize <= _L2_BYTES:
        per_chunk = 1
    low, high = index("%lo"), index("%hi")
    if per_chunk >= blocks:
        _panels(w, nest, tile, low, high, blocks)
        return
    with w.f.loop(low, high, per_chunk) as (c, _):
        end = w.m.minimum(w.f.iadd(c, index(per_chunk)), high)
        _panels(w, nest, tile, c, end, blocks)


def _panels(w: Writer, nest: Nest, tile: Tile, first: V, last: V, units: int | None) -> None:
    """Panels outside, blocks of rows `first` to `last` inside: a panel of y is used by all of
    them."""
    n = nest.axes[-1]
    full = n // tile.columns
    if full:
        with w.f.loop(index(0), index(full * tile.columns), tile.columns) as (j, _):
            _blocks(w, nest, tile, Axis(j), tile.columns, first, last, units)
    if n % tile.columns:
        rest = n - full * tile.columns
        _blocks(w, nest, tile, Axis(index(0), full * tile.columns), rest, first, last, units)


def _columns(w: Writer, nest: Nest, tile: Tile, first: V, last: V, panels: int) -> None:
    """Panels `first` to `last` outside, all rows inside."""
    m, n = nest.axes[-2:]
    blocks = index(-(-m // tile.rows))
    full = n // tile.columns
    f = w.f
    if full:
        stop = w.m.minimum(last, index(full))
        with f.loop(first, stop, 1) as (p, _):
            j = f.let(f"mul nsw i64 {p.text}, {tile.columns}", dtypes.int64)
            _blocks(w, nest, tile, Axis(j), tile.columns, index(0), blocks, None)
    if n % tile.columns:
        rest = n - full * tile.columns
        with f.when(f.let(f"icmp eq i64 {last.text}, {panels}", dtypes.bool_)):
            _blocks(
                w, nest, tile, Axis(index(0), full * tile.columns), rest, index(0), blocks, None
            )


def _blocks(
    w: Writer,
    nest: Nest,
    tile: Tile,
    column: Axis,
    width: int,
    first: V,
    last: V,
    units: int | None,
) -> None:
    """The tiles of one panel: whole blocks of rows, then the rest."""
    m = nest.axes[-2]
    whole = m // tile.rows
    f = w.f
    if whole:
        stop = last if m % tile.rows == 0 else w.m.minimum(last, index(whole))
        if last.text.isdigit():
            stop = index(min(int(last.text), whole))
        with f.loop(first, stop, 1) as (b, _):
            row = f.imul(b, tile.rows)
            _tile(w, nest, tile, Axis(row), column, tile.rows, width)
    if m % tile.rows:

        def rest() -> None:
            _tile(w, nest, tile, Axis(index(0), whole * tile.rows), column, m % tile.rows, width)

        if units is None:
            rest()
        else:
            with f.when(f.let(f"icmp eq i64 {last.text}, {units}", dtypes.bool_)):
                rest()


def _tile(
    w: Writer, nest: Nest, tile: Tile, row: Axis, column: Axis, rows: int, width: int
) -> None:
    """One tile: the loop over k, then the epilogue."""
    (reduction,) = nest.reductions
    lanes = tile.lanes
    vectors = -(-width // lanes)
    m_axis, n_axis = len(nest.axes) - 2, len(nest.axes) - 1
    dtype = dtypes.float32 if reduction.dtype == dtypes.float16 else reduction.dtype
    start = [constant(0, dtype, lanes) for _ in range(rows * vectors)]
    of_y = column
    if nest.panel:  # a panel begins where all rows of those before it end
        of_y = Axis(w.f.imul(column.base, nest.panel), column.shift * nest.panel)

    def live(v: int) -> int:
        left = width - v * lanes
        return left if left < lanes else 0

    def iteration(acc: list[V]) -> list[V]:
        ys = []
        for v in range(vectors):
            w.at[n_axis] = Axis(of_y.base, of_y.shift + v * lanes)
            w.begin(n_axis, lanes, 0 if nest.panel else live(v))
            assert reduction.other is not None
            ys.append(w.m.cast(w.value(reduction.other), dtype))
        new = []
        for r in range(rows):
            w.at[m_axis] = Axis(row.base, row.shift + r)
            w.begin(n_axis, lanes)
            x = w.m.memory.splat(w.m.cast(w.value(reduction.term), dtype), lanes)
            for v in range(vectors):
                a = acc[r * vectors + v]
                if dtype.kind == "f":
                    new.append(w.m.fma(x, ys[v], a))
                else:
                    new.append(w.m.add(a, w.m.mul(x, ys[v])))
        return new

    _prefetch(w, nest, (row, column), (rows, vectors * lanes))
    if nest.part:
        start = _partial_sums(w, nest, (row, column), (rows, vectors, lanes), live)
    totals = _over_inner(w, nest, 0, start, iteration)
    _epilogue(w, nest, (row, column), (rows, vectors, lanes), totals, live)


def _prefetched(nest: Nest) -> list[Load]:
    """What the epilogue reads along its rows from large buffers."""
    n = len(nest.axes) - 1
    return [
        e
        for e in loads(Nest(nest.axes, nest.stores))
        if e.buffer.size * e.dtype.itemsize >= _MIN_PREFETCH_BYTES
        and e.index is None
        and e.at.coefficients[n] == 1
    ]


def _prefetch(w: Writer, nest: Nest, corner: tuple[Axis, Axis], size: tuple[int, int]) -> None:
    """Ask for what the epilogue reads from large buffers, so that it has come when the sums are
    there."""
    (row, column), (rows, columns) = corner, size
    m_axis, n_axis = len(nest.axes) - 2, len(nest.axes) - 1
    for e in _prefetched(nest):
        for r in range(rows):
            for c in range(0, columns, _CACHE_LINE_BYTES // e.dtype.itemsize):
                w.at[m_axis] = Axis(row.base, row.shift + r)
                w.at[n_axis] = Axis(column.base, column.shift + c)
                variable, shift = w.offset(e.at)
                base = w.f.pointer(w.names[e.buffer], e.dtype, variable)
                w.m.memory.ask(base, e.dtype, index(shift))


def _partial_sums(
    w: Writer,
    nest: Nest,
    corner: tuple[Axis, Axis],
    size: tuple[int, int, int],
    live: Callable[[int], int],
) -> list[V]:
    """The sums of the parts before this one, 0 before the first."""
    (row, column), (rows, vectors, lanes) = corner, size
    (store,) = nest.stores
    begun = w.m.gt(w.part, index(0))
    values = []
    for r in range(rows):
        for v in range(vectors):
            w.at[len(nest.axes) - 2] = Axis(row.base, row.shift + r)
            w.at[len(nest.axes) - 1] = Axis(column.base, column.shift + v * lanes)
            w.begin(len(nest.axes) - 1, lanes, live(v))
            sums = w.value(Load(store.buffer, store.at))
            values.append(w.m.select(begun, sums, w.m.const(0, sums)))
    return values


def _over_inner(
    w: Writer, nest: Nest, depth: int, acc: list[V], iteration: Callable[[list[V]], list[V]]
) -> list[V]:
    """The loops over the reduced axes from `depth` inwards, the innermost a few iterations at a
    time."""
    axis, extent = len(nest.axes) + depth, nest.inner[depth]
    innermost = depth + 1 == len(nest.inner)
    times = 1
    if innermost:
        times = next(u for u in (4, 3, 2, 1) if extent % u == 0 and (u * len(acc) <= 16 or u == 1))
    first, last = index(0), index(extent)
    if nest.part and depth == 0:
        first = w.part
        last = w.m.minimum(w.f.iadd(first, index(nest.part)), last)
    with w.f.loop(first, last, times, acc) as (i, loop):
        new = loop.values
        for u in range(times):
            w.at[axis] = Axis(i, u)
            new = iteration(new) if innermost else _over_inner(w, nest, depth + 1, new, iteration)
        loop.next = new
    return loop.values


def _epilogue(
    w: Writer,
    nest: Nest,
    corner: tuple[Axis, Axis],
    size: tuple[int, int, int],
    totals: list[V],
    live: Callable[[int], int],
) -> None:
    """What the group does with the sums. A long epilogue is a loop over the rows of the tile, whose
    sums go through a corner of the stack; a short one is written out for each vector, straight from
    the registers."""
    (row, column), (rows, vectors, lanes) = corner, size
    (reduction,) = nest.reductions
    m_axis, n_axis = len(nest.axes) - 2, len(nest.axes) - 1

    def finish(at: Axis, v: int, total: V) -> None:
        w.at[m_axis] = at
        w.at[n_axis] = Axis(column.base, column.shift + v * lanes)
        w.begin(n_axis, lanes, live(v))
        w.results = [w.m.cast(total, reduction.dtype)]
        w.store_all(nest.stores)

    if rows * len(expressions(nest)) <= _MAX_UNROLLED_EXPRESSIONS:
        for r in range(rows):
            for v in range(vectors):
                finish(Axis(row.base, row.shift + r), v, totals[r * vectors + v])
        return
    f, dtype = w.f, totals[0].dtype
    stack = f.reserve(f"[{rows * vectors * lanes} x {totals[0].type.strip('<>').split()[-1]}]")
    for number, total in enumerate(totals):
        w.m.memory.store(stack, total, index(number * lanes))
    with f.loop(index(0), index(rows), 1) as (iteration, _):
        at = Axis(f.iadd(row.base, iteration), row.shift)
        base = f.pointer(stack, dtype, f.imul(iteration, vectors * lanes))
        for v in range(vectors):
            finish(at, v, w.m.memory.load(base, dtype, index(v * lanes), lanes))
