"""Collapsing: neighbouring axes of a nest joined into one loop."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from .loop_ir import Counter, Kernel, Load, Nest, expressions, with_axes
from .program import NewBuffer, Program, rewritten


def collapse_axes(program: Program) -> Program:
    """Every nest with its axes joined, but for contractions, whose axes tiling chooses, and
    scatters, whose order counts.
    """

    def rule(kernel: Kernel, new_buffer: NewBuffer) -> Iterable[Kernel]:
        if kernel.nest.kind in ("contraction", "scatter"):
            return [kernel]
        return [replace(kernel, nest=collapse(kernel.nest))]

    return rewritten(program, rule)


def collapse(nest: Nest, only_inner: bool = False) -> Nest:
    """The nest with neighbouring axes joined wherever every offset moves through both as through
    one; with `only_inner` the parallel axes stay as they are."""
    order = expressions(nest)
    offsets = [e.at for e in order if isinstance(e, Load | Counter)] + [s.at for s in nest.stores]
    extents = [*nest.axes, *nest.inner]
    split = len(nest.axes)
    # A position that is counted, or a store in every iteration, needs its loop, however short.
    ordered = any(f.how in ("argmax", "argmin", "running") for f in nest.reductions)
    needed = range(split) if only_inner else range(split, len(extents)) if ordered else ()
    keep = [a for a, n in enumerate(extents) if n != 1 or a in needed]
    groups: list[list[int]] = []
    for a in keep:
        if groups and (groups[-1][-1] < split) == (a < split) and not (only_inner and a < split):
            b = groups[-1][-1]
            if all(p.coefficients[b] == p.coefficients[a] * extents[a] for p in offsets):
                groups[-1].append(a)
                continue
        groups.append([a])
    if [[a] for a in range(len(extents))] == groups:
        return nest
    last = [g[-1] for g in groups]

    sizes = [int(np.prod([extents[a] for a in g])) for g in groups]
    outer = sum(1 for g in groups if g[0] < split)
    return with_axes(nest, last, tuple(sizes[:outer]), tuple(sizes[outer:]))
