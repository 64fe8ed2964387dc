"""Classes: confusion matrix, ROC and precision-recall curves, thresholds, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...base.quantities import number_text, percent_text
from ...plots.axes import Panel, Scale
from ...plots.charts.chart_parts import DASHES, SERIES
from ...plots.charts.class_charts import (
    UnitCurve,
    draw_calibration,
    draw_confusion,
    draw_unit_curves,
)
from ...plots.drawing import Drawing, Stroke, Words
from ..results import Results
from ..words.language import Language
from .chart_parts import drawing_of


def confusion_chart(results: Results, words: Language) -> Drawing | None:
    confusion = results.confusion
    if confusion is None:
        return None
    labels = [*confusion.labels, *([words("others")] if confusion.others else [])]
    drawing = drawing_of(words, "confusion")
    return draw_confusion(drawing, labels, confusion.counts, words("truth"), words("predicted"))


def _unit_curve(
    results: Results, words: Language, key: str, curves: Sequence[UnitCurve], corner: str
) -> Drawing | None:
    if not curves:
        return None
    binary = results.task == "binary"
    return draw_unit_curves(
        drawing_of(words, key, 340, positive=results.classes[-1]),
        [replace(curve, name=words(curve.name)) for curve in curves] if binary else curves,
        words(f"{key}_x"),
        words(f"{key}_y"),
        words("curve"),
        words(f"{key}_area"),
        corner,
        diagonal=key == "roc",
        every_base=not binary,
    )


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
    labels = [words(k) for k in ("calibration_x", "calibration_y", "interval", "rows")]
    return draw_calibration(drawing, calibration.bins, labels, words("network"), words("perfect"))
