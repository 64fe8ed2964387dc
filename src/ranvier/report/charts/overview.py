"""Scores beside baselines, the target, empty cells, and what the columns are worth."""

from __future__ import annotations

from ...base.quantities import number_text, percent_text
from ...plots.axes import Panel, Scale
from ...plots.charts.chart_parts import draw_bars
from ...plots.drawing import Dots, Drawing, Stroke, Words, text_width
from ..results import Results
from ..words.language import Language
from .chart_parts import MAX_BARS, drawing_of, histogram_chart


def scores(results: Results, words: Language) -> Drawing | None:
    metric = results.metric
    models = [
        m for m in results.models if metric in m.scores and m.scores[metric].value is not None
    ]
    if len(models) < 2:
        return None
    name = words(metric)
    drawing = drawing_of(words, "scores", 62 + 32 * len(models), metric=name)
    estimates = [m.scores[metric] for m in models]
    ends = [x for e in estimates for x in (e.value, e.low, e.high) if x is not None]
    left = max(text_width(words(m.name)) for m in models) + 16
    numbers = [number_text(e.value or 0.0) for e in estimates]
    right = max(1.15 * text_width(text) for text in numbers) + 16  # the first is bold
    panel = Panel(drawing, Scale.over(ends, 0.06), Scale(0, len(models)), left, right, 6)
    better = words("higher_is_better" if results.higher_is_better else "lower_is_better")
    panel.grid(f"{name} ({better})", y_ticks=())
    for i, (model, e) in enumerate(zip(models, estimates, strict=True)):
        height = panel.top + 32 * i + 17
        role = "s1" if i == 0 else "s5"
        if e.low is not None and e.high is not None:
            drawing.add(Stroke([(panel.x(e.low), height), (panel.x(e.high), height)], role, 3))
        value = e.value or 0.0
        drawing.add(
            Dots([(panel.x(value), height)], role, 4.5),
            Words(left - 10, height + 4, words(model.name), "ink", anchor="end", bold=i == 0),
            Words(panel.right + 8, height + 4, numbers[i], "ink", bold=i == 0),
        )
    drawing.head = (words("model"), name, words("interval_low"), words("interval_high"))
    drawing.rows = [
        (words(m.name), *map(number_text, (e.value, e.low, e.high)))
        for m, e in zip(models, estimates, strict=True)
    ]
    return drawing


def target(results: Results, words: Language) -> Drawing | None:
    profile = results.target_profile
    if not profile.counts:
        return None
    if profile.edges:
        drawing = drawing_of(words, "target_numbers", target=results.target)
        return histogram_chart(drawing, profile, results.target, words)
    labels = [*profile.labels, *([words("others")] if profile.others else [])]
    counts = [*profile.counts, *([profile.others] if profile.others else [])]
    total = max(sum(counts), 1)
    drawing = drawing_of(words, "target_classes", 34 + 24 * len(counts), target=results.target)
    texts = [f"{count:,} ({percent_text(count / total)})" for count in counts]
    draw_bars(drawing, labels, [float(c) for c in counts], texts)
    drawing.head = (results.target, words("rows"), words("share"))
    rows = zip(labels, counts, strict=True)
    drawing.rows = [(label, f"{n:,}", percent_text(n / total)) for label, n in rows]
    return drawing


def missing(results: Results, words: Language) -> Drawing | None:
    empty = sorted(
        ((c.missing / c.rows, c.name) for c in results.columns if c.missing), key=lambda x: -x[0]
    )[:MAX_BARS]
    if not empty:
        return None
    drawing = drawing_of(words, "missing", 34 + 24 * len(empty))
    names, shares = [name for _, name in empty], [share for share, _ in empty]
    draw_bars(drawing, names, shares, [percent_text(share) for share in shares], most=1.0)
    drawing.head = (words("column"), words("missing"))
    drawing.rows = [(name, percent_text(share)) for share, name in empty]
    return drawing


def importance(results: Results, words: Language) -> Drawing | None:
    entries = results.importance[:MAX_BARS]
    if not entries or max(e.mean for e in entries) <= 0:
        return None
    drawing = drawing_of(words, "importance", 34 + 24 * len(entries), metric=words(results.metric))
    draw_bars(
        drawing,
        [e.column for e in entries],
        [e.mean for e in entries],
        [number_text(e.mean, 3) for e in entries],
        [e.spread for e in entries],
    )
    drawing.head = [words("column"), words("importance_loss")]
    drawing.rows = [[e.column, number_text(e.mean, 3)] for e in entries]
    if results.importance_repeats > 1:
        drawing.head = [*drawing.head, words("deviation")]
        spreads = [number_text(e.spread, 2) for e in entries]
        drawing.rows = [[*row, text] for row, text in zip(drawing.rows, spreads, strict=True)]
    return drawing
