"""Attention roll-out (Abnar and Zuidema 2020): attention followed through all layers."""

from __future__ import annotations

import numpy as np

from ...base.missing import spelled
from ...errors import ArgumentError, StateError
from ...graph.graph import Graph
from ...graph.interpret import evaluate
from ...graph.node import Node
from ...typing import Array
from ..result import Attribution
from .differentiable import explained, traced_output


@spelled
def attention_rollout(
    model: object, x: object, *, position: int | str = "mean", residual: bool = True
) -> Attribution:
    """How much each position of the input reaches a position behind the last attention layer.

        R = A_L ... A_2 A_1,   A = (attention + identity) / 2, the mean over the heads

    `position` of the last layer, or "mean" over all. Rows sum to 1. It follows where attention
    looks, not what is made of it, so signs and the rest of the network do not count. `residual`
    adds the identity for the connections around attention. The values are (rows, positions).
    """
    net = explained(model, x)
    weights = attention_weights(net.network, net.x)
    flow: Array | None = None
    for layer in weights:
        a = layer.mean(axis=1)
        if a.shape[1] != a.shape[2] or (flow is not None and a.shape != flow.shape):
            raise StateError(
                f"attention_rollout: an attention layer looks from {a.shape[1]} to {a.shape[2]} "
                "positions; expected self-attention over one sequence in all layers"
            )
        a = (a + np.eye(a.shape[1])) / 2 if residual else a
        flow = a if flow is None else a @ flow
    assert flow is not None
    values = flow.mean(axis=1) if position == "mean" else flow[:, int(position)]
    data = net.x
    if net.tokens:
        values, data = values[:, net.at], np.array([net.tokens], object)
    names = tuple(net.tokens) or tuple(f"position {i}" for i in range(values.shape[1]))
    return Attribution(
        f"attention roll-out ({len(weights)} layers)", values, names, data=data, kind="text"
    )


def attention_weights(network: object, x: Array) -> list[Array]:
    """The attention of each attention layer, (rows, heads, to, from), in the order of the layers.

    They are read from the graph: the exponentials in an attention layer, so no layer has to hand
    them out.
    """
    traced, _ = traced_output(network, x.shape, x.dtype)  # type: ignore[arg-type]
    graph = Graph(traced.graph.inputs, [n for n in traced.graph.nodes if _is_softmax(n)])
    if not graph.outputs:
        raise ArgumentError("attention_rollout: the network has no attention layer")
    arrays = evaluate(graph, [x, *[t._array() for t in traced.captured]])
    weights = [a.astype(np.float64) / a.sum(axis=-1, keepdims=True) for a in arrays]
    return [w.reshape(len(x), -1, *w.shape[-2:]) for w in weights]


def _is_softmax(node: Node) -> bool:
    """Whether these are the exponentials of the scores of an attention layer."""
    layer = None if node.source is None else node.source.layer
    return node.op.name == "exp" and layer is not None and "Attention" in layer.type
