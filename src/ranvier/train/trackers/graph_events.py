"""A graph as the message that TensorBoard draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...base.extras import optional

if TYPE_CHECKING:
    from ...graph.graph import Graph
    from ...graph.node import Node


def graph_definition(graph: Graph) -> bytes:
    """The nodes of a traced step, each under its section and layer, as a `GraphDef`.

    TensorBoard shows what has the same beginning of a name as one box: "forward/dense/matmul_3".
    """
    proto: Any = optional("tensorboardX.proto.graph_pb2", "a graph in TensorBoard", "tensorboard")
    names: dict[Node, str] = {}
    message = proto.GraphDef()
    for node in graph.inputs:
        names[node] = f"inputs/{node.name or 'state'}_{len(names)}"
        message.node.add(name=names[node], op="Input")
    for node in graph.nodes:
        if node in names:
            continue
        source = node.source
        scope = [] if source is None else [source.section]
        scope += [] if source is None or source.layer is None else [source.layer.name]
        parts = [part for part in scope if part] or ["constants"]
        names[node] = "/".join([*parts, f"{node.op.name}_{len(names)}"])
        made = message.node.add(name=names[node], op=node.op.name)
        made.input.extend(names[x] for x in node.inputs)
    return bytes(message.SerializeToString())
