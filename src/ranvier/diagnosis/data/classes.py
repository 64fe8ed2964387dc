"""Classes: rare ones, and what a model makes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...base.intervals import wilson
from ...typing import Array

_RARE = 0.4  # of the share that a class would have if all were alike
_LEAST_ROWS = 10  # of a class, to say anything about it
_LEAST_RECALL = 0.5
_LESS_THAN_OTHERS = 0.25


@dataclass(frozen=True)
class Imbalance:
    """Rare classes that the model hardly finds.

    `rare` are indices of classes; `recall` is (classes,), NaN where a class has no rows; `shares`
    are those of the training rows. `accuracy` is compared with that of always saying the most
    frequent class; `better` says whether it is more, chance ruled out.
    """

    rare: tuple[int, ...]
    shares: Array
    recall: Array
    accuracy: float
    majority: float
    better: bool
    rows: int


def imbalance(labels: Array, truth: Array, predicted: Array, classes: int) -> Imbalance | None:
    """What a model makes of rare classes; None where there are none, or it finds them.

    `labels` are those of the training rows, `truth` and `predicted` of those it is judged by.
    """
    counts = np.bincount(labels[labels >= 0], minlength=classes)
    tested = np.bincount(truth[truth >= 0], minlength=classes)
    if counts.sum() == 0 or tested.sum() == 0 or classes < 2:
        return None
    shares = counts / counts.sum()
    present = counts > 0
    rare = np.flatnonzero(present & (shares < _RARE / present.sum()) & (tested >= _LEAST_ROWS))
    hits = np.bincount(truth[(predicted == truth) & (truth >= 0)], minlength=classes)
    with np.errstate(invalid="ignore"):
        recall = hits / tested
    accuracy, majority = float(hits.sum() / tested.sum()), float(tested.max() / tested.sum())
    common = [c for c in np.flatnonzero(tested) if c not in rare]
    usual = float(np.mean(recall[common])) if common else 0.0
    missed = tuple(
        int(c)
        for c in rare
        if wilson(hits[c], tested[c])[1] < usual - _LESS_THAN_OTHERS and recall[c] < _LEAST_RECALL
    )
    if not missed:
        return None
    better = wilson(hits.sum(), tested.sum())[0] > majority
    return Imbalance(missed, shares, recall, accuracy, majority, better, int(tested.sum()))


@dataclass(frozen=True)
class MissingClasses:
    """Classes that one of two parts lacks though chance would have given it some rows."""

    untested: tuple[int, ...]
    unseen: tuple[int, ...]
    only: int | None  # the one class of the rows held out


_CHANCE = math.log(1e-4)


def missing_classes(labels: Array, held_out: Array, classes: int) -> MissingClasses | None:
    """Classes of training rows that no row held out has, and the other way round."""
    left = np.bincount(labels[labels >= 0], minlength=classes)
    right = np.bincount(held_out[held_out >= 0], minlength=classes)
    if not left.sum() or not right.sum() or ((left + right) > 0).sum() < 2:
        return None
    share = right.sum() / (left.sum() + right.sum())
    untested = [c for c in np.flatnonzero(right == 0) if left[c] * math.log(1 - share) < _CHANCE]
    unseen = [c for c in np.flatnonzero(left == 0) if right[c]]
    some = np.flatnonzero(right)
    only = int(some[0]) if len(some) == 1 and (left > 0).sum() > 1 and right.sum() > 1 else None
    if not untested and not unseen and only is None:
        return None
    return MissingClasses(tuple(map(int, untested)), tuple(map(int, unseen)), only)
