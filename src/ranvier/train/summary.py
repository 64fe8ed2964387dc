"""A model as a table."""

from __future__ import annotations

from typing import Any


def summary(model: Any) -> str:
    """Layers, output shapes and numbers of parameters, as text."""
    shape = model.built_shape
    rows = [("layer", "output shape", "parameters")]
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
        count = f"{layer.count_params():,}" if layer.built else "not built"
        rows.append((f"{layer.name} ({type(layer).__name__})", said, count))
    total = model.count_params()
    moving = sum(t.size for t in model.parameters())
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
    lines.insert(1, "-" * len(lines[0]))
    lines.append("-" * len(lines[0]))
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
