"""Metrics of whole sets of predictions, exact, in NumPy."""

from __future__ import annotations

import numpy as np

from ..base.missing import answered, spelled
from ..errors import DataError, ShapeError
from ..typing import Array, ArrayLike


@spelled
def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, classes: int | None = None) -> Array:
    """Counts of rows by true class (row) and predicted class (column).

    Both are labels, or scores and one-hot rows (n, classes), or probabilities of class 1.

    >>> confusion_matrix([0, 1, 1], [0, 1, 0])
    array([[1, 0],
           [1, 1]])
    """
    true, pred = _labels(y_true), _labels(y_pred)
    if true.shape != pred.shape:
        raise ShapeError(f"confusion_matrix: {len(true)} targets for {len(pred)} predictions")
    number = int(max(true.max(initial=0), pred.max(initial=0))) + 1
    for y in (y_true, y_pred):
        if np.ndim(y) == 2 and np.shape(y)[1] > 1:
            number = max(number, np.shape(y)[1])
    classes = max(number, 2) if classes is None else classes
    if number > classes or (true.size and min(true.min(), pred.min()) < 0):
        raise DataError(f"confusion_matrix: labels must be from 0 to {classes - 1}")
    return np.bincount(true * classes + pred, minlength=classes**2).reshape(classes, classes)


def _labels(y: ArrayLike) -> Array:
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1:
        return np.asarray(np.argmax(y, axis=1))
    y = y.reshape(-1)
    if y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        return (y > 0.5).astype(np.int64)
    return y.astype(np.int64)


@answered
def roc_auc(y_true: ArrayLike, y_score: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
    """The area under the receiver operating characteristic, exactly.

    It is the chance that a random row of class 1 scores higher than one of class 0, ties counting
    half (Mann & Whitney 1947).

    >>> roc_auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    y = np.asarray(y_true).reshape(-1)
    score = np.asarray(y_score, np.float64).reshape(-1)
    if y.shape != score.shape:
        raise ShapeError(f"roc_auc: {len(y)} targets for {len(score)} scores")
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    yes = y > 0.5
    if not np.isfinite(score).all():
        raise DataError("roc_auc: scores hold NaN or infinity")
    if yes.all() or not yes.any():
        raise DataError("roc_auc: both classes must occur among the targets")
    levels, at = np.unique(score, return_inverse=True)
    above = np.bincount(at, weight * yes, len(levels))
    below = np.bincount(at, weight * ~yes, len(levels))
    before = np.cumsum(below) - below
    return float((above * (before + below / 2)).sum() / (above.sum() * below.sum()))
