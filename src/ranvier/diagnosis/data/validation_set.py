"""Whether the rows held out are enough to say how good a model is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...base.intervals import wilson
from ...typing import Array

_WIDEST_SHARE = 0.25  # between the ends of the interval of the accuracy
_WIDEST_ERROR = 0.75  # the same of the mean absolute error, as a share of it


@dataclass(frozen=True)
class Uncertain:
    """A score that says little: its value, its interval of 95 %, the rows it comes from, and how
    many would make the interval half as wide as the widest that is no finding.
    """

    name: str
    value: float
    low: float
    high: float
    rows: int
    wanted: int


def uncertain_accuracy(right: Array) -> Uncertain | None:
    """The accuracy of rows (0 or 1 each), where its interval is wider than 0.25."""
    rows = len(right)
    low, high = wilson(float(right.sum()), rows) if rows else (0.0, 1.0)
    if rows == 0 or high - low <= _WIDEST_SHARE:
        return None
    wanted = math.ceil(rows * ((high - low) / (_WIDEST_SHARE / 2)) ** 2)
    return Uncertain("accuracy", float(right.mean()), low, high, rows, wanted)


def uncertain_error(errors: Array) -> Uncertain | None:
    """The mean size of errors, where its interval is wider than three quarters of it."""
    rows, sizes = len(errors), np.abs(errors)
    mean = float(sizes.mean()) if rows else 0.0
    if rows < 2 or mean <= 0:
        return None
    margin = 1.96 * float(sizes.std(ddof=1)) / math.sqrt(rows)
    width = 2 * margin / mean
    if width <= _WIDEST_ERROR:
        return None
    wanted = math.ceil(rows * (width / (_WIDEST_ERROR / 2)) ** 2)
    return Uncertain(
        "mean absolute error", mean, max(mean - margin, 0.0), mean + margin, rows, wanted
    )


def mostly_same(values: Array) -> bool:
    """Whether targets of rows held out are all one number."""
    return len(values) > 1 and bool(np.ptp(values) == 0)
