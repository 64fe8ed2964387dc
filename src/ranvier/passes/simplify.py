"""Simplify: constants, algebra that keeps every bit, common subexpressions.

Needs nothing; leaves a graph of the same inputs, results and values. A rule is applied only where
it is exact for every number, NaN and infinity included: `x * 1` goes, `x * 0` stays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph.graph import Graph, rebuild, topological
from ..graph.node import OPS, Node
from ..ops.op import apply
from ..typing import Shape

MAX_PADS = 512

Rule = Callable[[Node, tuple[Node, ...]], Node | None]


def simplify(graph: Graph) -> Graph:
    """The graph after constant folding, algebra and sharing of equal nodes, until nothing
    changes."""
    for _ in range(4):
        before = len(graph.nodes)
        graph = _once(graph)
        if len(graph.nodes) == before:
            break
    return graph


def _once(graph: Graph) -> Graph:
    known: dict[Any, Node] = {}
    checks = _Checks()

    def share(node: Node) -> Node:
        key = (
            node.op.name,
            tuple(id(x) for x in node.inputs),
            tuple((k, repr(v)) for k, v in node.params.items()),
        )
        return known.setdefault(key, node)

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
        simpler = _RULES.get(node.op.name)
        new = simpler(node, inputs) if simpler else None
        if new is None:
            new = _constant_result(node, inputs)
        if new is None or (node.op.name in _CHOOSE and checks.are_lost(inputs, new)):
            new = rebuild(node, inputs)
        return new if new.op.name == "input" else share(new)

    return graph.rewrite(rule)


# Rules of these leave out inputs: the branch that is not chosen, what lies beside a slice.
_CHOOSE = ("where", "slice")


class _Checks:
    """Which nodes a value is made from that may refuse an index: gathers, checks and loops.

    What the reference would refuse must not be left out. A value's set is the bits of an integer.
    """

    def __init__(self) -> None:
        self._sets: dict[Node, int] = {}
        self._count = 0

    def are_lost(self, inputs: tuple[Node, ...], new: Node) -> bool:
        """Whether a node was behind one of the inputs and is not behind `new`."""
        before = 0
        for x in inputs:
            before |= self._behind(x)
        return before != 0 and before & ~self._behind(new) != 0

    def _behind(self, result: Node) -> int:
        known = self._sets
        if result not in known:
            for node in topological((result,), known):
                bits = 0
                if node.op.kind in ("gather", "check", "loop"):
                    bits = 1 << self._count
                    self._count += 1
                for x in node.inputs:
                    bits |= known[x]
                known[node] = bits
        return known[result]


def constant_of(node: Node) -> float | None:
    """The number that a constant node holds everywhere, or None."""
    return node.params["value"] if node.op.name == "full" else None


def _full(like: Node, value: float, shape: Shape | None = None) -> Node:
    shape = like.shape if shape is None else shape
    return apply(OPS["full"], like=like, value=value, shape=shape, dtype=like.dtype)


def _constant_result(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """An elementwise op of constants is a constant."""
    if node.op.kind != "elementwise" or not inputs:
        return None
    values = [constant_of(x) for x in inputs]
    if any(v is None for v in values):
        return None
    with np.errstate(all="ignore"):
        arrays = [np.asarray(v, x.dtype) for v, x in zip(values, inputs, strict=True)]
        out = np.asarray(node.op.reference(*arrays, **node.params), node.dtype)
    return _full(node, out.item())


def _same_everywhere(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """A movement of a constant is a constant of the new shape."""
    value = constant_of(inputs[0])
    return None if value is None else _full(node, value)


def _reshape(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    (x,) = inputs
    if x.shape == node.shape:
        return x
    if x.op.name == "reshape":
        (base,) = x.inputs
        return base if base.shape == node.shape else rebuild(node, (base,))
    return _same_everywhere(node, inputs)


def _permute(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    (x,) = inputs
    axes = node.params["axes"]
    if x.op.name == "permute_dims":
        inner = x.params["axes"]
        axes = tuple(inner[a] for a in axes)
        (x,) = x.inputs
        if axes == tuple(range(len(axes))):
            return x
        return Node(node.op, (x,), {"axes": axes}, node.spec, node.source, node.name)
    return _same_everywhere(node, inputs)


def _broadcast(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    (x,) = inputs
    if x.shape == node.shape:
        return x
    if x.op.name == "broadcast_to":
        return rebuild(node, x.inputs)
    return _same_everywhere(node, inputs)


def _slice(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    (x,) = inputs
    if x.shape == node.shape:
        return x
    if x.op.name == "pad":
        return _slice_of_pad(node, x)
    if x.op.name == "concat":
        return _slice_of_concat(node, x)
    if _of_pads(x):
        parts = [Node(node.op, (y,), node.params, node.spec, node.source) for y in x.inputs]
        return rebuild(x, tuple(_slice(p, p.inputs) or p for p in parts), node.spec)
    return _same_everywhere(node, inputs)


def _of_pads(x: Node) -> bool:
    """Whether x is a sum of padded values, as the gradient of several slices is."""
    return x.op.name == "add" and bool(_pads_in(x))


def _slice_of_pad(node: Node, x: Node) -> Node | None:
    """Inside what was padded, or beside it."""
    (inside,) = x.inputs
    if any(s != 1 for s in (*node.params["step"], *x.params["step"])):
        return None
    starts, stops = [], []
    for n, before, start, stop in zip(
        inside.shape, x.params["before"], node.params["start"], node.params["stop"], strict=True
    ):
        starts.append(start - before)
        stops.append(stop - before)
        if starts[-1] >= n or stops[-1] <= 0:
            return _full(node, 0)
    fits = zip(inside.shape, starts, stops, strict=True)
    if not all(start >= 0 and stop <= n for n, start, stop in fits):
        return None
    params = {**node.params, "start": tuple(starts), "stop": tuple(stops)}
    new = Node(node.op, (inside,), params, node.spec, node.source)
    return _slice(new, (inside,)) or new


def _slice_of_concat(node: Node, x: Node) -> Node | None:
    """What lies in one of the parts."""
    axis, at = x.params["axis"], 0
    start, stop = node.params["start"], node.params["stop"]
    for part in x.inputs:
        begin, end = start[axis] - at, stop[axis] - at
        if 0 <= begin and end <= part.shape[axis]:
            params = {
                **node.params,
                "start": (*start[:axis], begin, *start[axis + 1 :]),
                "stop": (*stop[:axis], end, *stop[axis + 1 :]),
            }
            new = Node(node.op, (part,), params, node.spec, node.source)
            return _slice(new, (part,)) or new
        at += part.shape[axis]
    return None


def _multiply(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    x, y = inputs
    if constant_of(x) == 1:
        return y
    return x if constant_of(y) == 1 else None


def _divide(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    x, y = inputs
    value = constant_of(y)
    if value is None:
        return None
    if value == 1:
        return x
    mantissa, _ = math.frexp(value) if math.isfinite(value) else (0.0, 0)
    if abs(mantissa) == 0.5 and 2.0**-100 < abs(value) < 2.0**100 and node.dtype != np.float16:
        # NOTE: a power of two has an exact inverse.
        return apply(OPS["multiply"], x, _full(y, 1.0 / value))
    return None


def _subtract(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    x, y = inputs
    value = constant_of(y)
    if value == 0 and math.copysign(1.0, value) > 0:
        return x
    return None


def _pads_in(x: Node) -> list[Node]:
    """The padded values that x is the sum of; none if it is something else, or a sum of more than
    MAX_PADS."""
    pads, stack = list[Node](), [x]
    while stack and len(pads) + len(stack) <= MAX_PADS:
        y = stack.pop()
        if y.op.name == "pad":
            pads.append(y)
        elif y.op.name == "add":
            stack += y.inputs
        else:
            return []
    return [] if stack else pads[::-1]


def _joined(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """Padded values that lie side by side along one axis and leave no gap, as the gradient of a
    tensor that was split: their sum is a concat.

    NOTE: each is added to a zero somewhere, which turns -0.0 to 0.0.
    """
    pads = _pads_in(rebuild(node, inputs))
    axes = {a for p in pads for a, n in enumerate(p.shape) if p.inputs[0].shape[a] != n}
    if len(axes) != 1 or any(s != 1 for p in pads for s in p.params["step"]):
        return None
    (axis,) = axes
    at = 0
    pads.sort(key=lambda p: p.params["before"][axis])
    for p in pads:
        if p.params["before"][axis] != at:
            return None
        at += p.inputs[0].shape[axis]
    if at != node.shape[axis]:
        return None
    parts = [p.inputs[0] for p in pads]
    return apply(OPS["concat"], *[x + _full(x, 0) for x in parts], axis=axis)


def _add(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    if all(x.op.name in ("pad", "add") for x in inputs):
        whole = _joined(node, inputs)
        if whole is not None:
            return whole
    for x, y in (inputs, inputs[::-1]):
        value = constant_of(y)
        exact = node.dtype.kind != "f" or (value == 0 and math.copysign(1.0, value) < 0)
        if value == 0 and exact:
            return x
        if y.op.name == "negative":  # x + (-y) and x - y are the same number
            return apply(OPS["subtract"], x, y.inputs[0])
    return None


def _negative(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    (x,) = inputs
    return x.inputs[0] if x.op.name == "negative" else None


def _power(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    x, y = inputs
    value = constant_of(y)
    if value == 1:
        return x
    if value == 2:
        return apply(OPS["multiply"], x, x)
    return None


def _where(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    condition, x, y = inputs
    value = constant_of(condition)
    if value is not None:
        return x if value else y
    return x if x is y else None


def _astype(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    return inputs[0] if inputs[0].dtype == node.dtype else None


def _detach(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    return inputs[0]


def _convolution(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """Padding is a node of its own, which convolutions of the same x share."""
    x, w = inputs
    if not any(map(any, node.params["padding"])):
        return None
    (top, bottom), (left, right) = node.params["padding"]
    framed = apply(
        OPS["pad"], x, before=(0, top, left, 0), after=(0, bottom, right, 0), step=(1, 1, 1, 1)
    )
    params = {**node.params, "padding": ((0, 0), (0, 0))}
    plain: Node = apply(node.op, framed, w, **params)
    return plain


def _reduce(node: Node, inputs: tuple[Node, ...]) -> Node | None:
    """Over axes of size 1 only: the same elements in another shape."""
    (x,) = inputs
    if all(x.shape[a] == 1 for a in node.params["axes"]):
        if x.shape == node.shape:
            return x
        new = apply(OPS["reshape"], x, shape=node.shape)
        return _reshape(new, (x,)) or new
    return None


_RULES: dict[str, Rule] = {
    "reshape": _reshape,
    "permute_dims": _permute,
    "broadcast_to": _broadcast,
    "slice": _slice,
    "flip": _same_everywhere,
    "multiply": _multiply,
    "divide": _divide,
    "subtract": _subtract,
    "add": _add,
    "negative": _negative,
    "power": _power,
    "where": _where,
    "astype": _astype,
    "detach": _detach,
    "convolution": _convolution,
    "sum": _reduce,
    "prod": _reduce,
    "max": _reduce,
    "min": _reduce,
}
