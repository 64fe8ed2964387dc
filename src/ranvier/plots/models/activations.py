"""What the layers of a model give, as histograms: dead units and saturation are seen at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.missing import spelled
from ...base.quantities import number_text, percent_text
from ...errors import unknown_name
from ...train.models.model import Model
from ...typing import Array, DataLike
from ..charts.chart_parts import draw_histogram
from ..composition import together
from ..drawing import Drawing
from .layer_outputs import layer_outputs

_BINS = 40
_MOST_LAYERS = 24


@spelled
def activations(model: Model, x: DataLike, layers: Sequence[str] | None = None) -> Drawing:
    """A histogram of what each layer gives for these rows, with the share of zeros and of units
    that are 0 for all rows.

    Args:
        layers: the names of those to show; by default all, the first 24 of more.

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> model = ranvier.Sequential([Dense(8, "relu", input_shape=(2,)), Dense(1)])
    >>> drawing = activations(model, ranvier.ones((5, 2)))
    >>> drawing.head
    ('layer', 'mean', 'deviation', 'lowest', 'highest', 'zeros', 'dead units')
    """
    outputs = {
        name: out for name, (_, out) in layer_outputs("activations", model, x).items()
        if out.dtype.kind == "f" and out.size
    }  # fmt: skip
    for name in layers or ():
        if name not in outputs:
            raise unknown_name("layer", name, list(outputs))
    chosen = list(outputs)[:_MOST_LAYERS] if layers is None else list(layers)
    parts, rows = [], []
    for name in chosen:
        values = outputs[name].astype(np.float64)
        finite = values[np.isfinite(values)]
        part = Drawing(name, "", 340, 200)
        if finite.size:
            counts, edges = np.histogram(finite, _BINS)
            draw_histogram(part, edges.tolist(), counts.tolist(), "output", "values", mark=0.0)
        parts.append(part)
        units = values.reshape(-1, values.shape[-1])
        rows.append((
            name, *(number_text(float(v)) for v in _moments(finite)),
            percent_text(float((values == 0).mean())),
            percent_text(float((units == 0).all(axis=0).mean())),
        ))  # fmt: skip
    left = len(outputs) - len(chosen) if layers is None else 0
    drawing = together(
        f"Activations of {model.name}",
        "How the outputs of each layer are spread over all rows and units; the dotted line is 0."
        + (f" {left} further layers are not shown." if left else ""),
        parts,
    )
    drawing.head = ("layer", "mean", "deviation", "lowest", "highest", "zeros", "dead units")
    drawing.rows = rows
    return drawing


def _moments(values: Array) -> tuple[float, float, float, float]:
    if not values.size:
        return (np.nan,) * 4
    return float(values.mean()), float(values.std()), float(values.min()), float(values.max())
