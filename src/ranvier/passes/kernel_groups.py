"""Groups: what will be one kernel, and what has to be known of nodes to make them."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

from ..graph.node import Node
from ..typing import Shape

_ANCHORS = {"reduce", "contraction", "scan", "window", "loop"}


@dataclass(eq=False)
class Group:
    """One kernel: the nodes it stores or keeps in registers, in order, and the anchor that shapes
    its loops."""

    number: int
    nodes: list[Node]
    anchors: list[Node]
    space: Shape  # the indices the stores go over
    stores: list[Node] = field(default_factory=list)
    stops: bool = False  # where what it stores is true, the step ends
    rows: bool = False  # reductions that read each other, or with maps over what they reduce
    temporary: set[Node] = field(
        default_factory=set
    )  # updated inputs that cannot be written in place

    @property
    def kind(self) -> str:
        """map, reduce, rows, contraction, scan, scatter, loop or copy."""
        if not self.anchors:
            return "map"
        if self.rows:
            return "rows"
        anchor = self.anchors[0]
        if anchor.op.name in ("pad", "concat"):
            return "copy"
        return "scatter" if anchor.op.name.startswith("scatter") else anchor.op.kind


def is_anchor(node: Node) -> bool:
    """Whether a node has loops of its own."""
    return (
        node.op.kind in _ANCHORS
        or node.op.name in ("pad", "concat")
        or node.op.name.startswith("scatter")
    )


def is_plain_reshape(node: Node) -> bool:
    """A reshape that only adds or removes axes of size 1."""
    return node.op.name == "reshape" and [n for n in node.shape if n != 1] == [
        n for n in node.inputs[0].shape if n != 1
    ]


def stretch(node: Node) -> int | None:
    """Where the elements of a reshape or slice begin in its input, if they lie there in one
    stretch and in the same order; else None."""
    if node.op.name == "reshape":
        return 0
    if node.op.name != "slice" or any(s != 1 for s in node.params["step"]):
        return None
    at, size, single = 0, 1, False
    for n, m, start in reversed(
        list(zip(node.inputs[0].shape, node.shape, node.params["start"], strict=True))
    ):
        if single and m != 1:
            return None
        single = single or m != n
        at, size = at + start * size, size * n
    return at


def memory_of(node: Node) -> Node:
    """The node whose memory holds the elements of `node` in one stretch."""
    while stretch(node) is not None:
        node = node.inputs[0]
    return node


def same_loops(x: Node, y: Node) -> bool:
    """Whether two anchors are reductions over the same axes of the same shape, so that one nest
    does both."""
    return (
        x.op.kind == y.op.kind == "reduce"
        and "axes" in x.params
        and x.params == y.params
        and x.inputs[0].shape == y.inputs[0].shape
    )


def ordered(groups: list[Group], before: dict[Group, set[Group]]) -> list[Group]:
    """Groups each after its predecessors, otherwise by number."""
    waiting = {g: len(before[g]) for g in groups}
    after: dict[Group, list[Group]] = {g: [] for g in groups}
    for g in groups:
        for p in before[g]:
            after[p].append(g)
    ready = [(g.number, g) for g in groups if not waiting[g]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, g = heapq.heappop(ready)
        order.append(g)
        for n in after[g]:
            waiting[n] -= 1
            if not waiting[n]:
                heapq.heappush(ready, (n.number, n))
    assert len(order) == len(groups), "groups wait for each other"
    return order
