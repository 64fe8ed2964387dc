"""Columns that give the answer away: alone they tell it on held-out rows, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.intervals import wilson
from ...typing import Array
from .alone import LEAK, outputs_of, quantile_bins, score_alone
from .columns import Columns
from .small_networks import CrossFitted, features_of

_MAX_ROWS = 10_000
_MIN_ROWS = 40
_MAX_COLUMNS = 1000
_LEAST_RIGHT = 0.97  # mean recall of the classes, held-out rows
_HALVES = 9  # ways to cut the rows in two
_LEAST_GAP = 0.01  # of the mean recall, by which all others together are worse
_LEAST_R2_GAP = 0.02
_MORE_ERRORS = 2.0  # that all others together make


@dataclass(frozen=True)
class Leak:
    """A column that tells the target alone.

    `score` is the area under the ROC curve, or R2, on rows held out; `right` the mean recall of
    the classes there (R2 for numbers), from `low` to `high` with a chance of 95 %; `others` is what
    small networks reach with all columns that do not give it away.
    """

    name: str
    score: float
    right: float
    low: float
    high: float
    others: float
    rows: int


def leaks(columns: Columns, target: Array, classes: int, seed: int = 0) -> list[Leak]:
    """The columns that tell the target almost alone, where all others together do not.

    `target` holds indices of `classes` classes (-1: unknown), or numbers where `classes` is 0.
    """
    rows = np.flatnonzero(target >= 0 if classes else np.isfinite(target))
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(rows)[:_MAX_ROWS])
    known = target[rows]
    spread = len(np.unique(known)) > 1
    if len(rows) < _MIN_ROWS or not 1 < len(columns.names) <= _MAX_COLUMNS or not spread:
        return []
    part = columns.take(rows)
    telling = _alone(part, known, classes, random)
    if not telling:
        return []
    rest = part.without([name for name, *_ in telling])
    others = _together(rest, known, classes, seed)
    gap = _LEAST_GAP if classes else _LEAST_R2_GAP
    made = []
    for name, score, right, held in telling:
        low, high = wilson(right * held, held) if classes else (right, right)
        if right - others >= gap and 1 - others >= _MORE_ERRORS * (1 - right):
            made.append(Leak(name, score, right, low, high, others, held))
    return sorted(made, key=lambda leak: -leak.score)


def _alone(
    columns: Columns, target: Array, classes: int, random: np.random.Generator
) -> list[tuple[str, float, float, int]]:
    """Name, score, mean recall or R2, and held-out rows of the columns that tell it alone."""
    outputs = outputs_of(target, classes)
    halves = [random.permutation(len(target)) < len(target) // 2 for _ in range(_HALVES)]
    held = int((~halves[0]).sum())
    telling = []
    for name in columns.names:
        score, right = _told(columns, name, outputs, target, halves[0], classes)
        if score <= LEAK:
            continue
        # One half may be lucky: what nearly tells the target is looked at again.
        more = [_told(columns, name, outputs, target, half, classes) for half in halves[1:]]
        right = float(np.mean([right, *(r for _, r in more)]))
        if right >= (_LEAST_RIGHT if classes else LEAK):
            telling.append((name, score, right, held))
    return telling


def _told(
    columns: Columns, name: str, outputs: Array, target: Array, half: Array, classes: int
) -> tuple[float, float]:
    """The score of a column alone, and its mean recall or R2, on the rows that are not in `half`,
    learned from those that are.
    """
    values = columns.values(name)
    is_number = columns.is_number(name)
    bins = quantile_bins(values, half) if is_number else values + 1
    numbers = values if is_number else None
    score, predicted = score_alone(bins, outputs, half, bool(classes), numbers)
    if not classes:
        return score, score
    return score, _mean_recall(predicted, outputs[half].mean(axis=0), target[~half], classes)


def _mean_recall(predicted: Array, shares: Array, truth: Array, classes: int) -> float:
    """The mean over the classes of the share told right, where rare ones count as much."""
    if classes == 2:
        guess = (predicted[:, 0] > shares[0]).astype(np.int64)
    else:
        guess = (predicted / np.maximum(shares, 1e-9)).argmax(axis=1)
    return recall_mean(guess, truth)


def recall_mean(guess: Array, truth: Array) -> float:
    """The mean recall of the classes that occur."""
    return float(np.mean([(guess[truth == c] == c).mean() for c in np.unique(truth)]))


def _together(columns: Columns, target: Array, classes: int, seed: int) -> float:
    """The mean recall or R2 of small networks that read these columns, rows they have not seen."""
    if not columns.names:
        return 1 / max(classes, 1) if classes else 0.0
    features, _ = features_of(columns)
    if classes:
        shares = CrossFitted(features, target, max(classes, 2), seed).predict(features)
        base = np.bincount(target.astype(int), minlength=shares.shape[1]) / len(target)
        return recall_mean((shares / np.maximum(base, 1e-9)).argmax(axis=1), target)
    middle, spread = target.mean(), target.std()
    predicted = CrossFitted(features, (target - middle) / spread, 1, seed).predict(features)[:, 0]
    return float(1 - np.mean((predicted - (target - middle) / spread) ** 2))
