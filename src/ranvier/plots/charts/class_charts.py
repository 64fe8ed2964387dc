"""Classes: confusion matrix, ROC and precision-recall curves, calibration.

`draw_...` fill an empty drawing, whose title and sentence its owner has written, so that a report
says in its own language what they show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...base.quantities import number_text, percent_text
from ...metrics.calibration import ReliabilityBin
from ..axes import Panel, Scale
from ..drawing import Box, Drawing, Stroke, Words, shortened, text_width
from .chart_parts import DASHES, SERIES

_FEW_ROWS = 10  # of a bin that is not drawn


@dataclass(frozen=True)
class UnitCurve:
    """A curve between 0 and 1, of a model or of a class against the rest; `area` is below it."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float | None = None
    base: float | None = None  # what guessing gives


def draw_confusion(
    drawing: Drawing,
    labels: Sequence[str],
    counts: Sequence[Sequence[int]],
    truth: str = "true",
    predicted: str = "predicted",
) -> Drawing:
    """A cell for each pair (true class, predicted class); the diagonal is right."""
    n = len(labels)
    left = min(max(text_width(label, 11) for label in labels), 110.0) + 34
    slanted = any(text_width(label, 11) > (386 - left) / n - 4 for label in labels)
    top = min(max(text_width(label, 11) for label in labels), 90.0) + 40 if slanted else 46
    cell = (386 - left) / n
    high = min(cell, 56.0)
    drawing.height = top + high * n + 12
    drawing.add(
        Words(left + cell * n / 2, 14, predicted, anchor="middle"),
        Words(12, top + high * n / 2, truth, anchor="middle", upright=True),
    )
    for i, (label, row) in enumerate(zip(labels, counts, strict=True)):
        short = shortened(label, left - 34, 11)
        y = top + high * i
        tip = label if short != label else ""
        drawing.add(Words(left - 6, y + high / 2 + 4, short, "ink", 11, "end", tip=tip))
        x = left + cell * (i + 0.5)
        if slanted:
            short = shortened(label, top - 40, 11)
            tip = label if short != label else ""
            drawing.add(Words(x + 4, top - 6, short, "ink", 11, upright=True, tip=tip))
        else:
            drawing.add(Words(x, top - 8, label, "ink", 11, "middle"))
        total = max(sum(row), 1)
        for j, count in enumerate(row):
            share = count / total
            role = "s1" if i == j else "bad"
            x = left + cell * j
            about = f"{label} → {labels[j]}: {count:,} ({percent_text(share)})"
            drawing.add(
                Box(x + 1, y + 1, cell - 2, high - 2, "grid", 0.5, 3),
                Box(x + 1, y + 1, cell - 2, high - 2, role, round(share, 2), 3, tip=about),
            )
            size = 12.0 if cell > 40 else 9.5
            text = f"{count:,}"
            if count and text_width(text, size) < cell:
                ink = "panel" if share > 0.55 else "ink"
                drawing.add(Words(x + cell / 2, y + high / 2 + 4, text, ink, size, "middle"))
    drawing.head = (f"{truth} \\ {predicted}", *labels)
    drawing.rows = [
        (label, *(f"{c:,}" for c in row)) for label, row in zip(labels, counts, strict=True)
    ]
    return drawing


def draw_unit_curves(
    drawing: Drawing,
    curves: Sequence[UnitCurve],
    x_label: str,
    y_label: str,
    curve_label: str,
    area_label: str,
    corner: str,
    diagonal: bool,
    every_base: bool,
) -> Drawing:
    """Curves of shares; guessing is the diagonal, or a line at each curve's `base`."""
    panel = Panel(drawing, Scale(0, 1), Scale(0, 1.02))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    panel.grid(x_label, y_label, marks, marks, percent="xy")
    entries = []
    for i, curve in enumerate(curves):
        role, dash = SERIES[i % len(SERIES)], DASHES[i % len(DASHES)]
        if curve.base is not None and (i == 0 or every_base):
            ends = ([0, 1], [0, 1]) if diagonal else ([0, 1], [curve.base, curve.base])
            panel.line(ends[0], ends[1], "muted", 1, (3, 4))
        panel.line(curve.x, curve.y, role, 2.5 if i == 0 else 1.8, dash)
        area = "" if curve.area is None else f" ({number_text(curve.area, 3)})"
        entries.append((curve.name + area, role, dash))
    panel.legend(entries, corner)
    drawing.head = (curve_label, area_label)
    drawing.rows = [(c.name, number_text(c.area)) for c in curves]
    return drawing


def draw_calibration(
    drawing: Drawing,
    bins: Sequence[ReliabilityBin],
    labels: Sequence[str] = (
        "predicted probability",
        "share that came true",
        "95% interval",
        "rows",
    ),
    network: str = "this network",
    perfect: str = "perfect",
) -> Drawing:
    """What was predicted and how often it came true, with intervals."""
    panel = Panel(drawing, Scale(0, 1), Scale(0, 1))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    panel.grid(labels[0], labels[1], marks, marks, percent="xy")
    panel.line([0, 1], [0, 1], "muted", 1.2, (3, 4))
    # A handful of rows says nothing; they stand in the table.
    shown = [b for b in bins if b.rows >= _FEW_ROWS] or list(bins)
    for b in shown:
        x = panel.x(b.predicted)
        drawing.add(Stroke([(x, panel.y(b.low)), (x, panel.y(b.high))], "s1", 2))
    xs, ys = [b.predicted for b in shown], [b.observed for b in shown]
    panel.line(xs, ys, "s1", 1.2)
    panel.dots(xs, ys, "s1", 4)
    panel.legend([(network, "s1", ()), (perfect, "muted", (3, 4))], "bottom right")
    drawing.head = tuple(labels)
    drawing.rows = [
        (
            percent_text(b.predicted),
            percent_text(b.observed),
            f"{percent_text(b.low)} – {percent_text(b.high)}",
            f"{b.rows:,}",
        )
        for b in bins
    ]
    return drawing
