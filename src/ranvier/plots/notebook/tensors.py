"""Tensors in a notebook: small ones as a table with colours, large ones as statistics."""

from __future__ import annotations

import numpy as np

from ...base.quantities import number_text
from ...tensors.tensor import Tensor
from ...typing import Array
from ..charts.chart_parts import draw_histogram
from ..drawing import Drawing
from ..markup import Markup, element, join
from ..pixels import NEGATIVE, POSITIVE

_MOST_ROWS, _MOST_COLUMNS = 24, 16
_BINS = 40
_CELL = "padding:2px 8px;text-align:right;font-variant-numeric:tabular-nums"
_STRONGEST = 0.45  # of a colour behind a number, which stays readable


def tensor_html(tensor: Tensor) -> str | None:
    """The tensor as HTML; None while it is traced and has no numbers."""
    array = tensor.numbers()
    if array is None:
        return None
    array = np.asarray(array)
    shape = "×".join(map(str, array.shape)) or "a number"
    extra = ", requires grad" if tensor.requires_grad else ""
    name = f"{tensor.name}: " if tensor.name else ""
    head = element("p", f"{name}tensor, {shape}, {array.dtype}{extra}", style="margin:0 0 4px")
    if array.ndim <= 2 and 0 < array.size and _fits(array):
        return element("div", head, _table(array))
    if not array.size or array.dtype.kind not in "fiub":
        return element("div", head)
    return element("div", head, *_statistics(array))


def _fits(array: Array) -> bool:
    rows, columns = (1, 1, *array.shape)[-2:]
    return bool(rows <= _MOST_ROWS and columns <= _MOST_COLUMNS)


def _table(array: Array) -> Markup:
    matrix = array.reshape(1, -1) if array.ndim < 2 else array
    numbers = matrix.dtype.kind == "f"
    finite = np.abs(matrix[np.isfinite(matrix)]) if matrix.dtype.kind in "fiu" else np.zeros(0)
    largest = float(finite.max(initial=0.0)) or 1.0

    def cell(value: object) -> Markup:
        text = str(value)
        style = _CELL
        if matrix.dtype.kind in "fiu":
            amount = float(text)
            if numbers:
                text = number_text(amount) if np.isfinite(amount) else str(value)
            if np.isfinite(amount) and amount:
                red, green, blue = POSITIVE if amount > 0 else NEGATIVE
                share = _STRONGEST * abs(amount) / largest
                style += f";background:rgba({red},{green},{blue},{share:.2f})"
        return element("td", text, style=style)

    rows = [element("tr", *map(cell, row.tolist())) for row in matrix]
    return element("table", element("tbody", *rows))


def _statistics(array: Array) -> list[Markup]:
    values = array.astype(np.float64).ravel()
    finite = values[np.isfinite(values)]
    parts = []
    if finite.size:
        named = {
            "lowest": finite.min(), "mean": finite.mean(), "deviation": finite.std(),
            "highest": finite.max(),
        }  # fmt: skip
        text = " · ".join(f"{name} {number_text(float(v))}" for name, v in named.items())
        zeros = int((finite == 0).sum())
        text += f" · {zeros:,} of {values.size:,} are 0" if zeros else ""
        parts.append(text)
    if finite.size < values.size:
        parts.append(f"{values.size - finite.size:,} are NaN or infinite")
    line = element("p", " · ".join(parts), style="margin:0 0 4px")
    if not finite.size:
        return [line]
    drawing = Drawing("Histogram", "How the numbers are spread.", 420, 180)
    counts, edges = np.histogram(finite, _BINS)
    draw_histogram(drawing, edges.tolist(), counts.tolist(), "value", "numbers", mark=0.0)
    return [join(line), Markup(drawing.svg())]
