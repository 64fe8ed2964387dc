"""Bounds: between which numbers the elements of each integer node lie, whatever the inputs hold.

Interval arithmetic (Moore, 1966) in Python's integers. What may leave the range of its dtype wraps
around, so it may be any number of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..graph.graph import Graph
from ..graph.node import Node

Interval = tuple[float, float]
Rule = Callable[[Node, Sequence[Interval]], Interval]


def bounds(graph: Graph) -> dict[Node, Interval]:
    """(smallest, largest) of every node of integers or bools; those of nothing say nothing."""
    intervals: dict[Node, Interval] = {}
    for node in (*graph.inputs, *graph.nodes):
        if node in intervals or node.dtype.kind not in "iub":
            continue
        widest = _widest(node)
        rule = _RULES.get(node.op.name)
        if rule is not None and all(x in intervals for x in node.inputs[:1]):
            low, high = rule(node, [intervals.get(x, widest) for x in node.inputs])
            if widest[0] <= low and high <= widest[1]:
                widest = (low, high)
        intervals[node] = widest
    return intervals


def _widest(node: Node) -> Interval:
    if node.dtype.kind == "b":
        return 0, 1
    limits = np.iinfo(node.dtype)
    return int(limits.min), int(limits.max)


def _hull(*intervals: Interval) -> Interval:
    return min(low for low, _ in intervals), max(high for _, high in intervals)


def _full(node: Node, xs: Sequence[Interval]) -> Interval:
    return int(node.params["value"]), int(node.params["value"])


def _position(node: Node, xs: Sequence[Interval]) -> Interval:
    """An index on an axis of a size that is known."""
    of = node if node.op.name == "iota" else node.inputs[0]
    return 0, max(of.shape[node.params["axis"]] - 1, 0)


def _same(node: Node, xs: Sequence[Interval]) -> Interval:
    return xs[0]


def _any(node: Node, xs: Sequence[Interval]) -> Interval:
    return _hull(*xs)


def _with_zero(node: Node, xs: Sequence[Interval]) -> Interval:
    return _hull(xs[0], (0, 0))


def _add(node: Node, xs: Sequence[Interval]) -> Interval:
    (a, b), (c, d) = xs
    return a + c, b + d


def _subtract(node: Node, xs: Sequence[Interval]) -> Interval:
    (a, b), (c, d) = xs
    return a - d, b - c


def _multiply(node: Node, xs: Sequence[Interval]) -> Interval:
    ends = [x * y for x in xs[0] for y in xs[1]]
    return min(ends), max(ends)


def _negative(node: Node, xs: Sequence[Interval]) -> Interval:
    return -xs[0][1], -xs[0][0]


def _maximum(node: Node, xs: Sequence[Interval]) -> Interval:
    return max(xs[0][0], xs[1][0]), max(xs[0][1], xs[1][1])


def _minimum(node: Node, xs: Sequence[Interval]) -> Interval:
    return min(xs[0][0], xs[1][0]), min(xs[0][1], xs[1][1])


def _where(node: Node, xs: Sequence[Interval]) -> Interval:
    """Either; of an index that is counted from the start, `where(x < 0, x + size, x)`, only what
    each branch is chosen for."""
    question, behind, x = node.inputs
    if question.op.name == "less" and question.inputs[0] is x and _value(question.inputs[1]) == 0:
        low, high = xs[2]
        size = _value(behind.inputs[1]) if behind.op.name == "add" else None
        if size is not None and behind.inputs[0] is x and -size <= low <= high < size:
            return 0, size - 1
    return _hull(*xs[1:])


def _value(node: Node) -> int | None:
    """What a constant holds."""
    return node.params["value"] if node.op.name == "full" else None


def _remainder(node: Node, xs: Sequence[Interval]) -> Interval:
    """Between 0 and the divisor, which it never reaches; 0 where that is 0."""
    low, high = xs[1]
    return min(low + 1, 0), max(high - 1, 0)


def _floor_divide(node: Node, xs: Sequence[Interval]) -> Interval:
    low, high = xs[1]
    if low <= 0:
        return -math.inf, math.inf
    ends = [x // y for x in xs[0] for y in (low, high)]
    return min(ends), max(ends)


def _guarded(node: Node, xs: Sequence[Interval]) -> Interval:
    return max(xs[0][0], node.params["low"]), min(xs[0][1], node.params["high"])


def _checked(node: Node, xs: Sequence[Interval]) -> Interval:
    """What an index is that was checked to be inside its axis."""
    return 0, max(node.params["size"] - 1, 0)


_RULES: dict[str, Rule] = {
    "full": _full,
    "iota": _position,
    "argmax": _position,
    "argmin": _position,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "negative": _negative,
    "maximum": _maximum,
    "minimum": _minimum,
    "where": _where,
    "remainder": _remainder,
    "floor_divide": _floor_divide,
    "check_index": _checked,
    "guard": _guarded,
    "pad": _with_zero,
    "concat": _any,
    **dict.fromkeys(
        (
            *("broadcast_to", "reshape", "permute_dims", "slice", "flip", "astype", "detach"),
            *("take", "take_along_axis", "sliding_window", "max", "min"),
        ),
        _same,
    ),
}
