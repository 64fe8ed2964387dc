"""Masks of relu: where it cut, seen from its result instead of its argument.

The gradient of `r = where(z <= 0, 0, z)` is cut where `z <= 0`. The next layer keeps r anyway; so
that z need not be kept too, the gradient asks `r <= 0`, which is the same for every number: where z
is above 0, r is z, and where z is NaN both answers are no.
"""

from __future__ import annotations

from ..graph.graph import Graph, rebuild
from ..graph.node import Node
from ..ops.op import apply
from .simplify import constant_of


def masks(graph: Graph) -> Graph:
    """Everybody but relu itself asks for the sign of its result, once there is one."""
    cut: dict[Node, Node] = {}  # `z <= 0` -> where(z <= 0, 0, z)
    for node in graph.nodes:
        if _is_relu(node):
            cut.setdefault(node.inputs[0], node)
    relus = set(cut.values())
    done: dict[Node, Node] = {}  # `z <= 0` -> `r <= 0`, of those whose relu is behind us

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node not in relus:
            inputs = tuple(done.get(x, new) for x, new in zip(node.inputs, inputs, strict=True))
            return rebuild(node, inputs)
        new = rebuild(node, inputs)
        question = node.inputs[0]
        done[question] = apply(question.op, new, new.inputs[1])
        return new

    return graph.rewrite(rule) if cut else graph


def _is_relu(node: Node) -> bool:
    if node.op.name != "where":
        return False
    question, zero, z = node.inputs
    return (
        question.op.name == "less_equal"
        and question.inputs[0] is z
        and question.inputs[1].shape == z.shape
        and constant_of(question.inputs[1]) == 0
        and constant_of(zero) == 0
        and zero.spec == z.spec
    )
