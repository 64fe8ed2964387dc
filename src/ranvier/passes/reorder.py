"""Reordering: elementwise ops before a change of order that takes memory.

The gradient of a max-pool is computed window by window, then laid out as an image, then cut where
relu was 0. An order that no loop can compute (a reshape after permute_dims) takes memory of its
own: `f(reshape(permuted), y)` goes twice through it. As `reshape(f(permuted, view of y))` it goes
once, and the window loops do f too."""

from __future__ import annotations

from ..graph.graph import Graph, rebuild
from ..graph.node import OPS, Node
from ..ops.op import apply
from ..typing import Shape
from .kernel_groups import is_anchor, is_plain_reshape

MAX_REPEATED_NODES = 12  # elementwise nodes that may be computed a second time, in the other order


def earlier(graph: Graph) -> Graph:
    """Elementwise nodes that alone read a rearranged value, before its reshape."""
    readers = graph.consumers()

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.op.kind == "elementwise":
            for old, new in zip(node.inputs, inputs, strict=True):
                if _is_rearranged(new) and set(readers[old]) == {node}:
                    views: dict[Node, Node] = {}
                    shape = new.inputs[0].shape
                    if (
                        all(_view(x, shape, views) for x in inputs)
                        and len(views) <= MAX_REPEATED_NODES
                    ):
                        before: Node = apply(node.op, *[views[x] for x in inputs], **node.params)
                        return apply(OPS["reshape"], before, shape=node.shape)
        return rebuild(node, inputs)

    return graph.rewrite(rule)


def _is_rearranged(node: Node) -> bool:
    return (
        node.op.name == "reshape"
        and not is_plain_reshape(node)
        and node.inputs[0].op.name == "permute_dims"
    )


def _view(x: Node, shape: Shape, views: dict[Node, Node]) -> bool:
    """Whether x can be had in another shape without memory; `views` gets it, and what it is made
    of."""
    if x in views:
        return True
    if x.op.name == "reshape" and x.inputs[0].shape == shape:
        views[x] = x.inputs[0]
    elif x.op.name == "full":
        views[x] = apply(OPS["full"], like=x, value=x.params["value"], shape=shape, dtype=x.dtype)
    elif x.op.name == "broadcast_to":
        (y,) = x.inputs
        if y.size != y.shape[-1:][0] if y.shape else y.size != 1:
            return False
        if y.shape and shape[-1] != x.shape[-1]:
            return False
        line = y if y.ndim <= 1 else apply(OPS["reshape"], y, shape=y.shape[-1:])
        views[x] = apply(OPS["broadcast_to"], line, shape=shape)
    elif x.op.kind == "elementwise":
        if len(views) > MAX_REPEATED_NODES or not all(_view(y, shape, views) for y in x.inputs):
            return False
        views[x] = apply(x.op, *[views[y] for y in x.inputs], **x.params)
    elif x.op.kind == "input" or is_anchor(x):
        views[x] = apply(OPS["reshape"], x, shape=shape)
    else:
        return False
    return True
