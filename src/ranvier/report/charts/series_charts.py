"""Forecasts: the last one beside what came, and the errors by step."""

from __future__ import annotations

from collections.abc import Sequence

from ...base.quantities import number_text
from ...plots.axes import Panel, Scale
from ...plots.charts.chart_parts import DASHES, SERIES
from ...plots.drawing import Drawing
from ..results import Results
from ..words.language import Language
from .chart_parts import drawing_of


def forecast_chart(results: Results, words: Language) -> Drawing | None:
    shown = results.forecast
    if shown is None:
        return None
    drawing = drawing_of(words, "forecast", 320, target=results.target)
    past = list(range(1 - len(shown.past), 1))
    ahead = list(range(1, len(shown.truth) + 1))
    low = [p - m for p, m in zip(shown.predicted, shown.margins, strict=False)]
    high = [p + m for p, m in zip(shown.predicted, shown.margins, strict=False)]
    values = [*shown.past, *shown.truth, *shown.predicted, *shown.seasonal, *low, *high]
    panel = Panel(drawing, Scale(past[0], ahead[-1]), _with_room(values))
    panel.grid(words("steps_ahead"), results.target)
    if shown.margins:
        panel.band(ahead, low, high, "s1")
    joined = shown.past[-1:]  # so that the lines go on from the last known point
    panel.line(past, shown.past, "ink", 1.6)
    panel.line([0, *ahead], [*joined, *shown.truth], "ink", 1.6)
    panel.line([0, *ahead], [*joined, *shown.seasonal], SERIES[1], 1.6, DASHES[1])
    panel.line([0, *ahead], [*joined, *shown.predicted], SERIES[0], 2.2)
    panel.legend(
        [
            (words("truth"), "ink", ()),
            (words("network"), SERIES[0], ()),
            (words("seasonal_naive"), SERIES[1], DASHES[1]),
        ],
        "top left",
    )
    drawing.head = tuple(map(words, ("steps_ahead", "truth", "network", "seasonal_naive")))
    columns = (shown.truth, shown.predicted, shown.seasonal)
    drawing.rows = [
        (str(step), *map(number_text, row)) for step, *row in zip(ahead, *columns, strict=True)
    ]
    return drawing


def _with_room(values: Sequence[float]) -> Scale:
    """A scale over the values with room for a legend above them."""
    low, high = min(values), max(values)
    return Scale.over([low, high + 0.35 * (high - low)])


def horizon_chart(results: Results, words: Language) -> Drawing | None:
    """The mean absolute error at each step ahead."""
    if not results.horizons or len(results.horizons[0].errors) < 2:
        return None
    drawing = drawing_of(words, "horizon", 320)
    steps = list(range(1, len(results.horizons[0].errors) + 1))
    values = [error for one in results.horizons for error in one.errors]
    panel = Panel(drawing, Scale(1, steps[-1]), _with_room([0.0, *values]))
    panel.grid(words("steps_ahead"), words("mae"))
    entries = []
    for i, one in enumerate(results.horizons):
        role, dash = SERIES[i % len(SERIES)], DASHES[i % len(DASHES)]
        panel.line(steps, one.errors, role, 2.2 if i == 0 else 1.6, dash)
        entries.append((words(one.name), role, dash))
    panel.legend(entries, "top left")
    drawing.head = (words("steps_ahead"), *(words(one.name) for one in results.horizons))
    columns = [one.errors for one in results.horizons]
    drawing.rows = [
        (str(step), *map(number_text, row)) for step, *row in zip(steps, *columns, strict=True)
    ]
    return drawing
