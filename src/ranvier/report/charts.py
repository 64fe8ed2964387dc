"""The charts of a report, drawn from its results: one function for each, None where it has nothing
to show.

`CHARTS` lists them all; `draw(results, lang)` gives those that there are, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..plots.axes import Panel, Scale, tick_text
from ..plots.drawing import Box, Dots, Drawing, Stroke, Words, shortened, text_width
from .network_chart import network_chart
from .numbers import number_text, percent_text
from .results import Curve, Histogram, Points, Results
from .words import Language, language

_SERIES = ("s1", "s2", "s3", "s4", "s5", "bad")
_DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 3), (9, 3, 2, 3), (4, 4), (12, 4))
_MAX_BARS = 15
_FEW_ROWS = 10  # of a bin that is not drawn


def draw(results: Results, lang: str | None = None) -> dict[str, Drawing]:
    """Every chart that these results have, in the order of the report."""
    words = language(lang)
    drawings: dict[str, Drawing] = {}
    for name, chart in CHARTS.items():
        drawing = chart(results, words)
        if drawing is not None:
            drawings[name] = drawing
    return drawings


def _drawing(
    words: Language, key: str, height: float = 290.0, width: float = 400.0, **values: object
) -> Drawing:
    title, about = words(f"chart_{key}", **values), words(f"chart_{key}_about", **values)
    return Drawing(title, about, width, height, lang=words.lang)


# --- scores and training ------------------------------------------------------------------------


def _scores(results: Results, words: Language) -> Drawing | None:
    metric = results.metric
    models = [
        m for m in results.models if metric in m.scores and m.scores[metric].value is not None
    ]
    if len(models) < 2:
        return None
    name = words(metric)
    drawing = _drawing(words, "scores", 62 + 32 * len(models), metric=name)
    estimates = [m.scores[metric] for m in models]
    ends = [x for e in estimates for x in (e.value, e.low, e.high) if x is not None]
    left = max(text_width(words(m.name)) for m in models) + 16
    panel = Panel(drawing, Scale.over(ends, 0.06), Scale(0, len(models)), left, 58, 6)
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
            Words(panel.right + 8, height + 4, number_text(value), "ink", bold=i == 0),
        )
    drawing.head = (words("model"), name, words("interval_low"), words("interval_high"))
    drawing.rows = [
        (words(m.name), *map(number_text, (e.value, e.low, e.high)))
        for m, e in zip(models, estimates, strict=True)
    ]
    return drawing


def _target(results: Results, words: Language) -> Drawing | None:
    profile = results.target_profile
    if not profile.counts:
        return None
    if profile.edges:
        drawing = _drawing(words, "target_numbers", target=results.target)
        return _histogram(drawing, profile, results.target, words)
    labels = [*profile.labels, *([words("others")] if profile.others else [])]
    counts = [*profile.counts, *([profile.others] if profile.others else [])]
    total = max(sum(counts), 1)
    drawing = _drawing(words, "target_classes", 34 + 24 * len(counts), target=results.target)
    texts = [f"{count:,} ({percent_text(count / total)})" for count in counts]
    _bars(drawing, labels, [float(c) for c in counts], texts)
    drawing.head = (results.target, words("rows"), words("share"))
    rows = zip(labels, counts, strict=True)
    drawing.rows = [(label, f"{n:,}", percent_text(n / total)) for label, n in rows]
    return drawing


def _curve(index: int) -> Callable[[Results, Language], Drawing | None]:
    def chart(results: Results, words: Language) -> Drawing | None:
        if index >= len(results.curves):
            return None
        return _training_curve(results.curves[index], results.best_epoch, words)

    return chart


def _training_curve(curve: Curve, best: int | None, words: Language) -> Drawing | None:
    lines = [
        (name, role, dash, [(i + 1, v) for i, v in enumerate(values) if v is not None])
        for name, role, dash, values in (
            (words("training_rows"), "s1", (), curve.train),
            (words("held_out_rows"), "s2", (7, 3), curve.held_out),
        )
    ]
    lines = [line for line in lines if line[3]]
    if not lines:
        return None
    name = words(curve.name)
    drawing = _drawing(words, "curve", quantity=name)
    values = [v for *_, points in lines for _, v in points]
    epochs = max(len(curve.train), len(curve.held_out))
    # Losses fall by powers at first; on a plain scale the rest would be one flat line.
    log = min(values) > 0 and max(values) > 20 * min(values)
    top = 12 if best is None else 26
    panel = Panel(drawing, Scale(1, max(epochs, 2)), Scale.over(values, log=log), top=top)
    ticks = [t for t in Scale(1, max(epochs, 2)).ticks(6) if t == int(t) and t >= 1]
    panel.grid(words("epoch"), name, x_ticks=sorted({1.0, *ticks[:]}) if epochs < 8 else ticks)
    if best is not None:
        x, chosen = panel.x(best), words("chosen_epoch", epoch=best)
        drawing.add(
            Stroke([(x, panel.top), (x, panel.bottom)], "s3", 1.5, (3, 3)),
            Words(min(max(x, 60), panel.right - 40), 18, chosen, "s3", 12, "middle"),
        )
    for _, role, dash, points in lines:
        xs, ys = zip(*points, strict=True)
        panel.line(xs, ys, role, 2, dash)
        if len(points) == 1:
            panel.dots(xs, ys, role, 3)
    rising = lines[0][3][-1][1] > lines[0][3][0][1]
    panel.legend([line[:3] for line in lines], "bottom right" if rising else "top right")
    drawing.head = (words("epoch"), *(line[0] for line in lines))
    step = max(1, epochs // 20)
    columns = [dict(line[3]) for line in lines]
    drawing.rows = [
        (epoch, *(number_text(column.get(epoch)) for column in columns))
        for epoch in range(1, epochs + 1)
        if epoch == 1 or epoch == epochs or epoch % step == 0
    ]
    return drawing


# --- classes ------------------------------------------------------------------------------------


def _confusion(results: Results, words: Language) -> Drawing | None:
    confusion = results.confusion
    if confusion is None:
        return None
    labels = [*confusion.labels, *([words("others")] if confusion.others else [])]
    n = len(labels)
    left = min(max(text_width(label, 11) for label in labels), 110.0) + 34
    slanted = any(text_width(label, 11) > (386 - left) / n - 4 for label in labels)
    top = min(max(text_width(label, 11) for label in labels), 90.0) + 40 if slanted else 46
    cell = (386 - left) / n
    high = min(cell, 56.0)
    drawing = _drawing(words, "confusion", top + high * n + 12)
    drawing.add(
        Words(left + cell * n / 2, 14, words("predicted"), anchor="middle"),
        Words(12, top + high * n / 2, words("truth"), anchor="middle", upright=True),
    )
    for i, (label, row) in enumerate(zip(labels, confusion.counts, strict=True)):
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
    drawing.head = (f"{words('truth')} \\ {words('predicted')}", *labels)
    drawing.rows = [
        (label, *(f"{c:,}" for c in row))
        for label, row in zip(labels, confusion.counts, strict=True)
    ]
    return drawing


def _unit_curve(
    results: Results, words: Language, key: str, curves: Sequence[Points], corner: str
) -> Drawing | None:
    if not curves:
        return None
    drawing = _drawing(words, key, 340, positive=results.classes[-1])
    panel = Panel(drawing, Scale(0, 1), Scale(0, 1.02))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    panel.grid(words(f"{key}_x"), words(f"{key}_y"), marks, marks, percent="xy")
    entries = []
    for i, curve in enumerate(curves):
        role, dash = _SERIES[i % len(_SERIES)], _DASHES[i % len(_DASHES)]
        if curve.base is not None and (i == 0 or results.task != "binary"):
            ends = ([0, 1], [0, 1]) if key == "roc" else ([0, 1], [curve.base, curve.base])
            panel.line(ends[0], ends[1], "muted", 1, (3, 4))
        panel.line(curve.x, curve.y, role, 2.5 if i == 0 else 1.8, dash)
        name = words(curve.name) if results.task == "binary" else curve.name
        area = "" if curve.area is None else f" ({number_text(curve.area, 3)})"
        entries.append((name + area, role, dash))
    panel.legend(entries, corner)
    drawing.head = (words("curve"), words(f"{key}_area"))
    drawing.rows = [
        (name, number_text(c.area)) for (name, *_), c in zip(entries, curves, strict=True)
    ]
    return drawing


def _roc(results: Results, words: Language) -> Drawing | None:
    return _unit_curve(results, words, "roc", results.roc, "bottom right")


def _precision_recall(results: Results, words: Language) -> Drawing | None:
    return _unit_curve(results, words, "pr", results.precision_recall, "bottom left")


def _thresholds(results: Results, words: Language) -> Drawing | None:
    thresholds = results.thresholds
    if thresholds is None:
        return None
    drawing = _drawing(words, "thresholds", 320, positive=results.classes[-1])
    panel = Panel(drawing, Scale(0, 1), Scale(0, 1.02))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    panel.grid(words("threshold"), "", marks, marks, percent="y")
    entries = []
    values: dict[str, list[float] | list[float | None]] = {
        "precision": [t.precision for t in thresholds.table],
        "recall": [t.recall for t in thresholds.table],
        "f1": [t.f1 for t in thresholds.table],
    }
    for i, (key, column) in enumerate(values.items()):
        points = [
            (t.threshold, v) for t, v in zip(thresholds.table, column, strict=True) if v is not None
        ]
        if points:
            xs, ys = zip(*points, strict=True)
            panel.line(xs, ys, _SERIES[i], 2, _DASHES[i])
            entries.append((words(key), _SERIES[i], _DASHES[i]))
    x = panel.x(thresholds.best.threshold)
    end = thresholds.best.threshold > 0.5
    drawing.add(
        Stroke([(x, panel.top), (x, panel.bottom)], "ink", 1.2, (3, 3)),
        Words(
            x - 5 if end else x + 5, panel.top + 12,
            words("best_f1", threshold=number_text(thresholds.best.threshold, 3)),
            "ink", 12, "end" if end else "start",
        ),
    )  # fmt: skip
    panel.legend(entries, "bottom left")
    drawing.head, drawing.rows = threshold_rows(results, words)
    return drawing


def threshold_rows(results: Results, words: Language) -> tuple[list[str], list[list[str]]]:
    """The table of thresholds, in steps of a tenth and with the best one."""
    thresholds = results.thresholds
    if thresholds is None:
        return [], []
    steps = [t for t in thresholds.table if abs(t.threshold * 10 - round(t.threshold * 10)) < 1e-9]
    chosen = sorted([*steps, thresholds.best], key=lambda t: t.threshold)
    head = [words(key) for key in ("threshold", "precision", "recall", "f1", "flagged")]
    return head, [
        [
            number_text(t.threshold, 3) + (" ★" if t is thresholds.best else ""),
            *(percent_text(v) for v in (t.precision, t.recall, t.f1, t.flagged)),
        ]
        for t in chosen
    ]


def _calibration(results: Results, words: Language) -> Drawing | None:
    calibration = results.calibration
    if calibration is None or not calibration.bins:
        return None
    key = "calibration" if results.task == "binary" else "confidence"
    drawing = _drawing(words, key, 340, positive=results.classes[-1])
    panel = Panel(drawing, Scale(0, 1), Scale(0, 1))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    panel.grid(words("calibration_x"), words("calibration_y"), marks, marks, percent="xy")
    panel.line([0, 1], [0, 1], "muted", 1.2, (3, 4))
    # A handful of rows says nothing; they stand in the table.
    bins = [b for b in calibration.bins if b.rows >= _FEW_ROWS] or list(calibration.bins)
    for b in bins:
        x = panel.x(b.predicted)
        drawing.add(Stroke([(x, panel.y(b.low)), (x, panel.y(b.high))], "s1", 2))
    xs, ys = [b.predicted for b in bins], [b.observed for b in bins]
    panel.line(xs, ys, "s1", 1.2)
    panel.dots(xs, ys, "s1", 4)
    panel.legend(
        [(words("network"), "s1", ()), (words("perfect"), "muted", (3, 4))], "bottom right"
    )
    drawing.head = tuple(words(k) for k in ("calibration_x", "calibration_y", "interval", "rows"))
    drawing.rows = [
        (
            percent_text(b.predicted),
            percent_text(b.observed),
            f"{percent_text(b.low)} – {percent_text(b.high)}",
            f"{b.rows:,}",
        )
        for b in calibration.bins
    ]
    return drawing


# --- numbers ------------------------------------------------------------------------------------


def _predicted(results: Results, words: Language) -> Drawing | None:
    residuals = results.residuals
    if residuals is None or not residuals.truth:
        return None
    drawing = _drawing(words, "predicted", 340)
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


def _residuals(results: Results, words: Language) -> Drawing | None:
    residuals = results.residuals
    if residuals is None or not residuals.histogram.counts:
        return None
    return _histogram(
        _drawing(words, "residuals", 340), residuals.histogram, words("error"), words, 0.0
    )


def _intervals(results: Results, words: Language) -> Drawing | None:
    residuals = results.residuals
    shown = [i for i in results.intervals if i.level <= 0.9]
    if residuals is None or not shown or len(residuals.truth) < 3:
        return None
    interval = shown[-1]
    pairs = sorted(zip(residuals.predicted, residuals.truth, strict=True))
    pairs = pairs[:: max(1, len(pairs) // 70)]
    predicted, truth = zip(*pairs, strict=True)
    low, high = [p - interval.width for p in predicted], [p + interval.width for p in predicted]
    drawing = _drawing(words, "intervals", 320, level=percent_text(interval.level))
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


# --- columns ------------------------------------------------------------------------------------


def _importance(results: Results, words: Language) -> Drawing | None:
    entries = results.importance[:_MAX_BARS]
    if not entries or max(e.mean for e in entries) <= 0:
        return None
    drawing = _drawing(words, "importance", 34 + 24 * len(entries), metric=words(results.metric))
    _bars(
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


def _missing(results: Results, words: Language) -> Drawing | None:
    empty = sorted(
        ((c.missing / c.rows, c.name) for c in results.columns if c.missing), key=lambda x: -x[0]
    )[:_MAX_BARS]
    if not empty:
        return None
    drawing = _drawing(words, "missing", 34 + 24 * len(empty))
    names, shares = [name for _, name in empty], [share for share, _ in empty]
    _bars(drawing, names, shares, [percent_text(share) for share in shares], most=1.0)
    drawing.head = (words("column"), words("missing"))
    drawing.rows = [(name, percent_text(share)) for share, name in empty]
    return drawing


def _bars(
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


def _histogram(
    drawing: Drawing, histogram: Histogram, label: str, words: Language, mark: float | None = None
) -> Drawing:
    edges, counts = histogram.edges, histogram.counts
    panel = Panel(drawing, Scale.over(edges, 0.02), Scale(0, max(*counts, 1) * 1.06))
    panel.grid(label, words("rows"), y_ticks=[t for t in panel.y_scale.ticks() if t == int(t)])
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        if count:
            tip = f"{tick_text(low)} – {tick_text(high)}: {count:,}"
            panel.bar((low, high), (0, count), "s1", tip)
    if mark is not None:
        x = panel.x(mark)
        drawing.add(Stroke([(x, panel.top), (x, panel.bottom)], "ink", 1.2, (3, 3)))
    drawing.head = (label, words("rows"))
    drawing.rows = [
        (f"{number_text(low)} – {number_text(high)}", f"{count:,}")
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    return drawing


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


CHARTS: dict[str, Callable[[Results, Language], Drawing | None]] = {
    "scores": _scores,
    "target": _target,
    "missing": _missing,
    "curve-1": _curve(0),
    "curve-2": _curve(1),
    "curve-3": _curve(2),
    "confusion": _confusion,
    "roc": _roc,
    "precision-recall": _precision_recall,
    "thresholds": _thresholds,
    "calibration": _calibration,
    "predicted": _predicted,
    "residuals": _residuals,
    "intervals": _intervals,
    "importance": _importance,
    "network": network_chart,
}
