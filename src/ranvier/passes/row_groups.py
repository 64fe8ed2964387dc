"""Row groups: reductions over the same axes, joined with what they read and what reads them.

A softmax is a maximum, a sum and two elementwise maps over the same elements; a normalization has
as many. A kernel that goes from row to row does all of it while the row is in cache. A node belongs
to a row as a whole (`deep`: one element for each element of the row) or has one element for
each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from ..graph.node import Node
from ..typing import Shape
from .kernel_groups import is_anchor, is_plain_reshape

_MIN_ROWS = 8  # rows, so that threads find work
_MIN_ROW_LENGTH = 8  # elements
_MAX_ROW_LENGTH = 8192  # elements: a row has to stay in cache

AxisMap = tuple[int | None, ...]  # for each axis of a node the axis of the rows it moves along


class Rows(NamedTuple):
    """The elements that are gone over, and the axes along which they are reduced."""

    shape: Shape
    axes: Shape

    def order(self, node: Node) -> Shape | None:
        """The axes of a node that is the elements in another order: where one of its inputs is
        permute_dims of them, itself or before other elementwise ops."""
        stack = list(node.inputs) if node.op.kind == "elementwise" else []
        seen: set[Node] = set()
        while stack:
            x = stack.pop()
            if x in seen:
                continue
            seen.add(x)
            if x.op.name == "permute_dims" and x.inputs[0].shape == self.shape:
                return tuple(a for a in x.params["axes"] if self.shape[a] != 1)
            if x.op.kind == "elementwise" and x.shape == node.shape:
                stack += x.inputs
        return None

    def axis_map(self, node: Node) -> tuple[int, ...] | None:
        """The axes of the rows that the axes of `node` longer than 1 are; None for a stranger."""
        wide = [n for n in node.shape if n != 1]
        for skipped in ((), self.axes):
            wide_axes = [a for a, n in enumerate(self.shape) if n != 1 and a not in skipped]
            if wide == [self.shape[a] for a in wide_axes]:
                return tuple(wide_axes)
        return self.order(node) if self.is_deep(node) else None

    def is_deep(self, node: Node) -> bool:
        """Whether `node` has an element for each element of a row."""
        return node.size == math.prod(self.shape)

    def fits(self, node: Node, axis_map: AxisMap | None) -> bool:
        """Whether reading `node` along `axis_map` stays with the row and, in it, with the
        element."""
        own = self.axis_map(node)
        if own is None or axis_map is None:
            return False
        return own == tuple(p for p, n in zip(axis_map, node.shape, strict=True) if n != 1)


def rows_of(anchor: Node) -> Rows | None:
    """The rows that a reduction goes over; None if they are no rows worth a kernel."""
    if anchor.op.kind != "reduce" or "axes" not in anchor.params:
        return None
    shape, axes = anchor.inputs[0].shape, tuple(anchor.params["axes"])
    length = math.prod(shape[a] for a in axes)
    first = min(axes)
    if math.prod(shape[:first]) < _MIN_ROWS or length > _MAX_ROW_LENGTH:
        return None
    if axes == tuple(range(first, len(shape) - 1)):  # windows: channels lie side by side
        return Rows(shape, axes) if shape[-1] >= _MIN_ROW_LENGTH else None
    trailing = axes == tuple(range(first, len(shape)))
    return Rows(shape, axes) if trailing and length >= _MIN_ROW_LENGTH else None


def reads_in_rows(node: Node, rows: Rows, stored: set[Node]) -> Iterator[tuple[Node, bool]]:
    """Stored nodes that computing `node` reads, each with whether only at the index in the row
    that is being computed."""
    own: AxisMap | None
    if is_anchor(node):
        own = tuple(range(len(rows.shape)))
    else:
        axes = iter(rows.axis_map(node) or ())
        own = tuple(None if n == 1 else next(axes) for n in node.shape)
    stack = [(x, own if is_anchor(node) else _moved(node, x, own)) for x in node.inputs]
    seen: set[tuple[Node, AxisMap | None]] = set()
    while stack:
        x, axis_map = stack.pop()
        if (x, axis_map) in seen:
            continue
        seen.add((x, axis_map))
        if x in stored:
            yield x, rows.fits(x, axis_map)
        else:
            stack.extend((y, _moved(x, y, axis_map)) for y in x.inputs)


def _moved(node: Node, x: Node, axis_map: AxisMap | None) -> AxisMap | None:
    """How the element of `node` that moves along `axis_map` reads its input x; None: otherwise."""
    if axis_map is None:
        return None
    if node.op.kind == "elementwise":
        return axis_map
    if node.op.name == "broadcast_to":
        new = axis_map[len(axis_map) - x.ndim :]
        return tuple(None if n == 1 else p for p, n in zip(new, x.shape, strict=True))
    if node.op.name == "permute_dims":
        at = dict(zip(node.params["axes"], axis_map, strict=True))
        return tuple(at[a] for a in range(x.ndim))
    if is_plain_reshape(node):
        wide = iter([p for p, n in zip(axis_map, node.shape, strict=True) if n != 1])
        return tuple(None if n == 1 else next(wide) for n in x.shape)
    return None
