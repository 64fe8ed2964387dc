"""Long reductions in parts: what few results are reduced from much is cut into pieces.

A part is a row of the first nest, so threads can share them; the second nest reduces the parts. How
many there are depends on the sizes alone: the same numbers give the same bits on any number of
threads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from .. import dtypes
from .collapse import collapse
from .loop_ir import (
    Affine,
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
)
from .program import NewBuffer, Program, rewritten

_MIN_SPLIT_ELEMENTS = 65_536  # from which on a reduction is made in parts
_MIN_PARTS, _MAX_PARTS = 4, 64  # parts
_MIN_PART_ELEMENTS = 32  # elements of one result in a part, at least


def split_reductions(program: Program) -> Program:
    """Long reductions to few results in two kernels: the parts, and their reduction."""

    def rule(kernel: Kernel, new_buffer: NewBuffer) -> Iterable[Kernel]:
        *parts, last = in_parts(kernel.nest, new_buffer)
        first = [replace(kernel, nest=n, stops=False) for n in parts]
        return [*first, replace(kernel, nest=last)]

    return rewritten(program, rule)


def in_parts(nest: Nest, new_buffer: NewBuffer) -> list[Nest]:
    """The nest itself, or its parts and the reduction of the parts."""
    results, length = math.prod(nest.axes), math.prod(nest.inner)
    most = min(_MAX_PARTS, length // _MIN_PART_ELEMENTS)
    if nest.kind != "reduce" or results * length < _MIN_SPLIT_ELEMENTS or most < _MIN_PARTS:
        return [nest]
    if any(f.how.startswith("arg") or f.dtype == dtypes.float16 for f in nest.reductions):
        return [nest]
    if len(nest.axes) > 1 or (nest.axes and nest.axes[0] >= _MAX_PARTS and _deep(nest)):
        return [nest]  # rows enough to share as it is
    for a, extent in enumerate(nest.inner):
        fit = [d for d in range(_MIN_PARTS, most + 1) if extent % d == 0]
        if fit:
            return _split(nest, a, max(fit, key=lambda d: (d % 2 == 0, d)), new_buffer)
    return [nest]


def _deep(nest: Nest) -> bool:
    """Whether the elements of one result lie side by side, rather than those of its neighbours."""
    coefficients = [e.at.coefficients for e in expressions(nest) if isinstance(e, Load)]
    results = len(nest.axes) - 1
    return sum(c[-1] == 1 for c in coefficients) > sum(c[results] == 1 for c in coefficients)


def _split(nest: Nest, axis: int, parts: int, new_buffer: NewBuffer) -> list[Nest]:
    """Inner axis `axis` in `parts` pieces, an outer axis of their own."""
    count, results = len(nest.axes), math.prod(nest.axes)
    piece = nest.inner[axis] // parts

    def move(at: Affine) -> Affine:
        return Affine((at.coefficients[count + axis] * piece, *at.coefficients), at.constant)

    new: dict[int, Expr] = {}
    for e in expressions(Nest(nest.axes, [], nest.inner, nest.reductions)):
        new[id(e)] = moved_expression(e, move, new)
    inner = tuple(piece if a == axis else n for a, n in enumerate(nest.inner))
    strides = [math.prod(nest.axes[i + 1 :]) for i in range(count)]
    at = Affine((results, *strides, *([0] * len(inner))))
    reductions = [Reduction(f.how, new[id(f.term)]) for f in nest.reductions]
    partial = [new_buffer(f.dtype, parts * results) for f in reductions]
    stores = [Store(b, at, Result(i, b.dtype)) for i, b in enumerate(partial)]
    first = Nest((parts, *nest.axes), stores, inner, reductions)
    again = Affine((*strides, results))
    reductions = [
        Reduction(f.how, Load(b, again)) for f, b in zip(reductions, partial, strict=True)
    ]
    return [collapse(first), Nest(nest.axes, _flat(nest), (parts,), reductions)]


def _flat(nest: Nest) -> list[Store]:
    """The stores of the nest, whose offsets have one inner axis now (they move along none)."""
    count = len(nest.axes)

    def move(at: Affine) -> Affine:
        return Affine((*at.coefficients[:count], 0), at.constant)

    new: dict[int, Expr] = {}
    for e in expressions(Nest(nest.axes, nest.stores)):
        new[id(e)] = moved_expression(e, move, new)
    return [moved_store(s, move, new) for s in nest.stores]
