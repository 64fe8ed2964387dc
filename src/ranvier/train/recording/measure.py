"""An array in few numbers: mean, deviation, extremes, norm, share of zeros, quantiles.

Moments and extremes are those of all its numbers, in float64. Quantiles of a large array are those
of `SAMPLE` of its numbers, the same ones each time, spread evenly over rows and columns.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from ...typing import Array

SAMPLE = 8192  # numbers that quantiles are taken of
LEVELS = 65  # quantiles: 0, 1/64, ... 1
NAMES = ("mean", "std", "norm", "zeros")  # what comes before the quantiles
WIDTH = len(NAMES) + LEVELS
_PART = 1 << 16  # numbers that are looked at together: they stay in the cache


def measure(array: Array) -> Array:
    """(WIDTH,) of float64: the numbers of `NAMES`, then the quantiles.

    >>> found = measure(np.array([0.0, 3.0, -4.0, 1.0], np.float32))
    >>> [round(float(v), 3) for v in found[: len(NAMES)]], found[len(NAMES)], found[-1]
    ([0.0, 2.55, 5.099, 0.25], np.float64(-4.0), np.float64(3.0))
    """
    flat = array.reshape(-1)
    if not flat.size:
        return np.full(WIDTH, math.nan)
    total = square_sum = 0.0
    zeros = 0
    for first in range(0, flat.size, _PART):
        part = flat[first : first + _PART].astype(np.float64)
        total += float(part.sum())
        zeros += part.size - int(np.count_nonzero(part))
        square_sum += float(np.square(part, out=part).sum())
    mean = total / flat.size
    std = (
        math.sqrt(max(square_sum / flat.size - mean * mean, 0.0))
        if square_sum == square_sum
        else math.nan
    )
    chosen = _chosen(flat.size)
    ordered = np.sort(flat if chosen is None else flat[chosen])
    quantiles = ordered[_ranks(ordered.size)].astype(np.float64)
    quantiles[0], quantiles[-1] = flat.min(), flat.max()
    return np.concatenate([[mean, std, math.sqrt(square_sum), zeros / flat.size], quantiles])


def norm(array: Array) -> float:
    """The square root of the sum of the squares, in float64."""
    flat = array.reshape(-1)
    parts = (flat[i : i + _PART].astype(np.float64) for i in range(0, flat.size, _PART))
    return math.sqrt(sum(float(np.square(part, out=part).sum()) for part in parts))


@functools.lru_cache(maxsize=256)
def _chosen(size: int) -> Array | None:
    """Which numbers of a large array are sampled; None: all.

    Multiples of a step near the golden ratio of the size: they fall evenly, and on no column more
    often than on another.
    """
    if size <= SAMPLE:
        return None
    step = int(size * (math.sqrt(5) - 1) / 2) | 1
    while math.gcd(step, size) != 1:
        step += 2 if size % 2 == 0 else 1
    return np.asarray(np.arange(SAMPLE) * step % size)


@functools.lru_cache(maxsize=256)
def _ranks(size: int) -> Array:
    """Where the quantiles stand among so many numbers in order."""
    return np.rint(np.linspace(0, size - 1, LEVELS)).astype(np.int64)
