"""The checker: re-derives every shape and dtype of a graph."""

from __future__ import annotations

from ..errors import GraphError
from .graph import Graph


def check(graph: Graph, after: str = "trace") -> Graph:
    """Return `graph` if every node agrees with its op's rule and stands after its inputs.

    Otherwise raise GraphError.
    """
    known = set(graph.inputs)
    for node in graph.nodes:
        if node in known:
            continue
        if node.op.kind == "input":
            raise GraphError(f"after {after}: {node} is used but is not an input of the graph")
        for x in node.inputs:
            if x not in known:
                raise GraphError(f"after {after}: {node} reads {x} before it is computed")
        spec = node.op.infer(*[x.spec for x in node.inputs], **node.params)
        if spec != node.spec:
            raise GraphError(f"after {after}: {node.op.name} has {node.spec}, its rule says {spec}")
        known.add(node)
    for target, node in graph.updates.items():
        if target not in graph.inputs or target.spec != node.spec:
            raise GraphError(
                f"after {after}: update of {target.name} ({target.spec}) by {node} ({node.spec})"
            )
    return graph
