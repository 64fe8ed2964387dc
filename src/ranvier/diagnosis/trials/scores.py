"""Scores of outputs, row by row, by which two trainings are compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...typing import Array

_LEAST = 1e-7  # a probability, before its logarithm is taken


@dataclass(frozen=True)
class Score:
    """A score that is a function of the mean of what each row adds.

    `rows(outputs, y)` is what each row adds, (rows,); `shown` makes the score of its mean.
    """

    rows: Callable[[Array, Array], Array]
    higher_is_better: bool
    shown: Callable[[float], float] = float


def probabilities(outputs: Array, y: Array) -> Array:
    """Outputs as probabilities (rows, classes): as they are, or those of logits."""
    flat = outputs.reshape(len(outputs), -1).astype(np.float64)
    if flat.shape[1] == 1:
        yes = flat[:, 0]
        if yes.min() < 0 or yes.max() > 1:
            yes = 1 / (1 + np.exp(-np.clip(yes, -60, 60)))
        return np.stack([1 - yes, yes], axis=1)
    sums = flat.sum(axis=1)
    if flat.min() < -1e-6 or np.abs(sums - 1).max() > 1e-3:
        flat = np.exp(flat - flat.max(axis=1, keepdims=True))
    return np.asarray(flat / np.maximum(flat.sum(axis=1, keepdims=True), _LEAST))


def _log_loss(outputs: Array, y: Array) -> Array:
    shares = probabilities(outputs, y)
    losses: Array = -np.log(np.clip(shares[np.arange(len(y)), y], _LEAST, 1))
    return losses


def _right(outputs: Array, y: Array) -> Array:
    return np.asarray(probabilities(outputs, y).argmax(axis=1) == y, np.float64)


def _recall(outputs: Array, y: Array) -> Array:
    """Right rows, each class weighing as much as another: their mean is the mean recall."""
    counts = np.bincount(y)
    weights = len(y) / ((counts > 0).sum() * np.maximum(counts, 1))
    return np.asarray(_right(outputs, y) * weights[y])


def _squared(outputs: Array, y: Array) -> Array:
    errors = outputs.reshape(len(outputs), -1) - y.reshape(len(y), -1)
    return np.asarray((errors.astype(np.float64) ** 2).mean(axis=1))


def _absolute(outputs: Array, y: Array) -> Array:
    errors = outputs.reshape(len(outputs), -1) - y.reshape(len(y), -1)
    return np.asarray(np.abs(errors.astype(np.float64)).mean(axis=1))


OF_CLASSES: dict[str, Score] = {
    "log loss": Score(_log_loss, higher_is_better=False),
    "accuracy": Score(_right, higher_is_better=True),
    "mean recall": Score(_recall, higher_is_better=True),
}
OF_NUMBERS: dict[str, Score] = {
    "rmse": Score(_squared, higher_is_better=False, shown=lambda mean: math.sqrt(max(mean, 0.0))),
    "mean absolute error": Score(_absolute, higher_is_better=False),
}
SCORES = OF_CLASSES | OF_NUMBERS
