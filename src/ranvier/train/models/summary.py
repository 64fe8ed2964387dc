"""A model as a table."""

from __future__ import annotations

from typing import Any

from ...nn.basic.shape_layers import InputLayer
from ...nn.symbolic import Symbolic
from ...tracing.trace import tensors_in


def summary(model: Any) -> str:
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
        said = "?" if shape is None else f"({', '.join(['rows', *map(str, shape)])})"
        if shape is None and layer.built and layer.built_shape is not None:
            said = f"({', '.join(['rows', *map(str, layer.output_shape(layer.built_shape))])})"
        rows.append((_named(layer), said, _count(layer)))
    return _text(model, rows)


def _connected(wiring: Any) -> list[tuple[str, ...]]:
    """One row for each call, in their order: what was called, what it gave, on what."""
    rows: list[tuple[str, ...]] = [("layer", "output shape", "parameters", "connected to")]
    seen: set[int] = set()
    numbers: set[int] = set()  # calls of ops that only turn numbers into tensors
    for call in wiring.calls:
        data = [v for v in call.given() if isinstance(v, Symbolic) and v.call.number not in numbers]
        if call.op is not None and not data:
            numbers.add(call.number)
            continue
        shapes = [f"({', '.join(map(str, v.shape))})" for v in tensors_in(call.outputs())]
        before = [_caller(v.call) + (f"[{v.place}]" if len(v.call.specs) > 1 else "") for v in data]
        if call.layer is None:
            name, count = f"{call.op.name} (op)", ""
        else:
            name = _named(call.layer)
            count = "shared" if id(call.layer) in seen else _count(call.layer)
            seen.add(id(call.layer))
        rows.append((name, ", ".join(shapes), count, ", ".join(before)))
    return rows


def _caller(call: Any) -> str:
    return call.op.name if call.layer is None else call.layer.name  # type: ignore[no-any-return]


def _named(layer: Any) -> str:
    return f"{layer.name} ({type(layer).__name__})"


def _count(layer: Any) -> str:
    if not layer.built and not isinstance(layer, InputLayer):
        return "not built"
    return f"{layer.count_params():,}"


def _text(model: Any, rows: list[tuple[str, ...]]) -> str:
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


def _bytes(model: Any) -> str:
    """The memory of the tensors in words."""
    size = sum(t.size * t.dtype.itemsize for t in model.state_tensors())
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
