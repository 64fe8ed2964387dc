"""The contraction generator: register-tiled sums of products.

`out[.., m, n] = sum over k of x[.., m, k] * y[.., k, n]`, with whatever the group applies to the result written in the
epilogue of the tile. A tile of `rows` x `vectors` accumulators stays in registers over the whole of k; each turn loads
`vectors` vectors of y and one element of x for each row. Places are affine, so a transpose of x costs nothing; y must be
contiguous along n (lower.py packs it if it is not).

The naive version that a tile replaces:

    for m: for n: acc = 0; for k: acc += x[m, k] * y[k, n]; out[m, n] = epilogue(acc)
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from .. import dtypes
from .emit import V, constant, index
from .loops import Nest, expressions
from .nests import Axis, Writer

# Registers for accumulators: AVX2 and NEON pairs leave 12 of 16, AVX-512 28 of 32.
_ACCUMULATORS = {16: 8, 32: 12, 64: 28}
_PIECE = 0.08  # what a further shape of tile must gain in a small product: each is code of its own
_NEAR = 4096  # elements that stay in the first cache
_WRITTEN_OUT = 40  # expressions x rows of an epilogue that is not a loop


class Tile(NamedTuple):
    """rows x (vectors * lanes) of the result."""

    rows: int
    vectors: int
    lanes: int

    @property
    def columns(self) -> int:
        return self.vectors * self.lanes


def choose_tile(m: int, n: int, k: int, lanes: int, registers: int) -> Tile:
    """The tile with the lowest estimated time for an m x k by k x n product.

    A turn of k takes the multiply-adds at two a cycle, but at least the four cycles of latency of one, and a little for
    the loads.
    """
    while lanes > 1 and lanes // 2 >= n:
        lanes //= 2
    best, best_cost = Tile(1, 1, lanes), float("inf")
    piece = _PIECE if m * n * k < 500_000 else 0.0
    for rows in range(1, min(m, 8) + 1):
        for vectors in range(1, 5):
            if rows * vectors > registers or (vectors > 1 and (vectors - 1) * lanes >= n):
                continue
            cost, pieces = 0.0, 0
            for r, times_r in ((rows, m // rows), (m % rows, 1)):
                for v, times_v in _panels(n, vectors, lanes):
                    if r and v and times_r and times_v:
                        turn = max(r * v / 2, 4.0, (r + v) * 0.55) + 0.1 * (r + v)
                        if k * v * lanes > _NEAR:  # the panel of y comes from the second cache
                            turn += v
                        cost += times_r * times_v * (turn * k + 12 + 2 * r * v)
                        pieces += 1
            cost *= 1 + piece * (pieces - 1)
            if cost < best_cost * (1 - 1e-9):
                best, best_cost = Tile(rows, vectors, lanes), cost
    return best


def _panels(n: int, vectors: int, lanes: int) -> list[tuple[int, int]]:
    """(vectors, how many) of the full panels and of the last, narrower one."""
    columns = vectors * lanes
    rest = n % columns
    return [(vectors, n // columns), (-(-rest // lanes), 1 if rest else 0)]


def write_contraction(w: Writer, nest: Nest) -> int:
    """Write the nest over the units %lo to %hi; returns how many units there are."""
    *batch, m, n = nest.axes
    (k,) = nest.inner
    (fold,) = nest.folds
    registers = _ACCUMULATORS.get(w.vector_bytes, 12)
    lanes = max(w.vector_bytes // max(fold.dtype.itemsize, 4), 1)
    tile = choose_tile(m, n, k, lanes, registers)
    count = len(nest.axes)
    w.at = [Axis(index(0))] * (count + 1)
    blocks, panels = -(-m // tile.rows), -(-n // tile.columns)
    with ExitStack() as stack:
        for a, extent in enumerate(batch):
            start, stop = (index("%lo"), index("%hi")) if a == 0 else (index(0), index(extent))
            i, _ = stack.enter_context(w.f.loop(start, stop, 1))
            w.at[a] = Axis(i)
        if batch:
            _rows(w, nest, tile, index(0), index(blocks), None, 0, panels)
            return batch[0]
        if blocks >= panels:
            _rows(w, nest, tile, index("%lo"), index("%hi"), blocks, 0, panels)
            return blocks
        _columns(w, nest, tile, index("%lo"), index("%hi"), panels)
        return panels


def _rows(
    w: Writer,
    nest: Nest,
    tile: Tile,
    first: V,
    last: V,
    units: int | None,
    panel: int,
    panels: int,
) -> None:
    """Panels outside, blocks of rows `first` to `last` inside: a panel of y is used by all of them."""
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
    (fold,) = nest.folds
    (k,) = nest.inner
    lanes = tile.lanes
    vectors = -(-width // lanes)
    m_axis, n_axis, k_axis = len(nest.axes) - 2, len(nest.axes) - 1, len(nest.axes)
    dtype = dtypes.float32 if fold.dtype == dtypes.float16 else fold.dtype
    start = [constant(0, dtype, lanes) for _ in range(rows * vectors)]

    def live(v: int) -> int:
        left = width - v * lanes
        return left if left < lanes else 0

    def turn(acc: list[V], at: Axis) -> list[V]:
        w.at[k_axis] = at
        ys = []
        for v in range(vectors):
            w.at[n_axis] = Axis(column.base, column.shift + v * lanes)
            w.begin(n_axis, lanes, live(v))
            assert fold.other is not None
            ys.append(w.m.cast(w.value(fold.other), dtype))
        new = []
        for r in range(rows):
            w.at[m_axis] = Axis(row.base, row.shift + r)
            w.begin(n_axis, lanes)
            x = w.m.memory.splat(w.m.cast(w.value(fold.term), dtype), lanes)
            for v in range(vectors):
                a = acc[r * vectors + v]
                if dtype.kind == "f":
                    new.append(w.m.fma(x, ys[v], a))
                else:
                    new.append(w.m.add(a, w.m.mul(x, ys[v])))
        return new

    unroll = next(u for u in (4, 2, 1) if k % u == 0 and (u * rows * vectors <= 16 or u == 1))
    with w.f.loop(index(0), index(k), unroll, start) as (i, loop):
        acc = loop.values
        for u in range(unroll):
            acc = turn(acc, Axis(i, u))
        loop.next = acc
    _epilogue(w, nest, (row, column), (rows, vectors, lanes), loop.values, live)


def _epilogue(
    w: Writer,
    nest: Nest,
    corner: tuple[Axis, Axis],
    size: tuple[int, int, int],
    totals: list[V],
    live: Callable[[int], int],
) -> None:
    """What the group does with the sums. A long epilogue is a loop over the rows of the tile, whose sums go through a
    corner of the stack; a short one is written out for each vector, straight from the registers."""
    (row, column), (rows, vectors, lanes) = corner, size
    (fold,) = nest.folds
    m_axis, n_axis = len(nest.axes) - 2, len(nest.axes) - 1

    def finish(at: Axis, v: int, total: V) -> None:
        w.at[m_axis] = at
        w.at[n_axis] = Axis(column.base, column.shift + v * lanes)
        w.begin(n_axis, lanes, live(v))
        w.results = [w.m.cast(total, fold.dtype)]
        w.store_all(nest.stores)

    if rows * len(expressions(nest)) <= _WRITTEN_OUT:
        for r in range(rows):
            for v in range(vectors):
                finish(Axis(row.base, row.shift + r), v, totals[r * vectors + v])
        return
    f, dtype = w.f, totals[0].dtype
    stack = f.reserve(f"[{rows * vectors * lanes} x {totals[0].type.strip('<>').split()[-1]}]")
    for number, total in enumerate(totals):
        w.m.memory.store(stack, total, index(number * lanes))
    with f.loop(index(0), index(rows), 1) as (r, _):
        at = Axis(f.iadd(row.base, r), row.shift)
        base = f.pointer(stack, dtype, f.imul(r, vectors * lanes))
        for v in range(vectors):
            finish(at, v, w.m.memory.load(base, dtype, index(v * lanes), lanes))
