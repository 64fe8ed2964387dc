"""Rows whose label is likely wrong: a floor of mistakes where the networks are surest.

Small networks say of each row what those rows say that it was left out of. Where classes overlap,
mistakes become rare as the networks become sure; labels that are wrong by chance stay as frequent
among the rows that they are surest of. So what is left there is an estimate of their share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ...base.intervals import wilson
from ...typing import Array
from .columns import Columns
from .small_networks import CrossFitted, features_of

MAX_ROWS = 20_000
_MIN_ROWS = 60
_GROUP_ROWS = 25  # of the surest third of a class that is looked at by itself
_LEAST_SHARE, _LEAST_SHARE_OF_CLASS = 0.01, 0.03  # of wrong labels that is surely there
_ALARM = 0.01  # chance of a false alarm
# Mistakes in the surest third, as a share of those in the middle one: below the first they become
# rarer, below the second they do where chance is ruled out.
_RARER, _CLEARLY_RARER = 0.5, 0.75
_LEARNED = 0.5  # mistakes, as a share of those of always saying the largest class


@dataclass(frozen=True)
class Suspects:
    """Rows whose label disagrees with what was said of them, the surest first.

    `label` and `predicted` are indices of classes; about `expected` of these rows are wrong.
    `share` of all labels are, between `low` and `high` with a chance of 95 %.
    """

    rows: Array
    label: Array
    predicted: Array
    expected: int
    share: float
    low: float
    high: float
    looked_at: int

    @property
    def in_all(self) -> int:
        """About how many labels are wrong among the rows looked at."""
        return round(self.share * self.looked_at)


def suspects(columns: Columns, labels: Array, classes: int, seed: int = 0) -> Suspects | None:
    """Labels (rows,), indices of classes, that are likely wrong; None where nothing says so.

    Nothing can be said where small networks do not halve the mistakes of always saying the largest
    class: labels by chance and classes that overlap are the same there.
    """
    rows = np.flatnonzero(labels >= 0)
    random = np.random.default_rng(seed)
    if len(rows) > MAX_ROWS:
        rows = np.sort(random.choice(rows, MAX_ROWS, replace=False))
    counts = np.bincount(labels[rows], minlength=classes)
    if len(rows) < _MIN_ROWS or (counts > 0).sum() < 2 or not columns.names:
        return None
    features, _ = features_of(columns.take(rows))
    label = labels[rows]
    shares = CrossFitted(features, label, max(classes, 2), seed).predict(features)
    predicted, sure = shares.argmax(axis=1), shares.max(axis=1)
    wrong = predicted != label
    if wrong.mean() > _LEARNED * (1 - counts.max() / len(rows)):
        return None
    chosen, noise = _floors(predicted, sure, wrong)
    if not noise:
        return None
    return _suspects(rows, label, predicted, sure, wrong & chosen, noise)


def _floors(
    predicted: Array, sure: Array, wrong: Array
) -> tuple[Array, list[tuple[int, int, int]]]:
    """The surer two thirds of the rows with a floor, and of each group with one the mistakes in
    its surest third, the rows of that third, and all its rows.

    The group is all rows; where they have no floor, each class that was said.
    """
    groups = [np.arange(len(predicted))]
    classes = np.unique(predicted)
    chosen = np.zeros(len(predicted), bool)
    for further, least in ((False, _LEAST_SHARE), (True, _LEAST_SHARE_OF_CLASS)):
        noise = []
        for rows in groups:
            ordered = rows[np.argsort(-sure[rows], kind="stable")]
            surest, middle = ordered[: len(rows) // 3], ordered[len(rows) // 3 : 2 * len(rows) // 3]
            mistakes = int(wrong[surest].sum())
            z = NormalDist().inv_cdf(1 - _ALARM / len(groups))
            low = wilson(mistakes, len(surest), z)[0] if len(surest) else 0.0
            if low > least and _even(mistakes, int(wrong[middle].sum()), len(surest)):
                noise.append((mistakes, len(surest), len(rows)))
                chosen[ordered[: 2 * len(rows) // 3]] = True
        if noise or further:
            break
        groups = [np.flatnonzero(predicted == c) for c in classes]
        groups = [rows for rows in groups if len(rows) >= 3 * _GROUP_ROWS]
        if not groups:
            break
    return chosen, noise


def _even(surest: int, middle: int, rows: int) -> bool:
    """Whether mistakes are as frequent in the surest third as in the middle one."""
    if surest < _RARER * middle:
        return False
    deviations = (middle - surest) / math.sqrt(max(middle + surest, 1) * (1 - middle / rows) + 1)
    return surest >= _CLEARLY_RARER * middle or deviations < 2.0


def _suspects(
    rows: Array, label: Array, predicted: Array, sure: Array, listed: Array,
    noise: list[tuple[int, int, int]],
) -> Suspects:  # fmt: skip
    ends = [wilson(mistakes, surest) for mistakes, surest, _ in noise]
    sizes = np.array([count for *_, count in noise])
    middle = np.array([mistakes / surest for mistakes, surest, _ in noise])
    share, low, high = (
        float((values * sizes).sum() / len(rows))
        for values in (middle, np.array([e[0] for e in ends]), np.array([e[1] for e in ends]))
    )
    at = np.flatnonzero(listed)
    at = at[np.argsort(-sure[at], kind="stable")]
    expected = min(len(at), round(share * len(rows) * 2 / 3))
    return Suspects(rows[at], label[at], predicted[at], expected, share, low, high, len(rows))
