"""Checks: indices are looked at before anything is read or written at them.

Numbers that are to become indices are integers (check_integral), and indices inside their axis.

A gather or scatter takes it for granted that its indices are inside their axis. Where `bounds` does
not prove it, the pass puts a guard in front of them:

    outside = max(logical_or(less(indices, low), greater(indices, high)))
    guard(indices, outside)      the indices; where `outside` is true the step ends here

Every guard comes before every update of an input (fuse.py), so a step that ends has changed
nothing. What was wrong is then reported by the reference executor, which gets the same inputs.
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..errors import IndexRangeError
from ..graph.graph import Graph, rebuild
from ..graph.node import OPS, Node, Spec, Value
from ..ops.op import Gradients, Mapped, Op, apply
from ..typing import Array
from .bounds import Interval, bounds


class Guard(Op):
    """The first input, which is from `low` to `high`, unless the second is true; only passes make
    it."""

    name = "guard"
    kind = "check"
    cost = 0

    def infer(
        self, indices: Spec, outside: Spec, *, low: int | None = None, high: int | None = None
    ) -> Spec:
        return indices

    def reference(
        self, indices: Array, outside: Array, *, low: int | None = None, high: int | None = None
    ) -> Array:
        if outside:
            raise IndexRangeError("an index is outside its axis")
        return indices

    def gradient(self, grad: Value, out: Value, *inputs: Value, **params: int) -> Gradients:
        raise NotImplementedError("gradients are made before passes run")

    def vmap(self, members: int, mapped: Mapped, *inputs: Value, **params: int) -> Value:
        raise NotImplementedError("graphs for many members are made before passes run")


guard = Guard()


def may_stop(node: Node) -> bool:
    """Whether a step can end at this node, or in its body."""
    if node.op.kind == "loop":
        return any(map(may_stop, node.params["body"].nodes))
    return node.op is guard


def checks(graph: Graph) -> Graph:
    """Gathers and scatters read indices that count from 0 and are inside their axis."""
    known = bounds(graph)
    made: dict[tuple[Node, int, int], Node] = {}

    def inside(old: Node, indices: Node, size: int, wrap: bool) -> Node:
        """The indices of an axis of `size` from its start."""
        low, key = -size if wrap else 0, (indices, size, int(wrap))
        if key not in made:
            within = known[old]
            checked = indices
            if 0 not in indices.shape and not (low <= within[0] and within[1] < size):
                outside = _outside(indices, low, size - 1)
                checked = apply(guard, indices, outside, low=low, high=size - 1)
                within = max(low, within[0]), min(size - 1, within[1])
            made[key] = _from_start(checked, size, within) if wrap else checked
        return made[key]

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.op.kind == "gather":
            x, indices, *rest = inputs
            size = x.shape[node.params["axis"]]
            return rebuild(node, (x, inside(node.inputs[1], indices, size, True), *rest))
        if node.op.name == "check_index":
            return inside(node.inputs[0], inputs[0], node.params["size"], node.params["wrap"])
        if node.op.name == "check_integral":
            (x,) = inputs
            return apply(guard, x, _fractions(x)) if x.size else x
        return rebuild(node, inputs)

    return graph.rewrite(rule)


def _outside(indices: Node, low: int, high: int) -> Node:
    """Whether one of the indices is below `low` or above `high`."""
    limits = np.iinfo(indices.dtype)
    if indices.size == 1 and indices.ndim:
        indices = apply(OPS["reshape"], indices, shape=())
    outside: list[Node] = []
    for name, end in (("less", low), ("greater", high)):
        if limits.min <= end <= limits.max:
            outside.append(apply(OPS[name], indices, _full(indices, end)))
    return _any(outside[0] if len(outside) == 1 else apply(OPS["logical_or"], *outside))


def _fractions(x: Node) -> Node:
    """Whether one of the numbers is no integer, or too large to be an index."""
    integer = apply(OPS["equal"], x, apply(OPS["floor"], x))
    small = apply(OPS["less"], apply(OPS["abs"], x), _full(x, 2.0**53))
    return _any(apply(OPS["logical_not"], apply(OPS["logical_and"], integer, small)))


def _any(x: Node) -> Node:
    """Whether one of the bools is true."""
    return apply(OPS["max"], x, axes=tuple(range(x.ndim))) if x.ndim else x


def _from_start(indices: Node, size: int, within: Interval) -> Node:
    """Indices that may count from the end, counted from the start."""
    if within[0] >= 0:
        return indices
    if size - 1 > np.iinfo(indices.dtype).max:
        indices = apply(OPS["astype"], indices, dtype=np.dtype(dtypes.int64))
    if within[1] < 0:
        return indices + _full(indices, size)
    behind = apply(OPS["add"], indices, _full(indices, size))
    return apply(OPS["where"], apply(OPS["less"], indices, _full(indices, 0)), behind, indices)


def _full(like: Node, value: float) -> Node:
    return apply(OPS["full"], like=like, value=value, shape=like.shape, dtype=like.dtype)
