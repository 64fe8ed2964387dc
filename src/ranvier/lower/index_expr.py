"""Index expressions: the element of a node at a place, which is what lowering is made of.

A place is one Affine for each axis of the node. Movements change the place, elementwise ops apply
to it, stored values are loaded; it goes by kind of op and never by op, but for gathers and random
draws.
"""

from __future__ import annotations

from collections.abc import Collection

from ..errors import GraphError
from ..graph.node import Node, Shape
from ..passes.checks import guard
from ..passes.groups import is_plain_reshape, stretch
from .loop_ir import (
    Affine,
    Apply,
    Buffer,
    Counter,
    Expr,
    Literal,
    Load,
)

Place = tuple[Affine, ...]


class Elements:
    """Elements over `axes` loops; nodes of `stored` are loaded, but for those `inside`."""

    def __init__(
        self, buffers: dict[Node, Buffer], stored: set[Node], inside: Collection[Node]
    ) -> None:
        self.buffers = buffers
        self.stored = stored
        self.inside = set(inside)
        self.memo: dict[tuple[Node, Place], Expr] = {}
        self.axes = 0

    def _axes(self, shape: Shape, inner: Shape = ()) -> Place:
        """The place of the loops themselves; sets how many axes there are."""
        self.axes = len(shape) + len(inner)
        return tuple(Affine(tuple(int(a == b) for b in range(self.axes))) for a in range(self.axes))

    def element(self, node: Node, place: Place) -> Expr:
        """The expression for the element of `node` at `place`."""
        key = (node, place)
        known = self.memo.get(key)
        if known is None:
            known = self.memo[key] = self._element(node, place)
        return known

    def _element(self, node: Node, place: Place) -> Expr:
        if node in self.stored and node not in self.inside:
            return Load(self.buffers[node], self._flat(node.shape, place))
        kind, name = node.op.kind, node.op.name
        if kind == "elementwise":
            inputs = tuple(self.element(x, place) for x in node.inputs)
            return Apply(node.op, dict(node.params), inputs, node.dtype)
        if name == "full":
            return Literal(node.params["value"], node.dtype)
        if name == "iota":
            return Counter(place[node.params["axis"]], node.dtype)
        if kind == "random":
            return self._random(node, place)
        if kind == "movement":
            return self._moved(node, place)
        if node.op is guard:
            return self.element(node.inputs[0], place)
        if name == "take":
            return self._take(node, place)
        if name == "take_along_axis":
            return self._take_along(node, place)
        raise GraphError(f"{name}: no rule to lower kind {kind}")

    def _flat(self, shape: Shape, place: Place) -> Affine:
        """The row-major position of `place` in a tensor of `shape`."""
        at = place[0].scaled(0) if place else Affine((0,) * self.axes)
        at = Affine(at.coefficients, 0)
        step = 1
        for n, p in zip(reversed(shape), reversed(place), strict=True):
            at = at.plus(p, step)
            step *= n
        return at

    def _moved(self, node: Node, place: Place) -> Expr:
        (x,) = node.inputs
        zero = Affine((0,) * self.axes)
        name, params = node.op.name, node.params
        if name == "broadcast_to":
            new = place[len(place) - x.ndim :]
            place = tuple(zero if n == 1 else p for n, p in zip(x.shape, new, strict=True))
        elif name == "permute_dims":
            moved = [zero] * len(place)
            for p, a in zip(place, params["axes"], strict=True):
                moved[a] = p
            place = tuple(moved)
        elif name == "slice":
            parts = zip(place, params["start"], params["step"], strict=True)
            place = tuple(p.scaled(step, start) for p, start, step in parts)
        elif name == "flip":
            place = tuple(
                p.scaled(-1, n - 1) if a in params["axes"] else p
                for a, (p, n) in enumerate(zip(place, x.shape, strict=True))
            )
        elif name == "sliding_window":
            b, i, j, r, c, k = place
            (down, right) = params["stride"]
            place = (b, r.plus(i, down), c.plus(j, right), k)
        elif is_plain_reshape(node):
            wide = iter([p for p, n in zip(place, node.shape, strict=True) if n != 1])
            place = tuple(zero if n == 1 else next(wide) for n in x.shape)
        elif name == "reshape":
            buffer, at = self._memory(x)
            return Load(buffer, self._flat(node.shape, place).scaled(1, at))
        else:
            raise GraphError(f"{name}: no rule to lower this movement")
        return self.element(x, place)

    def _memory(self, node: Node) -> tuple[Buffer, int]:
        """The buffer that holds the elements of `node` in one stretch, and where they begin."""
        at = 0
        while node not in self.stored:
            start = stretch(node)
            if start is None:
                raise GraphError(f"{node.op.name}: its elements are not in memory")
            node, at = node.inputs[0], at + start
        return self.buffers[node], at

    def _random(self, node: Node, place: Place) -> Expr:
        (key,) = node.inputs
        zero = Affine((0,) * self.axes)
        one = Affine((0,) * self.axes, 1)
        counter = Counter(self._flat(node.shape, place), node.dtype)
        words = (self.element(key, (zero,)), self.element(key, (one,)), counter)
        return Apply(node.op, {}, words, node.dtype)

    def _take(self, node: Node, place: Place) -> Expr:
        x, indices = node.inputs
        axis = node.params["axis"]
        zero = Affine((0,) * self.axes)
        index = self.element(indices, place[axis : axis + indices.ndim])
        rest = (*place[:axis], zero, *place[axis + indices.ndim :])
        return self._dynamic(x, rest, axis, index)

    def _take_along(self, node: Node, place: Place) -> Expr:
        x, indices = node.inputs
        axis = node.params["axis"]
        index = self.element(indices, place)
        rest = tuple(Affine((0,) * self.axes) if a == axis else p for a, p in enumerate(place))
        return self._dynamic(x, rest, axis, index)

    def _dynamic(self, x: Node, place: Place, axis: int, index: Expr) -> Expr:
        """A load from the view x at `place`, moved along `axis` by a computed index."""
        still = self.element(x, place)
        step = self.element(
            x,
            tuple(
                p.plus(Affine((0,) * self.axes, 1)) if a == axis else p for a, p in enumerate(place)
            ),
        )
        if not isinstance(still, Load) or not isinstance(step, Load) or still.index is not None:
            raise GraphError("take: the tensor to read from is not in memory")
        stride = step.at.constant - still.at.constant
        return Load(still.buffer, still.at, index, stride, x.shape[axis])
