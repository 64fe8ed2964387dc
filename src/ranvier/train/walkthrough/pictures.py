"""Pictures of tensors: matrices as pixels (plots/pixels.py), vectors in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...plots.axes import Panel, Scale
from ...plots.drawing import Drawing, Words
from ...plots.projection import principal_components
from ...typing import Array

_MOST = 8  # pictures of one tensor
_LARGEST = 128  # pixels along an axis
_SMALLEST = 3  # an axis shorter than this is no picture
_LEAST_VECTORS, _LEAST_NUMBERS = 4, 3  # of which two dimensions say something
_MOST_VECTORS, _MOST_NAMES = 3000, 60
_STACKS = {"score", "e", "p"}  # of attention: a matrix for each head


def pictures(array: Array, symbol: str, rows: int) -> list[tuple[str, Array]]:
    """Titles and matrices of numbers that say something as pictures.

    Images (batch, height, width, channels) and filters (height, width, channels, filters), matrices
    from 16 numbers on, and stacks of matrices such as the scores of attention.
    """
    weight = symbol.removeprefix("∂L/∂") in ("W", "U")
    if array.dtype.kind != "f" or array.ndim < 2:
        return []
    if array.ndim == 4 and weight:
        count = min(array.shape[-1], _MOST)
        titled = [(f"filter {k}", array[:, :, 0, k]) for k in range(count)]
    elif array.ndim == 4 and array.shape[0] == rows and symbol not in _STACKS:
        count = min(array.shape[-1], _MOST)
        titled = [(f"channel {k}", array[0, :, :, k]) for k in range(count)]
    elif array.ndim == 2:
        titled = [("", array)]
    else:
        stack = array[0] if array.shape[0] == rows else array
        stack = stack.reshape(-1, *array.shape[-2:])
        count = min(len(stack), _MOST)
        titled = [(f"{k}" if len(stack) > 1 else "", stack[k]) for k in range(count)]
    return [
        (title, matrix)
        for title, matrix in titled
        if min(matrix.shape) >= _SMALLEST and max(matrix.shape) <= _LARGEST and matrix.size >= 9
    ]


def projection(vectors: Array, used: Sequence[int]) -> Drawing | None:
    """The vectors of an embedding in two dimensions, those that were `used` with their ids."""
    few = vectors.ndim != 2 or len(vectors) < _LEAST_VECTORS or vectors.shape[1] < _LEAST_NUMBERS
    if few or len(vectors) > _MOST_VECTORS or not np.isfinite(vectors).all():
        return None
    points, axes = principal_components(vectors)
    drawing = Drawing(
        "Vectors in two dimensions",
        "Each dot is the vector of an id, along the two directions in which they differ most.",
        400, 300,
    )  # fmt: skip
    xs, ys = points.T.tolist()
    panel = Panel(drawing, Scale.over(xs, 0.06), Scale.over(ys, 0.06))
    panel.grid(*axes)
    panel.dots(xs, ys, "s5", 2.2, 0.7)
    shown = list(used)[:_MOST_NAMES]
    panel.dots([xs[i] for i in shown], [ys[i] for i in shown], "s1", 3.0, 0.95)
    for i in shown:
        drawing.add(Words(panel.x(xs[i]) + 4, panel.y(ys[i]) - 3, str(i), "ink", 10))
    return drawing
