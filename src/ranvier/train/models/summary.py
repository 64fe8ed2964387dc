"""A model as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...graph.node import Node
from ...nn.basic.shape_layers import InputLayer
from ...nn.layer import Layer
from ...nn.symbolic import Output, call_of, layer_of, output_nodes
from .functional import Wiring

if TYPE_CHECKING:
    from .model import Model


def summary(model: Model) -> str:
    """Layers, output shapes and numbers of parameters, as text."""
    if model.wiring is not None:
        return _text(model, _connected(model.wiring))
    shape = model.built_shape
    rows: list[tuple[str, ...]] = [("layer", "output shape", "parameters")]
    layers = getattr(model, "layers", None)
    if not isinstance(layers, list):
        layers = [x for x in model.sublayers() if x is not model]
        shape = None
    for layer in layers:
        if shape is not None:
            shape = tuple(layer.output_shape(shape))
        text = "?" if shape is None else f"({', '.join(['rows', *map(str, shape)])})"
        if shape is None and layer.built and layer.built_shape is not None:
            text = f"({', '.join(['rows', *map(str, layer.output_shape(layer.built_shape))])})"
        rows.append((_named(layer), text, _count(layer)))
    return _text(model, rows)


def _connected(wiring: Wiring) -> list[tuple[str, ...]]:
    """One row for each call, in their order: what was called, what it gave, on what."""
    rows: list[tuple[str, ...]] = [("layer", "output shape", "parameters", "connected to")]
    seen: set[int] = set()
    numbers: set[Node] = set()  # tensors with numbers, and ops that make tensors of numbers
    for node in wiring.nodes:
        data = [x for x in node.inputs if x not in numbers]
        layer = None if node not in wiring.calls else layer_of(node)
        if layer is None and not data and node not in wiring.graph.inputs:
            numbers.add(node)
        if node in numbers or node not in wiring.calls:
            continue
        shapes = [f"({', '.join(map(str, x.shape))})" for x in output_nodes(node)]
        if layer is None:
            name, count = f"{node.op.name} (op)", ""
        else:
            name = _named(layer)
            count = "shared" if id(layer) in seen else _count(layer)
            seen.add(id(layer))
        rows.append((name, ", ".join(shapes), count, ", ".join(map(_source, data))))
    return rows


def _source(node: Node) -> str:
    """What the value of a node comes out of, and which of several values it is."""
    index = f"[{node.op.index}]" if isinstance(node.op, Output) else ""
    return call_of(node).op.name + index


def _named(layer: Layer) -> str:
    return f"{layer.name} ({type(layer).__name__})"


def _count(layer: Layer) -> str:
    if not layer.built and not isinstance(layer, InputLayer):
        return "not built"
    return f"{layer.count_params():,}"


def _text(model: Model, rows: list[tuple[str, ...]]) -> str:
    """The rows, the first one as a head, as a table with the sums below."""
    total = model.count_params()
    moving = sum(t.size for t in model.parameters())
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            f"{cell:>{w}}" if i == 2 else f"{cell:<{w}}"
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "-" * max(map(len, lines))
    lines.insert(1, rule)
    lines.append(rule)
    lines.append(f"{total:,} parameters ({_bytes(model)}), {moving:,} of them trained")
    return "\n".join([f"{type(model).__name__} {model.name!r}", *lines])


def _bytes(model: Model) -> str:
    """The memory of the tensors in words."""
    size: float = sum(t.size * t.dtype.itemsize for t in model.state_tensors())
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
