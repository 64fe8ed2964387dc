"""Two-sample tests, corrections for many columns, errors of areas, by published formulas."""

from __future__ import annotations

import math

import numpy as np

from ...typing import Array

_TERMS = 100  # of the series of Kolmogorov's distribution


def normal_tail(z: float) -> float:
    """The chance that a standard normal number is above z.

    >>> round(normal_tail(1.96), 3)
    0.025
    """
    return 0.5 * math.erfc(z / math.sqrt(2))


def kolmogorov_smirnov(a: Array, b: Array) -> tuple[float, float]:
    """The largest distance of two samples' distributions, and the chance of as large a one.

    The chance is that of Kolmogorov's distribution with the correction of Stephens (1970); values
    that occur several times make it smaller than it says.

    >>> random = np.random.default_rng(0)
    >>> distance, chance = kolmogorov_smirnov(random.normal(size=500), random.normal(size=400))
    >>> distance < 0.1, chance > 0.05
    (True, True)
    """
    if not len(a) or not len(b):
        return 0.0, 1.0
    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    below_a = np.searchsorted(a, both, side="right") / len(a)
    below_b = np.searchsorted(b, both, side="right") / len(b)
    distance = float(np.abs(below_a - below_b).max())
    root = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    scaled = (root + 0.12 + 0.11 / root) * distance
    if scaled < 0.2:  # the series needs many terms there, and the chance is 1
        return distance, 1.0
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, _TERMS))
    return distance, min(max(2 * sum(terms), 0.0), 1.0)


def chi_square(a: Array, b: Array) -> tuple[float, float]:
    """Counts of the same levels in two samples: the distance of their shares, and its chance.

    The distance is half the sum of the differences (total variation). The chance is Pearson's
    chi-square by the approximation of Wilson and Hilferty (1931); levels with fewer than 10 rows
    in both together are put together.

    >>> distance, chance = chi_square(np.array([50, 50]), np.array([80, 20]))
    >>> round(distance, 2), chance < 1e-4
    (0.3, True)
    """
    rare = a + b < 10
    a = np.append(a[~rare], a[rare].sum()).astype(float)
    b = np.append(b[~rare], b[rare].sum()).astype(float)
    there = a + b > 0
    a, b = a[there], b[there]
    if len(a) < 2 or not a.sum() or not b.sum():
        return 0.0, 1.0
    shares = (a + b) / (a.sum() + b.sum())
    distance = float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)
    expected_a, expected_b = a.sum() * shares, b.sum() * shares
    value = float(
        ((a - expected_a) ** 2 / expected_a).sum() + ((b - expected_b) ** 2 / expected_b).sum()
    )
    freedom = len(a) - 1
    z = ((value / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return distance, normal_tail(z)


def holm(chances: Array) -> Array:
    """Chances corrected for their number (Holm 1979): that of one false alarm among all of them.

    >>> holm(np.array([0.01, 0.2, 0.02]))
    array([0.03, 0.2 , 0.04])
    """
    order = np.argsort(chances, kind="stable")
    left = np.arange(len(chances), 0, -1)
    corrected = np.minimum(np.maximum.accumulate(chances[order] * left), 1.0)
    made = np.empty(len(chances))
    made[order] = corrected
    return made


def area_error(area: float, positives: int, negatives: int) -> float:
    """The standard error of an area under the ROC curve (Hanley and McNeil 1982).

    >>> round(area_error(0.5, 100, 100), 3)
    0.041
    """
    one, two = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (
        area * (1 - area) + (positives - 1) * (one - area**2) + (negatives - 1) * (two - area**2)
    )
    return math.sqrt(max(spread, 0.0) / (positives * negatives))
