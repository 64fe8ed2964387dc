"""A model as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...graph.node import Node
from ...nn.basic.shape_layers import InputLayer
from ...nn.layer import Layer
from ...nn.symbolic import Output, call_of, layer_of, output_nodes
from .functional import Wiring

if TYPE_CHECKING:
    from .model import Model


class LayerLine(NamedTuple):
    """A layer, or an op between layers, of a model.

    `kind` is its class, or "op"; `size` says how many parameters it has, or why that is not known;
    `sources` names what it reads, and `inputs` are the positions of those lines.
    """

    name: str
    kind: str
    shape: str
    size: str
    parameters: int
    sources: tuple[str, ...] = ()
    inputs: tuple[int, ...] = ()


def summary(model: Model) -> str:
    """Layers, output shapes and numbers of parameters, as text."""
    head: tuple[str, ...] = ("layer", "output shape", "parameters")
    rows = [(f"{x.name} ({x.kind})", x.shape, x.size) for x in layer_lines(model)]
    if model.wiring is None:
        return _text(model, [head, *rows])
    sources = [", ".join(x.sources) for x in layer_lines(model)]
    connected = [(*row, source) for row, source in zip(rows, sources, strict=True)]
    return _text(model, [(*head, "connected to"), *connected])


def layer_lines(model: Model) -> list[LayerLine]:
    """The layers of a model in their order; of connected layers one line for each call."""
    if model.wiring is not None:
        return _connected(model.wiring)
    shape = model.built_shape
    layers = getattr(model, "layers", None)
    if not isinstance(layers, list):
        layers = [x for x in model.sublayers() if x is not model]
        shape = None
    lines: list[LayerLine] = []
    for layer in layers:
        if shape is not None:
            shape = tuple(layer.output_shape(shape))
        text = "?" if shape is None else f"({', '.join(['rows', *map(str, shape)])})"
        if shape is None and layer.built and layer.built_shape is not None:
            text = f"({', '.join(['rows', *map(str, layer.output_shape(layer.built_shape))])})"
        before = (len(lines) - 1,) if lines and shape is not None else ()
        lines.append(_line(layer, text, inputs=before))
    return lines


def _connected(wiring: Wiring) -> list[LayerLine]:
    """One line for each call, in their order: what was called, what it gave, on what."""
    lines: list[LayerLine] = []
    positions: dict[Node, int] = {}
    seen: set[int] = set()
    numbers: set[Node] = set()  # tensors with numbers, and ops that make tensors of numbers
    for node in wiring.nodes:
        data = [x for x in node.inputs if x not in numbers]
        layer = None if node not in wiring.calls else layer_of(node)
        if layer is None and not data and node not in wiring.graph.inputs:
            numbers.add(node)
        if node in numbers or node not in wiring.calls:
            continue
        shape = ", ".join(f"({', '.join(map(str, x.shape))})" for x in output_nodes(node))
        sources = tuple(map(_source, data))
        inputs = tuple(positions[call_of(x)] for x in data if call_of(x) in positions)
        positions[call_of(node)] = len(lines)
        if layer is None:
            lines.append(LayerLine(node.op.name, "op", shape, "", 0, sources, inputs))
            continue
        line = _line(layer, shape, sources, inputs)
        if id(layer) in seen:
            line = line._replace(size="shared", parameters=0)
        seen.add(id(layer))
        lines.append(line)
    return lines


def _source(node: Node) -> str:
    """What the value of a node comes out of, and which of several values it is."""
    index = f"[{node.op.index}]" if isinstance(node.op, Output) else ""
    return call_of(node).op.name + index


def _line(
    layer: Layer, shape: str, sources: tuple[str, ...] = (), inputs: tuple[int, ...] = ()
) -> LayerLine:
    built = layer.built or isinstance(layer, InputLayer)
    parameters = layer.count_params() if built else 0
    size = f"{parameters:,}" if built else "not built"
    return LayerLine(layer.name, type(layer).__name__, shape, size, parameters, sources, inputs)


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
