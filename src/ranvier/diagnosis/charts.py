"""The evidence of a finding as a small drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..plots.axes import Panel, Scale
from ..plots.drawing import Drawing, Stroke, Words, shortened, text_width
from ..typing import Array
from .finding import Chart, Finding, number

_ROLES = ("s1", "s2", "s3", "s4")
_WIDTH, _HEIGHT = 460.0, 220.0
_SIZE = 10.5  # of names below the axis


def draw(finding: Finding) -> Drawing | None:
    """The drawing that the finding's chart asks for."""
    chart = finding.chart
    if chart is None:
        return None
    ys = [np.asarray(finding.evidence[name], np.float64).reshape(-1) for name in chart.ys]
    along = finding.evidence.get(chart.x, ())
    names = along if isinstance(along, tuple) else ()
    xs = np.arange(len(ys[0]), dtype=np.float64)
    if chart.x and not names:
        xs = np.asarray(along, np.float64).reshape(-1)
    drawing = Drawing(finding.name, finding.what, _WIDTH, _HEIGHT)
    drawing.head = (chart.x or "number", *chart.ys)
    labels = names or [number(v) for v in xs]
    drawing.rows = [(label, *(number(float(y[i])) for y in ys)) for i, label in enumerate(labels)]
    by_position = chart.form == "bars" or bool(names)  # side by side, whatever the numbers along
    positions = np.arange(len(xs), dtype=np.float64) if by_position else xs
    panel = _panel(drawing, finding, chart, positions, ys, by_position)
    for role, y in zip(_ROLES, ys, strict=False):
        _series(panel, chart, positions, y, role, labels)
    _marks(panel, finding, chart)
    if by_position and (names or chart.x):
        _positions(panel, labels)
    if len(ys) > 1:
        entries = [(name, role, ()) for name, role in zip(chart.ys, _ROLES, strict=False)]
        panel.legend(entries, _free_corner(panel, positions, ys))
    return drawing


def _panel(
    drawing: Drawing, finding: Finding, chart: Chart, xs: Array, ys: list[Array], by_position: bool
) -> Panel:
    values = np.concatenate([y[np.isfinite(y)] for y in ys])
    if chart.log:
        values = values[values > 0]
    shown = values.tolist() or [1.0]
    if chart.limit:
        shown.append(float(np.asarray(finding.evidence[chart.limit])))
    if chart.form == "bars" and not chart.log and min(shown) >= 0:
        up = Scale(0.0, 1.05 * max(shown) or 1.0)
    else:
        up = Scale.over(shown, log=chart.log)
    across = Scale(-0.5, len(xs) - 0.5) if by_position else Scale.over(xs.tolist())
    panel = Panel(drawing, across, up, left=72)
    label = chart.ys[0] if len(chart.ys) == 1 else ""
    panel.grid("" if by_position else chart.x, label, x_ticks=() if by_position else None)
    if by_position and chart.x:
        at = ((panel.left + panel.right) / 2, panel.bottom + 34)
        drawing.add(Words(*at, chart.x, size=12.5, anchor="middle"))
    return panel


def _series(
    panel: Panel, chart: Chart, xs: Array, y: Array, role: str, labels: Sequence[str]
) -> None:
    if chart.form == "bars":
        base = panel.y_scale.low if chart.log else 0.0
        for i, value in enumerate(y.tolist()):
            low, high = sorted((base, value))
            panel.bar((i - 0.4, i + 0.4), (low, high), role, f"{labels[i]}: {number(value)}")
        return
    good = np.isfinite(y) & ((y > 0) | (not chart.log))
    points = xs[good].tolist(), y[good].tolist()
    panel.line(*points, role)
    if chart.form == "dots":
        panel.dots(*points, role, 3.5)


def _positions(panel: Panel, labels: Sequence[str]) -> None:
    """Names below the positions: all of them where there is room, else some."""
    across = panel.right - panel.left
    widest = max(text_width(label, _SIZE) for label in labels)
    every = math.ceil(len(labels) * (min(widest, 90.0) + 8) / across)
    for i in range(0, len(labels), every):
        text = shortened(labels[i], across / len(labels) * every - 6, _SIZE)
        at = panel.x(i), panel.bottom + 15
        panel.drawing.add(Words(*at, text, size=_SIZE, anchor="middle", tip=labels[i]))


def _free_corner(panel: Panel, xs: Array, ys: list[Array]) -> str:
    """The corner with the fewest points."""
    points = [p for y in ys for p in panel.at(xs.tolist(), np.nan_to_num(y).tolist())]
    middle, centre = (panel.left + panel.right) / 2, (panel.top + panel.bottom) / 2
    counts = dict.fromkeys(("top right", "top left", "bottom right", "bottom left"), 0)
    for x, y in points:
        side = "right" if x > middle else "left"
        counts[f"{'top' if y < centre else 'bottom'} {side}"] += 1
    return min(counts, key=lambda corner: counts[corner])


def _marks(panel: Panel, finding: Finding, chart: Chart) -> None:
    if chart.at:
        x = panel.x(float(np.asarray(finding.evidence[chart.at])))
        panel.drawing.add(Stroke([(x, panel.top), (x, panel.bottom)], "bad", 1.5, (4, 3)))
    if chart.limit:
        y = panel.y(float(np.asarray(finding.evidence[chart.limit])))
        panel.drawing.add(Stroke([(panel.left, y), (panel.right, y)], "bad", 1.5, (4, 3)))
