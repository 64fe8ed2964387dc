"""Index expressions: the element of a node at a position, which is what lowering is made of.

A position is one Affine for each axis of the node. Movements change it, elementwise ops apply
to it, stored values are loaded; it goes by kind of op and never by op, but for gathers and random
draws.
"""

from __future__ import annotations

from collections.abc import Collection

from ..errors import GraphError
from ..graph.node import Node
from ..ops.elementwise.builder import ElementOp
from ..ops.op import Op
from ..passes.checks import guard
from ..passes.kernel_groups import is_plain_reshape, stretch
from ..typing import Shape
from .loop_ir import Affine, Apply, Buffer, Counter, Expr, Literal, Load

Position = tuple[Affine, ...]


class Elements:
    """Elements over `axes` loops; nodes of `stored` are loaded, but for those `inside`."""

    def __init__(
        self, buffers: dict[Node, Buffer], stored: set[Node], inside: Collection[Node]
    ) -> None:
        self.buffers = buffers
        self.stored = stored
        self.inside = set(inside)
        self.memo: dict[tuple[Node, Position], Expr] = {}
        self.axes = 0

    def _axes(self, shape: Shape, inner: Shape = ()) -> Position:
        """The position of the loops themselves; sets how many axes there are."""
        self.axes = len(shape) + len(inner)
        return tuple(Affine(tuple(int(a == b) for b in range(self.axes))) for a in range(self.axes))

    def element(self, node: Node, position: Position) -> Expr:
        """The expression for the element of `node` at `position`."""
        key = (node, position)
        known = self.memo.get(key)
        if known is None:
            known = self.memo[key] = self._element(node, position)
        return known

    def _element(self, node: Node, position: Position) -> Expr:
        if node in self.stored and node not in self.inside:
            return Load(self.buffers[node], self._flat(node.shape, position))
        kind, name = node.op.kind, node.op.name
        if kind == "elementwise":
            inputs = tuple(self.element(x, position) for x in node.inputs)
            return Apply(_of_elements(node.op), dict(node.params), inputs, node.dtype)
        if name == "full":
            return Literal(node.params["value"], node.dtype)
        if name == "iota":
            return Counter(position[node.params["axis"]], node.dtype)
        if kind == "random":
            return self._random(node, position)
        if kind == "movement":
            return self._moved(node, position)
        if node.op is guard:
            return self.element(node.inputs[0], position)
        if name == "take":
            return self._take(node, position)
        if name == "take_along_axis":
            return self._take_along(node, position)
        raise GraphError(f"{name}: no rule to lower kind {kind}")

    def _flat(self, shape: Shape, position: Position) -> Affine:
        """The row-major offset of `position` in a tensor of `shape`."""
        at = position[0].scaled(0) if position else Affine((0,) * self.axes)
        at = Affine(at.coefficients, 0)
        step = 1
        for n, p in zip(reversed(shape), reversed(position), strict=True):
            at = at.plus(p, step)
            step *= n
        return at

    def _moved(self, node: Node, position: Position) -> Expr:
        (x,) = node.inputs
        zero = Affine((0,) * self.axes)
        name, params = node.op.name, node.params
        if name == "broadcast_to":
            new = position[len(position) - x.ndim :]
            position = tuple(zero if n == 1 else p for n, p in zip(x.shape, new, strict=True))
        elif name == "permute_dims":
            moved = [zero] * len(position)
            for p, a in zip(position, params["axes"], strict=True):
                moved[a] = p
            position = tuple(moved)
        elif name == "slice":
            parts = zip(position, params["start"], params["step"], strict=True)
            position = tuple(p.scaled(step, start) for p, start, step in parts)
        elif name == "flip":
            position = tuple(
                p.scaled(-1, n - 1) if a in params["axes"] else p
                for a, (p, n) in enumerate(zip(position, x.shape, strict=True))
            )
        elif name == "sliding_window":
            b, i, j, r, c, k = position
            (down, right) = params["stride"]
            position = (b, r.plus(i, down), c.plus(j, right), k)
        elif is_plain_reshape(node):
            wide = iter([p for p, n in zip(position, node.shape, strict=True) if n != 1])
            position = tuple(zero if n == 1 else next(wide) for n in x.shape)
        elif name == "reshape":
            buffer, at = self._memory(x)
            return Load(buffer, self._flat(node.shape, position).scaled(1, at))
        else:
            raise GraphError(f"{name}: no rule to lower this movement")
        return self.element(x, position)

    def _memory(self, node: Node) -> tuple[Buffer, int]:
        """The buffer that holds the elements of `node` in one stretch, and where they begin."""
        at = 0
        while node not in self.stored:
            start = stretch(node)
            if start is None:
                raise GraphError(f"{node.op.name}: its elements are not in memory")
            node, at = node.inputs[0], at + start
        return self.buffers[node], at

    def _random(self, node: Node, position: Position) -> Expr:
        (key,) = node.inputs
        zero = Affine((0,) * self.axes)
        one = Affine((0,) * self.axes, 1)
        keys = key.ndim - 1  # axes of many keys, each with its own count of elements
        own, within = position[:keys], position[keys:]
        counter = Counter(self._flat(node.shape[keys:], within), node.dtype)
        words = (self.element(key, (*own, zero)), self.element(key, (*own, one)), counter)
        return Apply(_of_elements(node.op), {}, words, node.dtype)

    def _take(self, node: Node, position: Position) -> Expr:
        x, indices = node.inputs
        axis = node.params["axis"]
        zero = Affine((0,) * self.axes)
        index = self.element(indices, position[axis : axis + indices.ndim])
        rest = (*position[:axis], zero, *position[axis + indices.ndim :])
        return self._dynamic(x, rest, axis, index)

    def _take_along(self, node: Node, position: Position) -> Expr:
        x, indices = node.inputs
        axis = node.params["axis"]
        index = self.element(indices, position)
        rest = tuple(Affine((0,) * self.axes) if a == axis else p for a, p in enumerate(position))
        return self._dynamic(x, rest, axis, index)

    def _dynamic(self, x: Node, position: Position, axis: int, index: Expr) -> Expr:
        """A load from the view x at `position`, moved along `axis` by a computed index."""
        still = self.element(x, position)
        step = self.element(
            x,
            tuple(
                p.plus(Affine((0,) * self.axes, 1)) if a == axis else p
                for a, p in enumerate(position)
            ),
        )
        if not isinstance(still, Load) or not isinstance(step, Load) or still.index is not None:
            raise GraphError("take: the tensor to read from is not in memory")
        stride = step.at.constant - still.at.constant
        return Load(still.buffer, still.at, index, stride, x.shape[axis])


def _of_elements(op: Op) -> ElementOp:
    """An op of a kind that says what one element is."""
    assert isinstance(op, ElementOp), op
    return op
