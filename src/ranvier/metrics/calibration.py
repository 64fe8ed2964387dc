"""Whether probabilities come true, and intervals that hold a stated share."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..base.intervals import wilson
from ..typing import Array


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows with like probabilities: what was predicted, and how often it came true."""

    predicted: float
    observed: float
    low: float  # of an interval of 95 %
    high: float
    rows: int


def reliability(happened: Array, probability: Array, bins: int = 10) -> list[ReliabilityBin]:
    """Rows in bins of equal width by probability, with Wilson's intervals (1927); no empty bins."""
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    code = np.searchsorted(edges, probability, "left")
    count = np.bincount(code, minlength=bins)
    total = np.bincount(code, probability, minlength=bins)
    positive = np.bincount(code, happened, minlength=bins)
    filled = []
    for n, s, k in zip(count, total, positive, strict=True):
        if n:
            low, high = wilson(float(k), int(n))
            filled.append(ReliabilityBin(float(s / n), float(k / n), low, high, int(n)))
    return filled


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """The expected calibration error: the mean gap of the bins, weighted by their rows."""
    rows = sum(b.rows for b in bins)
    return sum(b.rows * abs(b.predicted - b.observed) for b in bins) / max(rows, 1)


def conformal_width(residuals: Array, level: float) -> float | None:
    """Half the width of intervals that hold a share `level` of new rows: split-conformal
    prediction (Lei et al. 2018). None where there are too few residuals for that level.

    >>> conformal_width(np.arange(-9.0, 10.0), 0.9), conformal_width(np.ones(5), 0.9)
    (9.0, None)
    """
    n = len(residuals)
    rank = math.ceil((n + 1) * level - 1e-9)
    return float(np.partition(np.abs(residuals), rank - 1)[rank - 1]) if rank <= n else None
