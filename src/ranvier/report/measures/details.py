"""Where a model is right and wrong: confusion, curves, calibration, residuals, worst rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from ...base.quantities import number_text
from ...metrics.calibration import calibration_error, conformal_width, reliability
from ...metrics.curves import (
    best_threshold,
    precision_recall_curve,
    roc_curve,
    thinned,
    threshold_table,
)
from ...plots.charts.class_charts import UnitCurve
from ...tables.scores import log_losses
from ...typing import Array
from ..profile import histogram_of
from ..results import (
    Calibration,
    ClassScore,
    Confusion,
    Curve,
    Interval,
    Residuals,
    Thresholds,
    WorstRow,
)
from .baselines import Baseline

if TYPE_CHECKING:
    import polars

_MATRIX_CLASSES = 12  # of a confusion matrix
_LISTED_CLASSES = 25
_PAIRS = 10
_CURVE_CLASSES = 5
_SHOWN_POINTS = 400  # of predictions beside the truth
_ERROR_BINS = 40
_WORST_ROWS = 10
_CELL_LENGTH = 80
_LEVELS = (0.5, 0.8, 0.9, 0.95)


class Details(TypedDict, total=False):
    """Fields of `Results`."""

    confusion: Confusion
    roc: tuple[UnitCurve, ...]
    precision_recall: tuple[UnitCurve, ...]
    calibration: Calibration
    thresholds: Thresholds
    residuals: Residuals
    intervals: tuple[Interval, ...]


def details(
    truth: Array,
    output: Array,
    others: Sequence[Baseline],
    classes: Sequence[str],
    residuals: Array | None,
    seed: int,
) -> Details:
    """What suits the task: probabilities are looked at in other ways than numbers."""
    if not classes:
        return Details(
            residuals=residuals_of(truth, output, seed),
            intervals=intervals_of(truth, output, residuals, seed),
        )
    result = Details(
        confusion=confusion_of(truth, output.argmax(axis=1), classes),
        calibration=calibration_of(truth, output),
    )
    if len(classes) == 2:
        positive = truth == 1
        if positive.any() and not positive.all():
            models = {"network": output} | {
                o.name: o.predicted for o in others if o.predicted is not None
            }
            scores = {
                name: (positive, predicted[:, 1])
                for name, predicted in models.items()
                if name != "majority"
            }
            result["roc"], result["precision_recall"] = _curves(scores)
            result["thresholds"] = thresholds_of(positive, output[:, 1])
        return result
    frequent = np.argsort(-np.bincount(truth[truth >= 0], minlength=len(classes)), kind="stable")
    scores = {
        classes[int(c)][:_CELL_LENGTH]: (truth == c, output[:, c])
        for c in frequent[:_CURVE_CLASSES]
        if (truth == c).any() and not (truth == c).all()
    }
    result["roc"], result["precision_recall"] = _curves(scores)
    return result


def class_notes(truth: Array, classes: Sequence[str]) -> list[str]:
    """What a reader must know about the classes of the test rows."""
    notes = []
    if classes and (truth < 0).any():
        notes.append(f"unknown_classes:{int((truth < 0).sum())}")
    if len(classes) == 2 and len(np.unique(truth)) < 2:
        notes.append("one_class")
    return notes


# --- classes ------------------------------------------------------------------------------------


def confusion_of(truth: Array, predicted: Array, classes: Sequence[str]) -> Confusion:
    """Counts of all classes, or of those with the most mistakes and the others together."""
    count = len(classes)
    known = truth >= 0
    right = np.bincount(truth[known & (truth == predicted)], minlength=count)
    rows = np.bincount(truth[known], minlength=count)
    taken = np.bincount(predicted, minlength=count)
    wrong = rows + taken - 2 * right
    shown = np.arange(count)
    if count > _MATRIX_CLASSES:
        shown = np.sort(np.argsort(-wrong, kind="stable")[: _MATRIX_CLASSES - 1])
    position = np.full(count, len(shown))
    position[shown] = np.arange(len(shown))
    size = len(shown) + (count > len(shown))
    codes = position[truth[known]] * size + position[predicted[known]]
    matrix = np.bincount(codes, minlength=size * size).reshape(size, size)
    listed = np.arange(count)
    if count > _LISTED_CLASSES:
        listed = np.argsort(-wrong, kind="stable")[:_LISTED_CLASSES]
    mistakes = known & (truth != predicted)
    pairs, times = np.unique(truth[mistakes] * count + predicted[mistakes], return_counts=True)
    most = np.argsort(-times, kind="stable")[:_PAIRS]
    return Confusion(
        labels=tuple(classes[int(i)][:_CELL_LENGTH] for i in shown),
        counts=tuple(tuple(map(int, row)) for row in matrix),
        others=count > len(shown),
        classes=tuple(
            _class_score(classes[int(i)], int(rows[i]), int(taken[i]), int(right[i]))
            for i in listed
        ),
        class_count=count,
        pairs=tuple(
            (classes[int(pairs[i]) // count], classes[int(pairs[i]) % count], int(times[i]))
            for i in most
        ),
        unknown=int((~known).sum()),
    )


def _class_score(label: str, rows: int, taken: int, right: int) -> ClassScore:
    return ClassScore(
        label[:_CELL_LENGTH],
        rows,
        taken,
        right / taken if taken else None,
        right / rows if rows else None,
        2 * right / (rows + taken) if rows + taken else None,
    )


def _curves(
    scores: Mapping[str, tuple[Array, Array]],
) -> tuple[tuple[UnitCurve, ...], tuple[UnitCurve, ...]]:
    """ROC and precision-recall curves of (positive, score), by name."""
    roc, precision_recall = [], []
    for name, (positive, score) in scores.items():
        false, true, _ = roc_curve(positive, score)
        precision, recall, _ = precision_recall_curve(positive, score)
        area = float((np.diff(false) * (true[1:] + true[:-1]) / 2).sum())
        average = float((np.diff(recall, prepend=0.0) * precision).sum())
        x, y = thinned(false, true)
        roc.append(UnitCurve(name, _floats(x), _floats(y), area, 0.5))
        # The first few rows decide nothing: one mistake among them is a jump down to 0.
        first = min(int(np.searchsorted(recall, 0.02)), len(recall) - 1)
        x, y = thinned(recall[first:], precision[first:])
        base = float(positive.mean())
        precision_recall.append(UnitCurve(name, _floats(x), _floats(y), average, base))
    return tuple(roc), tuple(precision_recall)


def calibration_of(truth: Array, output: Array) -> Calibration:
    """Of two classes the positive one's probability, of more that of the predicted class."""
    if output.shape[1] == 2:
        bins = reliability(truth == 1, output[:, 1])
    else:
        bins = reliability(output.argmax(axis=1) == truth, output.max(axis=1))
    return Calibration(tuple(bins), calibration_error(bins))


