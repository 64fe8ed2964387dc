"""A grid of numbers between axes: areas and lines of equal height, and a scale beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...typing import Array
from ..axes import Panel, tick_text
from ..contours import contour_lines, filled, simplified
from ..drawing import Area, Box, Point, Stroke, Words

_TOLERANCE = 0.35  # pixels that a contour may lie off


def area(panel: Panel, values: Array, level: float, role: str, opacity: float) -> None:
    """Fill where the grid is at or above the level; its rows go from low to high y."""
    loops = [_pixels(panel, loop, values) for loop in filled(values, level)]
    loops = [simplified(loop, _TOLERANCE) for loop in loops if len(loop) > 2]
    if loops:
        panel.drawing.add(Area(loops, role, opacity))


def lines(
    panel: Panel, values: Array, level: float, role: str, width: float = 1.2, opacity: float = 1.0
) -> None:
    """Draw where the grid has this level."""
    for line in contour_lines(values, level):
        points = simplified(_pixels(panel, line, values), _TOLERANCE)
        panel.drawing.add(Stroke(points, role, width, opacity=opacity, tip=tick_text(level)))


def heights(
    panel: Panel,
    values: Array,
    levels: Sequence[float],
    role: str = "s1",
    strongest: float = 0.85,
    scale: bool = True,
) -> None:
    """Areas above each other, the higher the stronger, their lines, and a scale on the right."""
    step = strongest / max(len(levels), 1)
    for level in levels:
        area(panel, values, level, role, step)
        lines(panel, values, level, role, 0.7, 0.6)
    if not scale:
        return
    x, width = panel.right + 10, 12.0
    height = (panel.bottom - panel.top) / max(len(levels), 1)
    for i, level in enumerate(levels):
        y = panel.bottom - height * (i + 1)
        opacity = 1 - (1 - step) ** (i + 1)
        panel.drawing.add(Box(x, y, width, height, role, opacity, tip=tick_text(level)))
        if i % max(1, len(levels) // 6) == 0:
            text = tick_text(float(f"{level:.3g}"))
            panel.drawing.add(Words(x + width + 4, y + height + 4, text, size=10.5))


def even_levels(values: Array, count: int, log: bool = False) -> list[float]:
    """Levels between the lowest and the highest of the numbers, in even steps, or of logarithms."""
    finite = values[np.isfinite(values)]
    if not finite.size or finite.min() == finite.max():
        return []
    low, high = float(finite.min()), float(finite.max())
    if log and low > 0:
        return [float(v) for v in np.geomspace(low, high, count + 1)[:-1]]
    return [float(v) for v in np.linspace(low, high, count + 1)[:-1]]


def _pixels(panel: Panel, points: Sequence[Point], values: Array) -> list[Point]:
    """Cells of the grid as pixels of the panel, which it fills."""
    rows, columns = values.shape
    across = (panel.right - panel.left) / (columns - 1)
    up = (panel.bottom - panel.top) / (rows - 1)
    return [(panel.left + across * x, panel.bottom - up * y) for x, y in points]
