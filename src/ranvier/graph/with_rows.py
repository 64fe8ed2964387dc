"""A graph for any number of rows, and for a number of them.

A graph that was traced for `ROWS` rows (row_count.py) holds their number in shapes and params.
`instantiate` makes the same graph for n rows, without running Python again: every node once more,
its params for n rows, its shape by its op's own rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.nested import leaves
from ..errors import RanvierError, ShapeError
from .graph import Graph
from .node import Node, Spec
from .sizes import is_unknown, with_rows


def has_rows(graph: Graph) -> bool:
    """Whether a shape in the graph depends on a number of rows that is not known."""
    return any(is_unknown(n) for node in (*graph.inputs, *graph.nodes) for n in node.shape)


def instantiate(graph: Graph, rows: int) -> Graph:
    """`graph` for so many rows; ShapeError where it does not take as many.

    Inputs that do not depend on the rows are the same nodes.

    >>> import ranvier
    >>> from ranvier.graph.row_count import ROWS
    >>> from ranvier.tracing.trace import trace
    >>> traced, _ = trace(lambda x: ranvier.reshape(x[1:], (-1,)), [((ROWS, 2), "float32")], ["x"])
    >>> traced.graph
    graph(x: float32[rows,2]):
      0   slice          float32[rows - 1,2] x, start=(1,0), stop=(rows,2), step=(1,1)
      1   reshape        float32[2*rows - 2] %0, shape=(2*rows-2,)
      return %1
    >>> instantiate(traced.graph, 4)
    graph(x: float32[4,2]):
      0   slice          float32[3,2]       x, start=(1,0), stop=(4,2), step=(1,1)
      1   reshape        float32[6]         %0, shape=(6,)
      return %1
    """
    new: dict[Node, Node] = {}
    for node in (*graph.inputs, *graph.nodes):
        if node not in new:
            new[node] = _for_rows(node, tuple(new[x] for x in node.inputs), rows)
    return Graph(
        [new[node] for node in graph.inputs],
        [new[node] for node in graph.outputs],
        {new[target]: new[node] for target, node in graph.updates.items()},
    )


def _for_rows(node: Node, inputs: tuple[Node, ...], rows: int) -> Node:
    params = params_for(node.params, rows)
    if params is node.params and all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return node
    try:
        spec: Spec = node.op.infer(*[x.spec for x in inputs], **params)
    except RanvierError as error:
        if node.source is not None:
            error.add_note(f"at {node.source}")
        raise ShapeError(f"for {rows} rows: {error}") from error
    return Node(node.op, inputs, params, spec, node.source, node.name)


def params_for(params: Mapping[str, Any], rows: int) -> Mapping[str, Any]:
    """The params for so many rows; themselves when they do not depend on the rows."""
    if not any(is_unknown(v) or isinstance(v, Graph) for v in leaves(dict(params))):
        return params
    return {
        k: instantiate(v, rows) if isinstance(v, Graph) else with_rows(v, rows)
        for k, v in params.items()
    }
