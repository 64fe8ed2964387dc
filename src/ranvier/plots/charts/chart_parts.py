"""Parts of charts: the colours and dashes of series, bars, a histogram."""

from __future__ import annotations

from collections.abc import Sequence

from ...base.quantities import number_text
from ..axes import Panel, Scale, tick_text
from ..drawing import Box, Drawing, Stroke, Words, shortened, text_width

SERIES = ("s1", "s2", "s3", "s4", "s5", "bad")
DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 3), (9, 3, 2, 3), (4, 4), (12, 4))
# Classes and clusters, of which there may be many.
CLASSES = ("s1", "s2", "s3", "s4", "s6", "s7", "s8", "s9", "s10", "bad", "s5")


def draw_bars(
    drawing: Drawing,
    labels: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    spreads: Sequence[float] = (),
    most: float = 0.0,
) -> None:
    """Bars to the right, one below the other, each with its name and its number; the longest one,
    or `most` where it is given, is as long as there is room.
    """
    left = min(max(text_width(label) for label in labels), 150.0) + 14
    right = max(text_width(text, 12) for text in texts) + 12
    ends = [v + s for v, s in zip(values, spreads or [0.0] * len(values), strict=True)]
    panel = Panel(drawing, Scale(0, most or max(*ends, 1e-300)), Scale(0, 1), left, right, 10, 8)
    drawing.height = 18 + 24 * len(labels)
    for i, (label, value, text) in enumerate(zip(labels, values, texts, strict=True)):
        y = 10 + 24 * i
        short = shortened(label, left - 14)
        x = panel.x(max(value, 0.0))
        drawing.add(
            Words(left - 8, y + 13, short, "ink", 12, "end", tip=label if short != label else ""),
            Box(left, y + 2, max(x - left, 1.0), 15, "s1", 0.85, 2, tip=f"{label}: {text}"),
        )
        end = x
        if spreads and spreads[i] > 0:
            low, end = panel.x(max(value - spreads[i], 0.0)), panel.x(max(ends[i], 0.0))
            drawing.add(Stroke([(low, y + 9.5), (end, y + 9.5)], "ink", 1.5))
        drawing.add(Words(max(end, x) + 6, y + 13, text, "muted", 12))


def draw_histogram(
    drawing: Drawing,
    edges: Sequence[float],
    counts: Sequence[int],
    label: str,
    rows: str = "rows",
    mark: float | None = None,
) -> Drawing:
    """A bar for each range, in an empty drawing; a line at `mark`."""
    panel = Panel(drawing, Scale.over(edges, 0.02), Scale(0, max(*counts, 1) * 1.06))
    panel.grid(label, rows, y_ticks=[t for t in panel.y_scale.ticks() if t == int(t)])
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            tip = f"{tick_text(low)} – {tick_text(high)}: {count:,}"
            panel.bar((low, high), (0, count), "s1", tip)
    if mark is not None:
        x = panel.x(mark)
        drawing.add(Stroke([(x, panel.top), (x, panel.bottom)], "ink", 1.2, (3, 3)))
    drawing.head = (label, rows)
    drawing.rows = [
        (f"{number_text(low)} – {number_text(high)}", f"{count:,}")
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    return drawing
