"""Rows whose label is likely wrong: a floor of mistakes where the networks are surest.

Small networks say of each row what those rows say that it was left out of. Where classes overlap,
mistakes become rare as the networks become sure; labels that are wrong by chance stay as frequent
among the rows that they are surest of. So what is left there is an estimate of their share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from ...base.intervals import wilson
from ...typing import Array
from .columns import Columns
from .small_networks import CrossFitted, features_of

MAX_ROWS = 20_000
_MAX_CELLS = 4_000_000  # rows times features, which bounds the time
_MIN_ROWS = 60
_GROUP_ROWS = 25  # of the surest third of a class that is looked at by itself
_LEAST_SHARE, _LEAST_SHARE_OF_CLASS = 0.01, 0.03  # of wrong labels that is surely there
_MOST_SHARE = 0.25  # of a class; more is that small networks cannot tell two classes apart
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
    most = max(_MIN_ROWS, _MAX_CELLS // features.shape[1])
    if len(rows) > most:
        some = np.sort(random.choice(len(rows), most, replace=False))
        rows, features = rows[some], features[some]
    label = labels[rows]
    shares = CrossFitted(features, label, max(classes, 2), seed).predict(features)
    predicted, sure = shares.argmax(axis=1), shares.max(axis=1)
    wrong = predicted != label
    if wrong.mean() > _LEARNED * (1 - counts.max() / len(rows)):
        return None
    floors = _floors(label, predicted, sure)
    if not floors:
        return None
    chosen = np.zeros(len(rows), bool)
    for floor in floors:
        chosen[floor.surer] = True
    return _suspects(rows, label, predicted, sure, wrong & chosen, floors)


class _Floor(NamedTuple):
    """Mistakes among the rows that are surest: of so many `surest` of a group of `rows`; `surer`
    are its surer two thirds.
    """

    mistakes: int
    surest: int
    rows: int
    surer: Array


def _floors(label: Array, predicted: Array, sure: Array) -> list[_Floor]:
    """The floor of all rows; where they have none, those of the classes that were predicted."""
    wrong = predicted != label
    every = _floor(np.arange(len(label)), sure, wrong, _ALARM, _LEAST_SHARE)
    if every is not None:
        return [every]
    groups = [np.flatnonzero(predicted == c) for c in np.unique(predicted)]
    groups = [rows for rows in groups if len(rows) >= 3 * _GROUP_ROWS]
    floors = []
    for rows in groups:
        floor = _floor(rows, sure, wrong, _ALARM / len(groups), _LEAST_SHARE_OF_CLASS)
        if floor is not None and floor.mistakes < _MOST_SHARE * floor.surest:
            mistaken = floor.surer[wrong[floor.surer]]
            other = int(np.bincount(label[mistaken]).argmax())
            if _are_told_apart(label, predicted, int(predicted[rows[0]]), other):
                floors.append(floor)
    return floors


def _floor(rows: Array, sure: Array, wrong: Array, alarm: float, least: float) -> _Floor | None:
    ordered = rows[np.argsort(-sure[rows], kind="stable")]
    third = len(rows) // 3
    mistakes = int(wrong[ordered[:third]].sum())
    low = wilson(mistakes, third, NormalDist().inv_cdf(1 - alarm))[0] if third else 0.0
    if low > least and _even(mistakes, int(wrong[ordered[third : 2 * third]].sum()), third):
        return _Floor(mistakes, third, len(rows), ordered[: 2 * third])
    return None


def _are_told_apart(label: Array, predicted: Array, one: int, other: int) -> bool:
    """Whether the networks halve the mistakes between two classes; else these overlap."""
    pair = (label == one) | (label == other)
    share = float((label[pair] == one).mean())
    mistakes = float((predicted[pair] != label[pair]).mean())
    return mistakes <= _LEARNED * min(share, 1 - share)


def _even(surest: int, middle: int, rows: int) -> bool:
    """Whether mistakes are as frequent in the surest third as in the middle one."""
    if surest < _RARER * middle:
        return False
    deviations = (middle - surest) / math.sqrt(max(middle + surest, 1) * (1 - middle / rows) + 1)
    return surest >= _CLEARLY_RARER * middle or deviations < 2.0


def _suspects(
    rows: Array, label: Array, predicted: Array, sure: Array, listed: Array,
    floors: list[_Floor],
) -> Suspects:  # fmt: skip
    ends = [wilson(floor.mistakes, floor.surest) for floor in floors]
    sizes = np.array([floor.rows for floor in floors])
    middle = np.array([floor.mistakes / floor.surest for floor in floors])
    share, low, high = (
        float((values * sizes).sum() / len(rows))
        for values in (middle, np.array([e[0] for e in ends]), np.array([e[1] for e in ends]))
    )
    at = np.flatnonzero(listed)
    at = at[np.argsort(-sure[at], kind="stable")]
    expected = min(len(at), round(share * len(rows) * 2 / 3))
    return Suspects(rows[at], label[at], predicted[at], expected, share, low, high, len(rows))
