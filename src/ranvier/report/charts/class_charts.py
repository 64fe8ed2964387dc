"""Classes: confusion matrix, ROC and precision-recall curves, thresholds, calibration."""

from __future__ import annotations

from collections.abc import Sequence

from ...base.quantities import number_text, percent_text
from ...plots.axes import Panel, Scale
from ...plots.drawing import Box, Drawing, Stroke, Words, shortened, text_width
from ..results import Points, Results
from ..words.language import Language
from .chart_parts import DASHES, SERIES, drawing_of

_FEW_ROWS = 10  # of a bin that is not drawn


def confusion_chart(results: Results, words: Language) -> Drawing | None:
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
    drawing = drawing_of(words, "confusion", top + high * n + 12)
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
    drawing = drawing_of(words, key, 340, positive=results.classes[-1])
    panel = Panel(drawing, Scale(0, 1), Scale(0, 1.02))
    marks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    panel.grid(words(f"{key}_x"), words(f"{key}_y"), marks, marks, percent="xy")
    entries = []
    for i, curve in enumerate(curves):
        role, dash = SERIES[i % len(SERIES)], DASHES[i % len(DASHES)]
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


def roc(results: Results, words: Language) -> Drawing | None:
    return _unit_curve(results, words, "roc", results.roc, "bottom right")


def precision_recall(results: Results, words: Language) -> Drawing | None:
    return _unit_curve(results, words, "pr", results.precision_recall, "bottom left")


def thresholds_chart(results: Results, words: Language) -> Drawing | None:
    thresholds = results.thresholds
    if thresholds is None:
        return None
    drawing = drawing_of(words, "thresholds", 320, positive=results.classes[-1])
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
            panel.line(xs, ys, SERIES[i], 2, DASHES[i])
            entries.append((words(key), SERIES[i], DASHES[i]))
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


def calibration_chart(results: Results, words: Language) -> Drawing | None:
    calibration = results.calibration
    if calibration is None or not calibration.bins:
        return None
    key = "calibration" if results.task == "binary" else "confidence"
    drawing = drawing_of(words, key, 340, positive=results.classes[-1])
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
