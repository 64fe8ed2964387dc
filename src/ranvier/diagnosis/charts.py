"""The evidence of a finding as a small drawing."""

from __future__ import annotations

import numpy as np

from ..plots.axes import Panel, Scale
from ..plots.drawing import Drawing, Stroke, Words, shortened
from ..typing import Array
from .finding import Chart, Finding, number

_ROLES = ("s1", "s2", "s3", "s4")
_WIDTH, _HEIGHT = 460.0, 220.0
_MOST_NAMES = 12  # names along the axis; more are left out


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
    panel = _panel(drawing, finding, chart, xs, ys, bool(names))
    for role, y in zip(_ROLES, ys, strict=False):
        _series(panel, chart, xs, y, role, names)
    _marks(panel, finding, chart)
    if len(ys) > 1:
        entries = [(name, role, ()) for name, role in zip(chart.ys, _ROLES, strict=False)]
        panel.legend(entries, "top right")
    return drawing


def _panel(
    drawing: Drawing, finding: Finding, chart: Chart, xs: Array, ys: list[Array], named: bool
) -> Panel:
    values = np.concatenate([y[np.isfinite(y)] for y in ys])
    if chart.log:
        values = values[values > 0]
    shown = values.tolist() or [1.0]
    if chart.limit:
        shown.append(float(np.asarray(finding.evidence[chart.limit])))
    bars = chart.form == "bars"
    if bars and not chart.log:
        shown.append(0.0)
    across = Scale(-0.5, len(xs) - 0.5) if bars or named else Scale.over(xs.tolist())
    panel = Panel(drawing, across, Scale.over(shown, log=chart.log))
    label = chart.ys[0] if len(chart.ys) == 1 else ""
    panel.grid(chart.x, label, x_ticks=() if bars or named else None)
    return panel


def _series(
    panel: Panel, chart: Chart, xs: Array, y: Array, role: str, names: tuple[str, ...]
) -> None:
    if chart.form == "bars":
        base = panel.y_scale.low if chart.log else 0.0
        for i, value in enumerate(y.tolist()):
            low, high = sorted((base, value))
            label = names[i] if names else str(i)
            panel.bar((i - 0.4, i + 0.4), (low, high), role, f"{label}: {number(value)}")
            if names and len(names) <= _MOST_NAMES:
                width = (panel.right - panel.left) / len(names)
                text = shortened(label, width - 2, 10)
                at = panel.x(i)
                panel.drawing.add(
                    Words(at, panel.bottom + 12, text, size=10, anchor="middle", tip=label)
                )
        return
    good = np.isfinite(y) & ((y > 0) | (not chart.log))
    along = np.arange(len(y), dtype=np.float64) if names else xs
    points = along[good].tolist(), y[good].tolist()
    if chart.form == "dots":
        panel.dots(*points, role, 3.0)
    else:
        panel.line(*points, role)


def _marks(panel: Panel, finding: Finding, chart: Chart) -> None:
    if chart.at:
        x = panel.x(float(np.asarray(finding.evidence[chart.at])))
        panel.drawing.add(Stroke([(x, panel.top), (x, panel.bottom)], "bad", 1.5, (4, 3)))
    if chart.limit:
        y = panel.y(float(np.asarray(finding.evidence[chart.limit])))
        panel.drawing.add(Stroke([(panel.left, y), (panel.right, y)], "bad", 1.5, (4, 3)))
