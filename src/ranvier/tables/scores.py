"""Scores of a model on a table: one set of numbers for each task."""

from __future__ import annotations

import numpy as np

from ..errors import DataError
from ..typing import Array

_LEAST = 1e-7  # probabilities are clipped to [_LEAST, 1 - _LEAST] before their logarithm

# What is better: more of it, or less.
HIGHER_IS_BETTER = {"auc": True, "accuracy": True, "r2": True}
HIGHER_IS_BETTER |= {"log_loss": False, "rmse": False, "mae": False}


def scores(task: str, y: Array, predicted: Array, weights: Array | None = None) -> dict[str, float]:
    """The scores of predictions for the targets y, of shape (rows,).

    For classes, y holds their indices and `predicted` probabilities of shape (rows, classes), the
    positive class of two being the last: log-loss in nats, accuracy, and for two classes the area
    under the ROC curve. For numbers, `predicted` has shape (rows,): root mean squared error, mean
    absolute error and R2. `weights`, of shape (rows,), say how much each row counts.

    >>> scores("binary", np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]))
    {'log_loss': 0.41493159961539694, 'accuracy': 0.6666666666666666, 'auc': 1.0}
    >>> scores("regression", np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    {'rmse': 0.5773502691896257, 'mae': 0.3333333333333333, 'r2': 0.5}
    """
    if len(y) != len(predicted):
        raise DataError(f"{len(predicted):,} predictions for {len(y):,} targets; expected as many")
    if len(y) == 0:
        raise DataError("there are no rows to score")
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    w = w / w.sum()
    if task in ("binary", "multiclass"):
        measured = {"log_loss": log_loss(y, predicted, w), "accuracy": accuracy(y, predicted, w)}
        if task == "binary" and y.min() != y.max():
            measured["auc"] = auc(y == 1, predicted[:, 1], w)
        return measured
    error = np.asarray(predicted, np.float64) - np.asarray(y, np.float64)
    spread = float(w @ (y - w @ y) ** 2)
    squared = float(w @ error**2)
    measured = {"rmse": squared**0.5, "mae": float(w @ np.abs(error))}
    return measured | ({"r2": 1.0 - squared / spread} if spread else {})


def log_loss(y: Array, probabilities: Array, w: Array) -> float:
    """The mean of -log of what the right class was given, weighted by w (which sums to 1)."""
    p = np.clip(np.asarray(probabilities, np.float64), _LEAST, 1 - _LEAST)
    p /= p.sum(axis=1, keepdims=True)
    return float(w @ -np.log(p[np.arange(len(y)), y]))


def accuracy(y: Array, probabilities: Array, w: Array) -> float:
    """The share of rows whose likeliest class is the right one."""
    return float(w @ (probabilities.argmax(axis=1) == y))


def auc(positive: Array, score: Array, w: Array | None = None) -> float:
    """The area under the ROC curve: how likely a positive row scores higher than a negative one.

    Equal scores count half.

    >>> auc(np.array([True, False, True, False]), np.array([0.9, 0.1, 0.5, 0.5]))
    0.875
    """
    w = np.ones(len(score)) if w is None else w
    levels, at = np.unique(score, return_inverse=True)
    up = np.bincount(at, w * positive, len(levels))
    down = np.bincount(at, w * ~positive, len(levels))
    if not up.sum() or not down.sum():
        raise DataError("the area under the ROC curve needs rows of both classes")
    below = np.cumsum(down) - down
    return float(up @ (below + down / 2) / (up.sum() * down.sum()))
