"""Partial dependence as a drawing: the mean as a thick line, rows as thin ones."""

from __future__ import annotations

import numpy as np

from ...plots.axes import Panel, Scale
from ...plots.drawing import Box, Drawing, Stroke, Words, shortened
from ..dependence import Dependence
from .attributions import output_text

_MOST_ROWS = 60
_TICKS = 10


def draw(d: Dependence) -> Drawing:
    """Curves over numbers; bars with the middle half of the rows over labels."""
    says = output_text(d.output_name) or "output"
    drawing = Drawing(
        f"How {says} depends on {d.feature}",
        f"The thick line is the mean of {len(d.individual):,} rows in which {d.feature} was set to "
        "each value (partial dependence), thin lines are single rows. Marks below the curve are "
        "values that occur.",
        460, 300,
    )  # fmt: skip
    draw_dependence(drawing, d, says)
    drawing.head = (d.feature, f"mean of {says}")
    drawing.rows = [
        (f"{g:.5g}" if d.is_number else str(g), f"{v:.5g}")
        for g, v in zip(d.grid, d.average, strict=True)
    ]
    return drawing


def draw_dependence(drawing: Drawing, d: Dependence, says: str) -> None:
    """The curve, or the bars, into a drawing; `says` is what the output is called."""
    rows = d.individual[
        np.linspace(0, len(d.individual) - 1, min(len(d.individual), _MOST_ROWS)).astype(int)
    ]
    if d.is_number and len(d.grid) > 1:
        _curves(drawing, d, rows, says)
    else:
        _levels(drawing, d, says)


def _curves(drawing: Drawing, d: Dependence, rows: np.ndarray, says: str) -> None:
    low, high = np.quantile(rows, [0.02, 0.98])
    shown = [float(low), float(high), *d.average.tolist()]
    panel = Panel(drawing, Scale.over(d.grid.tolist(), 0.01), Scale.over(shown))
    panel.grid(d.feature, says)
    xs = d.grid.tolist()
    for row in rows:
        points = panel.at(xs, row.tolist())
        drawing.add(Stroke(points, "s5", 0.8, opacity=0.35))
    panel.line(xs, d.average.tolist(), "s2", 3.0)
    from ..shapley.groups import numbers_of

    values = numbers_of(d.data)
    for value in [] if values is None else values[np.isfinite(values)][:_MOST_ROWS]:
        if d.grid[0] <= value <= d.grid[-1]:
            x = panel.x(float(value))
            drawing.add(Stroke([(x, panel.bottom - 6), (x, panel.bottom)], "muted", 1))


def _levels(drawing: Drawing, d: Dependence, says: str) -> None:
    lower, upper = np.quantile(d.individual, [0.25, 0.75], axis=0)
    shown = [0.0, *upper.tolist(), *d.average.tolist(), *lower.tolist()]
    panel = Panel(drawing, Scale(0, len(d.grid)), Scale.over(shown), bottom=66)
    panel.grid(d.feature, says, x_ticks=())
    zero = panel.y(0.0)
    width = (panel.right - panel.left) / len(d.grid)
    for i, (level, mean) in enumerate(zip(d.grid, d.average, strict=True)):
        x = panel.left + width * (i + 0.5)
        top, bottom = sorted((panel.y(float(mean)), zero))
        wide = min(0.7 * width, 40.0)
        tip = f"{level}: {mean:.4g}"
        drawing.add(
            Box(x - wide / 2, top, wide, max(bottom - top, 1.0), "s2", 0.85, 2, tip=tip),
            Stroke([(x, panel.y(float(lower[i]))), (x, panel.y(float(upper[i])))], "ink", 1.5),
        )
        if len(d.grid) <= _TICKS:
            text = shortened(str(level), width - 2, 11)
            drawing.add(Words(x, panel.bottom + 14, text, size=11, anchor="middle", tip=str(level)))
