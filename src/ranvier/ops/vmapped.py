"""A graph for many members at once: every op replaced by what its `vmap` rule says.

Values that members have one each of ("mapped") carry an axis of members in front; what is the same
for all stays as it is, and what is computed of it alone is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from ..base.source import scope
from ..errors import GraphError
from ..graph.graph import Graph
from ..graph.node import Node
from ..typing import V
from .creation import input_node
from .op import apply, for_members


def fill_in(
    nodes: Iterable[Node],
    values: dict[Node, V],
    mapped: set[Node],
    members: int,
    around: Callable[[Node], AbstractContextManager[None]] | None = None,
) -> None:
    """Compute `values` for the nodes, in order, from those that are there.

    Nodes in `mapped` have the axis of members in front; those computed join them. `around(node)` is
    entered while a node is computed.
    """
    like = next(iter(values.values()), None)
    before = scope.rewriting
    try:
        for node in nodes:
            if node in values:
                continue
            scope.rewriting = node.source
            inputs = [values[x] for x in node.inputs]
            own = [x in mapped for x in node.inputs]
            with nullcontext() if around is None else around(node):
                if any(own):
                    values[node] = node.op.vmap(members, own, *inputs, **node.params)
                    mapped.add(node)
                else:
                    values[node] = apply(node.op, *inputs, like=like, **node.params)
    finally:
        scope.rewriting = before


def vmapped(graph: Graph, own: Sequence[bool], members: int) -> Graph:
    """The graph for `members` members at once.

    `own` says which inputs members have one each of. Outputs have the axis of members in front, all
    of them; an update of an input that is the same for all must be the same for all.
    """
    values: dict[Node, Node] = {}
    mapped: set[Node] = set()
    for node, of_member in zip(graph.inputs, own, strict=True):
        values[node] = node
        if of_member:
            values[node] = input_node((members, *node.shape), node.dtype, node.name)
            mapped.add(node)
    fill_in(graph.nodes, values, mapped, members)
    outputs = [for_members(members, [n in mapped], values[n])[0] for n in graph.outputs]
    updates = {}
    for target, node in graph.updates.items():
        new = values[node]
        if target in mapped:
            (new,) = for_members(members, [node in mapped], new)
        elif node in mapped:
            raise GraphError(f"{target.name}: members change it, each to another value")
        updates[values[target]] = new
    return Graph([values[n] for n in graph.inputs], outputs, updates)
