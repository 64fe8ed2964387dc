"""Layout of matrix products: the operands as the tile that computes them reads them.

A contraction comes as a nest over any axes: out[axes] = sum over inner of x * y. It leaves as
`(batch.., m, n)` with the rows of the tile along m and its vectors along n, where y moves along n
and x does not. y is packed into panels of the tile's width where it is not contiguous along n, or
too large to be read well where it lies:

    packed[.., p, k, c] = y[.., k, p * width + c]
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from .. import dtypes
from ..ops.elementwise import multiply
from ..typing import Shape
from .collapse import collapse
from .loop_ir import (
    Affine,
    Apply,
    Buffer,
    Expr,
    Kernel,
    Load,
    Nest,
    Reduction,
    Result,
    Store,
    expressions,
    moved_expression,
    moved_store,
    with_axes,
)
from .program import NewBuffer, Program, rewritten
from .tile_choice import Tile, host_tile, tile_cost

_MIN_PACK_MULTIPLY_ADDS = (
    1_000_000  # multiply-adds of a product whose y is packed although it is contiguous
)
_MIN_PACK_ROWS = 48  # and rows that share the packed panel

_MIN_SPLIT_PRODUCTS = 8192  # products in a sum from which on it is made in parts
_PART_PRODUCTS = 3072  # products in a part, about

_PAGES_FACTOR = 1.25  # how much longer a tile takes whose rows lie on pages of their own


def tile_contractions(program: Program) -> Program:
    """Contractions as the tile that computes them needs them, after the kernels that pack their
    operands.
    """

    def rule(kernel: Kernel, new_buffer: NewBuffer) -> Iterable[Kernel]:
        if kernel.nest.kind != "contraction":
            return [kernel]
        packs, nests = arrange(kernel.nest, new_buffer)
        before = [replace(kernel, nest=n, packs=True) for n in packs]
        return [*before, *[replace(kernel, nest=n) for n in nests]]

    return rewritten(program, rule)


def arrange(nest: Nest, new_buffer: NewBuffer) -> tuple[list[Nest], list[Nest]]:
    """(nests that pack operands, the arranged contraction and what follows it; for a single column
    a plain reduction)."""
    if 0 in nest.axes:  # nothing to compute
        return [], []
    nest = collapse(_ordered(nest), only_inner=True)
    if not nest.inner:  # a sum over one element; keep an axis for the loop
        nest = _inserted(nest, len(nest.axes))
        nest.inner = (1,)
    x, y = _operands(nest)
    n = len(nest.axes) - 1
    # NOTE: a reduction of products would round each product of float16; the tile keeps them in
    # float32.
    if nest.axes[n] == 1 and x.dtype != dtypes.float16:
        along = [a for a in range(n) if nest.axes[a] > 1 and _step(x, a) == 1 and not _step(y, a)]
        if not along:
            return [], [_as_reduction(nest, x, y)]
        nest = _exchanged(nest, along[-1])
        x, y = _operands(nest)
    m = _rows_axis(nest, x, y)
    if m is None:
        nest = _with_rows_axis(nest)
    else:
        order = [a for a in range(n) if a != m] + [m, n]
        axes = tuple(nest.axes[a] for a in order)
        inner = list(range(n + 1, n + 1 + len(nest.inner)))
        nest = with_axes(nest, [*order, *inner], axes, nest.inner)
    before, nest = _spread(nest, new_buffer)
    packs, nest = _packed(nest, new_buffer)
    return before + packs, _in_parts(nest, new_buffer)


def _ordered(nest: Nest) -> Nest:
    """The reduced axes from the one that moves y the farthest to the one that moves it the
    least."""
    x, y = _operands(nest)
    first, count = len(nest.axes), len(nest.axes) + len(nest.inner)
    order = sorted(range(first, count), key=lambda a: (-abs(_step(y, a)), -abs(_step(x, a))))
    if order == list(range(first, count)):
        return nest
    inner = tuple(nest.inner[a - first] for a in order)
    return with_axes(nest, [*range(first), *order], nest.axes, inner)


def _in_parts(nest: Nest, new_buffer: NewBuffer) -> list[Nest]:
    """A long sum is made in parts, so that the panel of y that a part needs stays in the second
    cache; what follows the sum is a nest of its own."""
    k = math.prod(nest.inner)
    if k < _MIN_SPLIT_PRODUCTS or len(nest.inner) < 2 or math.prod(nest.axes[:-1]) < 12:
        return [nest]
    if nest.reductions[0].dtype == dtypes.float16:  # added up as float32, which parts would round
        return [nest]
    iterations = max(1, _PART_PRODUCTS // math.prod(nest.inner[1:]))
    if iterations >= nest.inner[0]:
        return [nest]
    (reduction,) = nest.reductions
    dtype = reduction.dtype
    size = math.prod(nest.axes)
    partial = new_buffer(dtype, size)
    count = len(nest.axes)
    strides = [math.prod(nest.axes[i + 1 :]) for i in range(count)]
    at = Affine((*strides, *([0] * len(nest.inner))))
    sums = Nest(nest.axes, [Store(partial, at, Result(0, dtype))], nest.inner, nest.reductions)
    sums.panel, sums.part = nest.panel, iterations
    return [sums, collapse(_after(nest, Load(partial, Affine(tuple(strides)))))]


def _after(nest: Nest, total: Load) -> Nest:
    """What the stores of the contraction do with its result, read from memory."""
    count = len(nest.axes)

    def move(at: Affine) -> Affine:
        return Affine(at.coefficients[:count], at.constant)

    new: dict[int, Expr] = {}
    for e in expressions(Nest(nest.axes, nest.stores)):
        new[id(e)] = total if isinstance(e, Result) else moved_expression(e, move, new)
    return Nest(nest.axes, [moved_store(s, move, new) for s in nest.stores])


def _operands(nest: Nest) -> tuple[Load, Load]:
    (reduction,) = nest.reductions
    assert isinstance(reduction.term, Load) and isinstance(reduction.other, Load)
    return reduction.term, reduction.other


def _step(load: Load, axis: int) -> int:
    return load.at.coefficients[axis]


def _inserted(nest: Nest, axis: int) -> Nest:
    """The same loops with a silent axis before axis `axis`; sizes are the caller's to set."""

    def move(at: Affine) -> Affine:
        c = at.coefficients
        return Affine((*c[:axis], 0, *c[axis:]), at.constant)

    new: dict[int, Expr] = {}
    for e in expressions(nest):
        new[id(e)] = moved_expression(e, move, new)
    reductions = [
        Reduction(f.how, new[id(f.term)], None if f.other is None else new[id(f.other)])
        for f in nest.reductions
    ]
    return Nest(nest.axes, [moved_store(s, move, new) for s in nest.stores], nest.inner, reductions)


