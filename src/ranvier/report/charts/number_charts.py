"""Predicted numbers: beside true ones, their errors, and prediction intervals."""

from __future__ import annotations

from ...base.quantities import number_text, percent_text
from ...plots.axes import Panel, Scale
from ...plots.drawing import Drawing
from ..results import Results
from ..words.language import Language
from .chart_parts import drawing_of, histogram_chart


def predicted_chart(results: Results, words: Language) -> Drawing | None:
    residuals = results.residuals
    if residuals is None or not residuals.truth:
        return None
    drawing = drawing_of(words, "predicted", 340)
    ends = [*residuals.truth, *residuals.predicted]
    panel = Panel(drawing, Scale.over(ends), Scale.over(ends))
    panel.grid(words("predicted"), words("truth"))
    low, high = min(ends), max(ends)
    panel.line([low, high], [low, high], "muted", 1.2, (3, 4))
    panel.dots(residuals.predicted, residuals.truth, "s1", 2.2, 0.45)
    drawing.head = (words("truth"), words("predicted"))
    pairs = list(zip(residuals.truth, residuals.predicted, strict=True))
    drawing.rows = [tuple(map(number_text, pair)) for pair in pairs[:: max(1, len(pairs) // 20)]]
    return drawing


def residuals_chart(results: Results, words: Language) -> Drawing | None:
    residuals = results.residuals
    if residuals is None or not residuals.histogram.counts:
        return None
    return histogram_chart(
        drawing_of(words, "residuals", 340), residuals.histogram, words("error"), words, 0.0
    )


def intervals_chart(results: Results, words: Language) -> Drawing | None:
    residuals = results.residuals
    shown = [i for i in results.intervals if i.level <= 0.9]
    if residuals is None or not shown or len(residuals.truth) < 3:
        return None
    interval = shown[-1]
    pairs = sorted(zip(residuals.predicted, residuals.truth, strict=True))
    pairs = pairs[:: max(1, len(pairs) // 70)]
    predicted, truth = zip(*pairs, strict=True)
    low, high = [p - interval.width for p in predicted], [p + interval.width for p in predicted]
    drawing = drawing_of(words, "intervals", 320, level=percent_text(interval.level))
    xs = list(range(len(pairs)))
    panel = Panel(drawing, Scale(-0.5, len(xs) - 0.5), Scale.over([*low, *high, *truth]), bottom=28)
    panel.grid(words("sorted_rows"), results.target, x_ticks=())
    panel.band(xs, low, high, "s1")
    panel.line(xs, predicted, "s1", 1.8)
    inside = [a <= t <= b for a, t, b in zip(low, truth, high, strict=True)]
    for role, wanted in (("ink", True), ("bad", False)):
        chosen = [i for i in xs if inside[i] is wanted]
        panel.dots(chosen, [truth[i] for i in chosen], role, 2.4, 0.8)
    panel.legend([(words("predicted"), "s1", ()), (words("outside"), "bad", ())], "top left")
    drawing.head = (
        words("predicted"),
        words("interval_low"),
        words("interval_high"),
        words("truth"),
    )
    columns = zip(predicted, low, high, truth, strict=True)
    drawing.rows = [tuple(map(number_text, row)) for row in list(columns)[:: max(1, len(xs) // 15)]]
    return drawing
