"""Graph passes: rewrites of a graph into a graph of the same values.

`PASSES` names each one, what it leaves, and its function. They are the first of the stages between
a traced graph and machine code (compiler/stages.py).
"""

from __future__ import annotations

from collections.abc import Callable

from ..base.config import switches
from ..graph.check import check
from ..graph.graph import Graph, rebuild
from ..graph.node import OPS, Node
from ..ops.op import apply
from .checks import checks
from .relu_masks import masks
from .reorder import earlier
from .simplify import simplify


def separate(graph: Graph) -> Graph:
    """Results that are inputs, constants, views, or named twice get a node of their own, so that
    each has its memory."""
    seen: set[Node] = set()

    def own(node: Node) -> Node:
        plain = node.op.kind in ("input", "creation", "movement") and node.op.name not in (
            "pad",
            "concat",
        )
        if plain or node in seen:
            node = apply(OPS["detach"], node)
        seen.add(node)
        return node

    outputs = [own(n) for n in graph.outputs]
    updates = {t: own(n) for t, n in graph.updates.items() if t is not n}
    return Graph(graph.inputs, outputs, updates)


def bodies(graph: Graph) -> Graph:
    """The same for the bodies of loops: each is a graph that goes through all these passes."""

    def rule(node: Node, inputs: tuple[Node, ...]) -> Node:
        if node.op.kind != "loop":
            return rebuild(node, inputs)
        params = {**node.params, "body": prepare(node.params["body"])}
        return Node(node.op, inputs, params, node.spec, node.source, node.name)

    return graph.rewrite(rule)


PASSES: list[tuple[str, str, Callable[[Graph], Graph]]] = [
    ("simplify", "the same values from fewer nodes", simplify),
    ("masks", "relu's gradient cut where its result is 0", masks),
    ("earlier", "elementwise ops before a change of order that takes memory", earlier),
    ("checks", "gathers whose indices are inside their axis, or the step ends before", checks),
    ("separate", "results that are distinct computed nodes", separate),
    ("bodies", "the bodies of its loops after all these passes", bodies),
]


def prepare(graph: Graph) -> Graph:
    """The graph after all graph-to-graph passes, checked after each one where the switch is on."""
    for name, _, rewrite in PASSES:
        graph = rewrite(graph)
        if switches.check:
            check(graph, name)
    return graph
