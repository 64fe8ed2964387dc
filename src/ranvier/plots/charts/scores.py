"""Pictures of predictions beside the truth: confusion matrix, ROC, precision-recall, calibration.

Labels are of any kind; probabilities come as `predict` gives them: (rows,) or (rows, 1) for the
second of two classes, (rows, classes) otherwise, the classes in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.missing import spelled
from ...base.quantities import percent_text
from ...errors import DataError, ShapeError
from ...metrics.calibration import calibration_error, reliability
from ...metrics.curves import precision_recall_curve, roc_curve, thinned
from ...metrics.whole import roc_auc
from ...tensors.tensor import Tensor
from ...typing import Array, ArrayLike
from ..drawing import Drawing
from .class_charts import UnitCurve, draw_calibration, draw_confusion, draw_unit_curves

_MOST_CLASSES = 40  # of a confusion matrix
_MOST_CURVES = 6


@spelled
def confusion_matrix(
    y: ArrayLike, predicted: ArrayLike, labels: Sequence[object] | None = None
) -> Drawing:
    """Counts of rows by true class (line) and predicted class (column), the diagonal is right.

    Args:
        y: the true label of each row.
        predicted: labels, or probabilities as `predict` gives them.
        labels: the names of the classes in their order; by default the labels that occur.

    Raises ShapeError for different numbers of rows, DataError for a label that is none of `labels`.

    >>> drawing = confusion_matrix(["cat", "dog", "dog"], ["cat", "cat", "dog"])
    >>> list(drawing.rows)
    [('cat', '1', '0'), ('dog', '1', '1')]
    """
    truth, guess = _column(y, "confusion_matrix", "y"), _values(predicted)
    names, codes, wide = _classes("confusion_matrix", truth, guess, labels)
    guessed = _codes(guess, names, "confusion_matrix", "predicted") if wide is None else (
        wide.argmax(axis=1)
    )  # fmt: skip
    if len(names) > _MOST_CLASSES:
        raise DataError(
            f"confusion_matrix: {len(names)} classes do not fit a picture; give those of at most "
            f"{_MOST_CLASSES} classes, or numbers by ranvier.metrics.confusion_matrix"
        )
    counts = np.zeros((len(names), len(names)), np.int64)
    np.add.at(counts, (codes, guessed), 1)
    right = percent_text(float(np.trace(counts) / max(counts.sum(), 1)))
    drawing = Drawing(
        "Confusion matrix",
        f"Number of rows; the stronger the colour, the larger the share of its line. {right} of "
        f"{counts.sum():,} rows are right.",
    )
    return draw_confusion(drawing, [str(name) for name in names], counts.tolist())


@spelled
def roc(y: ArrayLike, probabilities: ArrayLike, labels: Sequence[object] | None = None) -> Drawing:
    """The receiver operating characteristic: share found against share of false alarms; of more
    than two classes one curve for each against the rest, of the most frequent ones.

    >>> drawing = roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> list(drawing.rows)
    [('class 1', '0.75')]
    """
    curves = []
    for name, positive, score in _one_against_rest("roc", y, probabilities, labels):
        false, true, _ = roc_curve(positive, score)
        x, height = thinned(false, true)
        area = roc_auc(positive, score)
        curves.append(UnitCurve(name, _floats(x), _floats(height), area, 0.5))
    drawing = Drawing(
        "ROC curve",
        "Share found against share of false alarms for every threshold; the dotted line is "
        "guessing.",
        400, 340,
    )  # fmt: skip
    return draw_unit_curves(
        drawing, curves, "false alarms (share of the others)", "found (recall)", "curve",
        "area under ROC", "bottom right", diagonal=True, every_base=False,
    )  # fmt: skip


@spelled
def precision_recall(
    y: ArrayLike, probabilities: ArrayLike, labels: Sequence[object] | None = None
) -> Drawing:
    """How many of the named rows are right (precision), against how many are found (recall).

    >>> drawing = precision_recall([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> list(drawing.rows)
    [('class 1', '0.8333')]
    """
    curves = []
    for name, positive, score in _one_against_rest("precision_recall", y, probabilities, labels):
        precision, recall, _ = precision_recall_curve(positive, score)
        average = float((np.diff(np.append(0.0, recall)) * precision).sum())
        x, height = thinned(recall, precision)
        curves.append(UnitCurve(name, _floats(x), _floats(height), average, float(positive.mean())))
    drawing = Drawing(
        "Precision and recall",
        "How many of the named rows are right, against how many are found; dotted lines are "
        "guessing.",
        400, 340,
    )  # fmt: skip
    return draw_unit_curves(
        drawing, curves, "found (recall)", "right among those named (precision)", "curve",
        "average precision", "bottom left", diagonal=False, every_base=True,
    )  # fmt: skip


@spelled
def calibration(
    y: ArrayLike,
    probabilities: ArrayLike,
    labels: Sequence[object] | None = None,
    bins: int = 10,
) -> Drawing:
    """Whether probabilities come true: rows with like probabilities, what was predicted and how
    often it was so, with intervals of 95 %. Of more than two classes, of the predicted one.

    >>> drawing = calibration([0, 1, 1, 1], [0.2, 0.8, 0.9, 0.4])
    >>> drawing.rows[0][:2]
    ('20%', '0%')
    """
    if bins < 1:
        raise DataError(f"calibration: bins={bins}; expected 1 or more")
    truth, guess = _column(y, "calibration", "y"), _values(probabilities)
    names, codes, wide = _classes("calibration", truth, guess, labels, probable=True)
    assert wide is not None
    if wide.min() < 0 or wide.max() > 1 + 1e-6:
        raise DataError(
            f"calibration: probabilities from {wide.min():.3g} to {wide.max():.3g}; expected 0 to "
            "1. Of logits, take the sigmoid or softmax first"
        )
    if wide.shape[1] == 2:
        name = f"“{names[1]}”"
        filled = reliability(codes == 1, wide[:, 1], bins)
    else:
        name = "the predicted class"
        filled = reliability(wide.argmax(axis=1) == codes, wide.max(axis=1), bins)
    drawing = Drawing(
        "Calibration",
        f"Rows with like probabilities of {name}: predicted and actual share, with 95% "
        f"intervals. The mean gap is {percent_text(calibration_error(filled))}.",
        400, 340,
    )  # fmt: skip
    return draw_calibration(drawing, filled)


# --- labels and probabilities -------------------------------------------------------------------


def _values(x: ArrayLike) -> Array:
    return x.numpy() if isinstance(x, Tensor) else np.asarray(x)


def _column(y: ArrayLike, call: str, name: str) -> Array:
    """Labels as one column; one-hot rows as the index of the 1."""
    values = _values(y)
    if values.ndim == 2 and values.shape[1] > 1:
        return np.asarray(values.argmax(axis=1))
    if values.ndim == 0 or values.size == 0 or values.size != len(values):
        raise ShapeError(
            f"{call}: {name} of shape {values.shape}; expected (rows,), one label for each row"
        )
    return values.reshape(-1)


def _classes(
    call: str, truth: Array, guess: Array, labels: Sequence[object] | None, probable: bool = False
) -> tuple[list[object], Array, Array | None]:
    """The names of the classes, the code of each true label, and probabilities (rows, classes);
    None: `guess` are labels.
    """
    if guess.ndim == 0 or len(guess) != len(truth):
        raise ShapeError(
            f"{call}: {len(truth):,} true labels and predictions of shape {guess.shape}; expected "
            "one prediction for each row"
        )
    wide: Array | None = None
    if guess.ndim == 2 and guess.shape[1] > 1:
        wide = guess
    elif guess.dtype.kind == "f" and (probable or not np.array_equal(guess, np.round(guess))):
        yes = guess.reshape(-1)
        wide = np.stack([1 - yes, yes], axis=1)
    elif probable and guess.dtype.kind in "iub":
        yes = guess.reshape(-1).astype(np.float64)
        wide = np.stack([1 - yes, yes], axis=1)
    elif probable:
        raise DataError(f"{call}: expected probabilities, got values of type {guess.dtype}")
    if wide is not None and not np.isfinite(wide).all():
        raise DataError(f"{call}: the predictions hold NaN or infinity")
    if labels is not None:
        names = list(labels)
    elif wide is not None and truth.dtype.kind in "iub":
        names = list(range(wide.shape[1]))
    elif wide is not None and truth.dtype.kind == "f" and np.array_equal(truth, np.round(truth)):
        truth, names = truth.astype(np.int64), list(range(wide.shape[1]))
    elif wide is not None:
        names = sorted(set(truth.tolist()))
    else:
        names = sorted({*truth.tolist(), *guess.reshape(-1).tolist()})
    if wide is not None and wide.shape[1] != len(names):
        raise ShapeError(
            f"{call}: probabilities of {wide.shape[1]} classes for {len(names)} labels; name all "
            "classes in their order, labels=[...]"
        )
    indices = truth.dtype.kind in "iub" and not set(truth.tolist()) <= set(names)
    if indices and truth.min() >= 0 and truth.max() < len(names):
        return names, truth.astype(np.int64), wide  # positions among the names
    return names, _codes(truth, names, call, "y"), wide


def _codes(values: Array, names: Sequence[object], call: str, what: str) -> Array:
    """The position of each label among the names; labels may be positions themselves."""
    position = {name: i for i, name in enumerate(names)}
    listed = values.reshape(-1).tolist()
    unknown = next((v for v in listed if v not in position), None)
    if unknown is None:
        return np.array([position[v] for v in listed], np.int64)
    if values.dtype.kind in "iub" and values.min() >= 0 and values.max() < len(names):
        return values.reshape(-1).astype(np.int64)
    known = ", ".join(map(repr, list(names)[:8]))
    raise DataError(f"{call}: {what} holds {unknown!r}, which is none of the classes ({known})")


def _one_against_rest(
    call: str, y: ArrayLike, probabilities: ArrayLike, labels: Sequence[object] | None
) -> list[tuple[str, Array, Array]]:
    """(name, which rows are positive, their scores) for each curve."""
    truth, guess = _column(y, call, "y"), _values(probabilities)
    names, codes, wide = _classes(call, truth, guess, labels, probable=True)
    assert wide is not None
    chosen = [1] if wide.shape[1] == 2 else np.argsort(-np.bincount(codes, minlength=len(names)),
                                                      kind="stable").tolist()  # fmt: skip
    curves = []
    for k in chosen[:_MOST_CURVES]:
        positive = codes == k
        if positive.any() and not positive.all():
            name = str(names[k])
            curves.append((f"class {name}" if name.isdigit() else name, positive, wide[:, k]))
    if not curves:
        only = str(names[int(codes[0])])
        raise DataError(f"{call}: all {len(codes):,} rows are of one class ({only}); it needs two")
    return curves


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