def _with_rows_axis(nest: Nest) -> Nest:
    """Every axis but n moves y: the tile has one row, along an axis of size 1."""
    n = len(nest.axes) - 1
    wide = _inserted(nest, n)
    wide.axes = (*nest.axes[:n], 1, nest.axes[n])
    return wide


def _exchanged(nest: Nest, m: int) -> Nest:
    """x and y exchanged, with vectors along m: out.T = y.T @ x.T."""
    n = len(nest.axes) - 1
    order = [a for a in range(n) if a != m] + [n, m]
    inner = list(range(n + 1, n + 1 + len(nest.inner)))
    moved = with_axes(nest, [*order, *inner], tuple(nest.axes[a] for a in order), nest.inner)
    (reduction,) = moved.reductions
    assert reduction.other is not None
    return Nest(
        moved.axes,
        moved.stores,
        moved.inner,
        [Reduction("product", reduction.other, reduction.term)],
    )


def _as_reduction(nest: Nest, x: Load, y: Load) -> Nest:
    """A single column: each result is one sum along a row."""
    dtype = x.dtype
    term = Apply(multiply, {}, (x, y), dtype)
    return collapse(Nest(nest.axes, nest.stores, nest.inner, [Reduction("sum", term)]))


def _rows_axis(nest: Nest, x: Load, y: Load) -> int | None:
    """The axis for the rows of the tile: y must not move along it; the cheapest tile decides."""
    n = len(nest.axes) - 1
    k = math.prod(nest.inner)
    fit = [a for a in range(n) if not _step(y, a) and y.index is None]
    if not fit:
        return None
    size = x.dtype.itemsize

    def cost(a: int) -> tuple[float, int]:
        moves = [_step(x, a), *(s.at.coefficients[a] for s in nest.stores)]
        factor = _PAGES_FACTOR if max(map(abs, moves)) * size >= 4096 and len(fit) > 1 else 1.0
        return round(factor * tile_cost(nest.axes[a], nest.axes[n], k, size) / nest.axes[a], 6), -a

    return min(fit, key=cost)


