"""Parts of charts: an empty drawing, a histogram, a small one."""

from __future__ import annotations

from ...plots.charts.chart_parts import draw_histogram
from ...plots.drawing import Box, Drawing
from ..results import Histogram
from ..words.language import Language

MAX_BARS = 15


def drawing_of(
    words: Language, key: str, height: float = 290.0, width: float = 400.0, **values: object
) -> Drawing:
    title, about = words(f"chart_{key}", **values), words(f"chart_{key}_about", **values)
    return Drawing(title, about, width, height, lang=words.lang)


def histogram_chart(
    drawing: Drawing, histogram: Histogram, label: str, words: Language, mark: float | None = None
) -> Drawing:
    return draw_histogram(drawing, histogram.edges, histogram.counts, label, words("rows"), mark)


def spark(histogram: Histogram) -> Drawing:
    """A small histogram for a line of a table."""
    drawing = Drawing("", "", 96, 26)
    counts = histogram.counts
    most, width = max([*counts, 1]), 96 / max(len(counts), 1)
    for i, count in enumerate(counts):
        high = max(24 * count / most, 1.0 if count else 0.0)
        if count:
            drawing.add(Box(width * i + 0.5, 26 - high, max(width - 1, 0.6), high, "s1", 0.8))
    return drawing
