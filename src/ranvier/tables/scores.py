"""Scores of a model on a table.

Every score is a function of row weights, (..., rows) -> (...): weights of one give the score
itself, counts of rows drawn with replacement its bootstrap distribution (Efron 1979). Two models
measured under the same weights can be compared row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from ..errors import DataError
from ..typing import Array

Score: TypeAlias = Callable[[Array], Array]  # weights (..., rows) -> (...)

LEAST_PROBABILITY = 1e-7  # probabilities are clipped to this, and to 1 minus this, for a logarithm

HIGHER_IS_BETTER = {
    "accuracy": True, "balanced_accuracy": True, "auc": True, "average_precision": True,
    "f1": True, "r2": True, "log_loss": False, "rmse": False, "mae": False,
}  # fmt: skip


def scores(task: str, y: Array, predicted: Array, weights: Array | None = None) -> dict[str, float]:
    """The scores of predictions for the targets y, of shape (rows,).

    For classes, y holds their indices and `predicted` probabilities of shape (rows, classes), the
    positive class of two being the last: log-loss in nats, accuracy, and for two classes the area
    under the ROC curve. For numbers, `predicted` has shape (rows,): root mean squared error, mean
    absolute error and R2. `weights`, of shape (rows,), say how much each row counts.

    >>> scores("binary", np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]))
    {'log_loss': 0.414931599615397, 'accuracy': 0.6666666666666666, 'auc': 1.0}
    >>> scores("regression", np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    {'rmse': 0.5773502691896257, 'mae': 0.3333333333333333, 'r2': 0.5}
    """
    if len(y) != len(predicted):
        raise DataError(f"{len(predicted):,} predictions for {len(y):,} targets; expected as many")
    if len(y) == 0:
        raise DataError("there are no rows to score")
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    if task in ("binary", "multiclass"):
        right = predicted.argmax(axis=1) == y
        made = {"log_loss": mean_of(log_losses(y, predicted)), "accuracy": mean_of(right)}
        if task == "binary" and y.min() != y.max():
            made["auc"] = ranked(y == 1, predicted[:, 1])["auc"]
    else:
        made = number_scores(y, predicted)
        if y.min() == y.max():
            del made["r2"]
    return {name: float(score(w)) for name, score in made.items()}


def log_losses(y: Array, probabilities: Array) -> Array:
    """-log of what the right class of each row was given; -1 in y is a class never trained on."""
    p = np.clip(np.asarray(probabilities, np.float64), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    chosen = np.where(y >= 0, p[np.arange(len(y)), y] / p.sum(axis=1), LEAST_PROBABILITY)
    losses: Array = -np.log(chosen)
    return losses


def class_scores(y: Array, probabilities: Array) -> dict[str, Score]:
    """Scores of probabilities (rows, classes) for class indices; -1 is a class never trained on.

    With two classes the second one is the positive class.
    """
    predicted = probabilities.argmax(axis=1)
    right = predicted == y
    measured = {
        "accuracy": mean_of(right),
        "balanced_accuracy": _balanced(y, right),
        "log_loss": mean_of(log_losses(y, probabilities)),
    }
    if probabilities.shape[1] == 2:
        positive = y == 1
        measured |= ranked(positive, probabilities[:, 1])
        measured["f1"] = _f1(positive, predicted == 1)
    return measured


def number_scores(y: Array, predicted: Array) -> dict[str, Score]:
    """Scores of predicted numbers."""
    y = np.asarray(y, np.float64)
    error = np.asarray(predicted, np.float64) - y
    # NOTE: sums of squares lose digits far from zero, so the target is centered first; the mean of
    # equal numbers may differ from them by a bit.
    centered = y - y[0]
    centered = centered - centered.mean()
    squared, absolute = mean_of(error**2), mean_of(np.abs(error))
    mean, square_mean = mean_of(centered), mean_of(centered**2)

    def r2(weights: Array) -> Array:
        spread = square_mean(weights) - mean(weights) ** 2
        return 1 - _ratio(squared(weights), spread)

    return {"rmse": lambda weights: np.sqrt(squared(weights)), "mae": absolute, "r2": r2}


def mean_of(values: Array) -> Score:
    """The mean of a value of each row."""
    values = np.asarray(values, np.float64)
    return lambda weights: np.asarray(weights @ values / weights.sum(axis=-1))


def ranked(positive: Array, score: Array) -> dict[str, Score]:
    """The area under the ROC curve and the average precision: both ask for the order of the rows.

    >>> score = ranked(np.array([True, False, True, False]), np.array([0.9, 0.1, 0.5, 0.5]))
    >>> float(score["auc"](np.ones(4)))
    0.875
    """
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(-score[order], prepend=-np.inf))
    ties = len(starts) < len(order)
    positive = positive[order].astype(np.float64)

    def summed(measure: Callable[[Array, Array], Array]) -> Score:
        """A score of the weights of positive and negative rows, at each distinct value."""

        def weighed(weights: Array) -> Array:
            weights = np.take(weights, order, axis=-1)
            hits = weights * positive
            if ties:
                hits = np.add.reduceat(hits, starts, axis=-1)
                weights = np.add.reduceat(weights, starts, axis=-1)
            return measure(hits, weights - hits)

        return weighed

    return {"auc": summed(_auc), "average_precision": summed(_average_precision)}


def _auc(hits: Array, misses: Array) -> Array:
    """How likely a positive row scores higher than a negative one; ties count half."""
    above = np.cumsum(misses, axis=-1)
    total = above[..., -1].copy()
    above -= misses / 2
    below = total * hits.sum(axis=-1) - np.einsum("...j,...j->...", hits, above)
    return _ratio(below, hits.sum(axis=-1) * total)


def _average_precision(hits: Array, misses: Array) -> Array:
    """The mean precision at each positive row (the area below the steps)."""
    above = np.cumsum(hits, axis=-1)
    total = above[..., -1].copy()
    flagged = np.cumsum(hits + misses, axis=-1)
    np.maximum(flagged, 1e-300, out=flagged)  # rows that were not drawn have no hits either
    above /= flagged
    return _ratio(np.einsum("...j,...j->...", hits, above), total)


def _balanced(y: Array, right: Array) -> Score:
    """The mean over the classes of the share of their rows that are right."""
    order = np.argsort(y, kind="stable")
    starts = np.flatnonzero(np.diff(y[order], prepend=-2))
    right = right[order].astype(np.float64)

    def score(weights: Array) -> Array:
        weights = np.take(weights, order, axis=-1)
        rows = np.add.reduceat(weights, starts, axis=-1)
        hits = np.add.reduceat(weights * right, starts, axis=-1)
        share = np.divide(hits, rows, out=np.zeros_like(hits), where=rows > 0)
        return np.asarray(share.sum(axis=-1) / (rows > 0).sum(axis=-1))

    return score


def _f1(positive: Array, flagged: Array) -> Score:
    both, either = mean_of(positive & flagged), mean_of(positive * 1.0 + flagged)
    return lambda weights: np.asarray(np.nan_to_num(_ratio(2 * both(weights), either(weights))))


def _ratio(top: Array, bottom: Array) -> Array:
    """The quotient; NaN where there is nothing to divide by."""
    out = np.full(np.broadcast_shapes(np.shape(top), np.shape(bottom)), np.nan)
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 0))
