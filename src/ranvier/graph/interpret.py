"""The interpreter of a graph, node by node in NumPy: what every executor must agree with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import GraphError, RanvierError
from .graph import Graph
from .node import Node


def evaluate(
    graph: Graph,
    arrays: Sequence[Any],
    watch: Callable[[Node, Any], None] | None = None,
) -> list[Any]:
    """The values of `graph.results` (outputs, then updates) for these inputs.

    `watch(node, array)` sees every value as it is computed.
    """
    if len(arrays) != len(graph.inputs):
        raise GraphError(f"the graph has {len(graph.inputs)} inputs, not {len(arrays)}")
    values: dict[Node, Any] = dict(zip(graph.inputs, arrays, strict=True))
    with np.errstate(all="ignore"):  # NaN and infinity are values, as in compiled code
        for node in graph.nodes:
            if node not in values:
                inputs = [values[x] for x in node.inputs]
                try:
                    value = node.op.reference(*inputs, **node.params)
                except RanvierError as error:
                    if node.source is not None and not error.notes:
                        error.add_note(f"at {node.source}")
                    raise
                values[node] = np.asarray(value, node.dtype)
            if watch is not None:
                watch(node, values[node])
    return [values[node] for node in graph.results]


def run(graph: Graph, arrays: Sequence[Any]) -> list[Any]:
    """The outputs of the graph; arrays of updated inputs are overwritten in memory afterwards."""
    results = evaluate(graph, arrays)
    memory = dict(zip(graph.inputs, arrays, strict=True))
    new = [np.array(value) for value in results[len(graph.outputs) :]]
    outputs = [np.array(value) for value in results[: len(graph.outputs)]]
    for target, value in zip(graph.updates, new, strict=True):
        memory[target][...] = value
    return outputs
