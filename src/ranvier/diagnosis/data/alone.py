"""What a column alone tells of the target, on rows held out."""

from __future__ import annotations

import numpy as np

from ...metrics.whole import roc_auc
from ...typing import Array

LEAK = 0.98  # the score from which a column alone may give the target away
_BINS = 64
_SMOOTHING = 2.0
_MAX_CLASSES = 20
_MIN_ROWS = 40


def outputs_of(target: Array, classes: int) -> Array:
    """(rows, 1) numbers, or (rows, classes) of 0 and 1, one column for two classes."""
    if not classes:
        return target[:, None].astype(float)
    some = np.arange(1, 2) if classes == 2 else np.arange(min(classes, _MAX_CLASSES))
    return np.asarray(target[:, None] == some, float)


def quantile_bins(values: Array, half: Array) -> Array:
    """The bin of each number, 0 where it is missing; the bounds come from the rows of `half`."""
    known = np.isfinite(values)
    train = np.sort(values[half & known])
    if not len(train):
        return np.zeros(len(values), np.int64)
    edges = np.unique(train[np.linspace(0, len(train) - 1, _BINS + 1).astype(int)])
    return np.where(known, np.searchsorted(edges, values, side="right") + 1, 0)


def score_alone(
    bins: Array, outputs: Array, half: Array, classes: bool, values: Array | None = None
) -> tuple[float, Array]:
    """The area under the ROC curve (the highest of one class against the others) or R2, and what is
    said of the rows that are not in `half`, (rows, outputs).

    What is said of a row is the mean target of the rows of `half` in its bin. `values` are the
    numbers behind the bins: their own order, in which there is nothing to fit, may score higher.
    """
    means = _means_by_bin(bins[half], outputs[half], int(bins.max()) + 1)
    predicted = means[bins[~half]]
    score = _score(predicted, outputs[~half], classes)
    if values is not None:
        score = max(score, _monotone_score(values, outputs, classes))
    return (score if np.isfinite(score) else 0.0), predicted


def _means_by_bin(bins: Array, outputs: Array, count: int) -> Array:
    """The mean of each output in each bin, drawn a little towards the mean of all."""
    sizes = np.bincount(bins, minlength=count)[:, None]
    sums = np.stack([np.bincount(bins, o, minlength=count) for o in outputs.T], axis=1)
    overall = outputs.mean(axis=0)
    return np.asarray((sums + _SMOOTHING * overall) / (sizes + _SMOOTHING))


def _score(predicted: Array, outputs: Array, classes: bool) -> float:
    if classes:
        pairs = zip(predicted.T, outputs.T, strict=True)
        return max((_roc_area(p, o) for p, o in pairs), default=0.5)
    error = ((predicted - outputs) ** 2).sum()
    total = ((outputs - outputs.mean()) ** 2).sum()
    return float(1 - error / total) if total else 0.0


def _monotone_score(values: Array, outputs: Array, classes: bool) -> float:
    """The score of the number itself, up or down."""
    known = np.isfinite(values)
    if known.sum() < _MIN_ROWS or known.mean() < 0.5:
        return 0.0
    values = values[known]
    if classes:
        areas = [_roc_area(values, output[known]) for output in outputs.T]
        return max(max(area, 1 - area) for area in areas)
    target = outputs[known, 0]
    if not values.std() or not target.std() or not np.isfinite(values.std()):
        return 0.0
    return float(np.corrcoef(values / values.std(), target)[0, 1] ** 2)


def _roc_area(score: Array, positive: Array) -> float:
    """The area under the ROC curve; of one class alone it is that of guessing."""
    return roc_auc(positive, score) if 0 < positive.sum() < len(positive) else 0.5