def thresholds_of(positive: Array, score: Array) -> Thresholds:
    """Thresholds in steps of 0.02, that of the highest F1, and 0.5."""
    steps = np.round(np.arange(1, 50) * 0.02, 2)
    best, usual = threshold_table(positive, score, np.array([best_threshold(positive, score), 0.5]))
    return Thresholds(tuple(threshold_table(positive, score, steps)), best, usual)


# --- numbers ------------------------------------------------------------------------------------


def residuals_of(truth: Array, predicted: Array, seed: int) -> Residuals:
    """Some of the rows as points, the two furthest off among them, and all errors as counts."""
    errors = predicted - truth
    chosen = np.arange(len(truth))
    if len(truth) > _SHOWN_POINTS:
        random = np.random.default_rng(seed)
        chosen = random.choice(len(truth), _SHOWN_POINTS, replace=False)
        chosen = np.union1d(chosen, [errors.argmin(), errors.argmax()])
    return Residuals(
        _floats(truth[chosen]),
        _floats(predicted[chosen]),
        histogram_of(errors, _ERROR_BINS),
        float(errors.mean()),
    )


def intervals_of(
    truth: Array, predicted: Array, residuals: Array | None, seed: int
) -> tuple[Interval, ...]:
    """Split-conformal intervals. Without residuals of held-out rows, half of the test rows give
    the width and the other half shows what the intervals hold.
    """
    errors = truth - predicted
    if residuals is None or not len(residuals):
        order = np.random.default_rng(seed).permutation(len(errors))
        residuals, errors = errors[order[: len(order) // 2]], errors[order[len(order) // 2 :]]
    intervals = []
    for level in _LEVELS:
        width = conformal_width(residuals, level)
        if width is not None and np.isfinite(width):
            coverage = float((np.abs(errors) <= width).mean()) if len(errors) else None
            intervals.append(Interval(level, width, coverage, len(residuals)))
    return tuple(intervals)


# --- rows and epochs ----------------------------------------------------------------------------


def worst_rows(
    truth: Array,
    output: Array,
    frame: polars.DataFrame,
    columns: Sequence[str],
    row_numbers: Array,
    classes: Sequence[str],
) -> tuple[WorstRow, ...]:
    """The rows with the largest errors; of wrong classes only."""
    if classes:
        errors = log_losses(truth, output)
        predicted = output.argmax(axis=1)
        errors = np.where((predicted == truth) | (truth < 0), -np.inf, errors)
    else:
        errors = np.abs(output - truth)
    worst = [int(i) for i in np.argsort(-errors, kind="stable")[:_WORST_ROWS] if errors[i] > 0]
    rows = []
    for i in worst:
        cells = tuple(_cell(frame[name][i]) for name in columns)
        if classes:
            texts = classes[int(truth[i])], classes[int(predicted[i])]
            error = float(output[i, int(truth[i])])
        else:
            texts = number_text(float(truth[i])), number_text(float(output[i]))
            error = float(output[i] - truth[i])
        rows.append(WorstRow(int(row_numbers[i]), *texts, error, cells))
    return tuple(rows)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text[:_CELL_LENGTH]


def training_curves(history: Mapping[str, Sequence[float]], metric: str) -> tuple[Curve, ...]:
    """At most three quantities of each epoch: the loss, the main score, then others."""
    names = dict.fromkeys(name.removeprefix("val_") for name in history)
    order = sorted(names, key=lambda name: (name != "loss", name != metric))
    curves = []
    for name in order:
        train = _or_none(history.get(name, ()))
        held_out = _or_none(history.get(f"val_{name}", ()))
        if any(v is not None for v in (*train, *held_out)):
            curves.append(Curve(name, train, held_out))
    return tuple(curves[:3])


def _or_none(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(float(v) if np.isfinite(v) else None for v in values)


def _floats(values: Array) -> tuple[float, ...]:
    """Five digits are enough for a picture."""
    return tuple(float(f"{v:.5g}") for v in values)