def _spread(nest: Nest, new_buffer: NewBuffer) -> tuple[list[Nest], Nest]:
    """x copied with a little room behind each row when its rows lie a multiple of 2 KiB apart: such
    rows fall on the same sets of the first cache and push each other out."""
    x, y = _operands(nest)
    m, n = nest.axes[-2:]
    if len(nest.axes) != 2 or len(nest.inner) != 1 or x.index is not None:
        return [], nest
    (k,) = nest.inner
    wide, narrow = sorted(((_step(x, 0), m), (_step(x, 2), k)), reverse=True)
    apart = wide[0] * x.dtype.itemsize
    if narrow[0] != 1 or apart % 2048 or min(m, k) < 64 or n < 64:
        return [], nest
    room = narrow[1] + 16
    buffer = new_buffer(x.dtype, wide[1] * room)
    source = Load(x.buffer, Affine((wide[0], 1), x.at.constant))
    copy = Nest((wide[1], narrow[1]), [Store(buffer, Affine((room, 1)), source)])
    along = (room, 0, 1) if _step(x, 0) == wide[0] else (1, 0, room)
    reduction = Reduction("product", Load(buffer, Affine(along)), y)
    return [copy], Nest(nest.axes, nest.stores, nest.inner, [reduction])


def _packed(nest: Nest, new_buffer: NewBuffer) -> tuple[list[Nest], Nest]:
    """y copied into panels where that pays."""
    x, y = _operands(nest)
    *_, m, n = nest.axes
    n_axis, k = len(nest.axes) - 1, math.prod(nest.inner)
    tile = host_tile(m, n, k, x.dtype.itemsize)
    shared = math.prod(e for a, e in enumerate(nest.axes[:-1]) if not _step(y, a))
    scattered = n > 1 and _step(y, n_axis) != 1
    large = (
        k * n * shared > _MIN_PACK_MULTIPLY_ADDS
        and shared >= _MIN_PACK_ROWS
        and n > 2 * tile.columns
    )
    if y.index is not None or not (scattered or large):
        return [], nest
    used = [a for a in range(n_axis) if _step(y, a)]
    deep = list(range(n_axis + 1, n_axis + 1 + len(nest.inner)))
    extents = [*nest.axes, *nest.inner]
    panels = -(-n // tile.columns)
    shape = [extents[a] for a in used] + [panels] + [extents[a] for a in deep] + [tile.columns]
    buffer = new_buffer(y.dtype, math.prod(shape))
    strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    at = [0] * len(extents)
    for i, a in enumerate([*used, None, *deep]):
        if a is not None:
            at[a] = strides[i]
    at[n_axis] = 1
    packs = _copies(y, buffer, (used, n_axis, deep), extents, tile, strides)
    reduction = Reduction("product", x, Load(buffer, Affine(tuple(at))))
    return packs, Nest(nest.axes, nest.stores, nest.inner, [reduction], panel=k)


def _copies(
    y: Load,
    buffer: Buffer,
    axes: tuple[list[int], int, list[int]],
    extents: list[int],
    tile: Tile,
    strides: list[int],
) -> list[Nest]:
    """The copy of whole panels, and that of the last, narrower one."""
    used, n_axis, deep = axes
    full, rest = divmod(extents[n_axis], tile.columns)
    along = [extents[a] for a in used], [extents[a] for a in deep]
    nests = []
    step = _step(y, n_axis)
    for panels, width, first in ((full, tile.columns, 0), (1, rest, full)):
        if not panels or not width:
            continue
        shape: Shape = (*along[0], panels, *along[1], width)
        moves = [_step(y, a) for a in used] + [step * tile.columns]
        moves += [_step(y, a) for a in deep] + [step]
        source = Load(y.buffer, Affine(tuple(moves), y.at.constant + first * tile.columns * step))
        target = Affine(tuple(strides), first * strides[len(used)])
        nests.append(collapse(Nest(shape, [Store(buffer, target, source)])))
    return nests
