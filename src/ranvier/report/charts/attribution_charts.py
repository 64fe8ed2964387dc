"""What columns add to the output of single rows, and how the output depends on the strongest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...attribution.dependence import Dependence
from ...attribution.pictures.attributions import DOWN, NEUTRAL, UP, draw_swarm
from ...attribution.pictures.curves import draw_dependence
from ...base.quantities import number_text
from ...plots.drawing import Drawing
from ..results import Results, ShapColumn
from ..words.language import Language
from .chart_parts import drawing_of


def shap_chart(results: Results, words: Language) -> Drawing | None:
    made = results.attributions
    if made is None or not made.columns:
        return None
    height = 62 + 30 * len(made.columns)
    drawing = drawing_of(words, "shap", height, 460, rows=f"{made.rows:,}", output=made.output)
    lines = [(c.column, np.array(c.values), _by_height(c)) for c in made.columns]
    draw_swarm(drawing, lines, words("shap_adds", output=made.output))
    drawing.head = (words("column"), words("shap_size"))
    drawing.rows = [(c.column, number_text(c.size, 3)) for c in made.columns]
    return drawing


def _by_height(column: ShapColumn) -> dict[str, list[int]]:
    """The rows by colour: low cells, high cells, and those between or without a number."""
    roles: dict[str, list[int]] = {DOWN: [], NEUTRAL: [], UP: []}
    for row, height in enumerate(column.heights):
        between = height is None or 1 / 3 <= height <= 2 / 3
        roles[NEUTRAL if between or height is None else UP if height > 0.5 else DOWN].append(row)
    return roles


def dependence_chart(number: int) -> Callable[[Results, Language], Drawing | None]:
    """The chart of the column of this number among the strongest."""

    def chart(results: Results, words: Language) -> Drawing | None:
        made = results.attributions
        if made is None or number >= len(made.dependencies):
            return None
        d = made.dependencies[number]
        grid = np.array(d.numbers) if d.numbers else np.array(d.labels, object)
        dependence = Dependence(
            d.column, grid, np.array(d.average), np.array(d.curves), np.array(d.cells), made.output
        )
        key = "dependence" if dependence.is_number else "dependence_labels"
        drawing = drawing_of(
            words, key, 300, 460, column=d.column, output=made.output, rows=len(d.curves)
        )
        draw_dependence(drawing, dependence, made.output)
        drawing.head = (d.column, made.output)
        cells = map(number_text, d.numbers) if d.numbers else d.labels
        drawing.rows = [(p, number_text(v)) for p, v in zip(cells, d.average, strict=True)]
        return drawing

    return chart
