"""Learning curves: one quantity of each epoch."""

from __future__ import annotations

from collections.abc import Callable

from ...plots.charts.curves import draw_curve
from ...plots.drawing import Drawing
from ..results import Curve, Results
from ..words.language import Language
from .chart_parts import drawing_of


def curve_chart(index: int) -> Callable[[Results, Language], Drawing | None]:
    def chart(results: Results, words: Language) -> Drawing | None:
        if index >= len(results.curves):
            return None
        return training_curve(results.curves[index], results.best_epoch, words)

    return chart


def training_curve(curve: Curve, best: int | None, words: Language) -> Drawing | None:
    name = words(curve.name)
    return draw_curve(
        drawing_of(words, "curve", quantity=name),
        name,
        [(words("training_rows"), curve.train), (words("held_out_rows"), curve.held_out)],
        best,
        "" if best is None else words("chosen_epoch", epoch=best),
        words("epoch"),
    )
