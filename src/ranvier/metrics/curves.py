"""ROC and precision-recall curves, and what follows from a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..typing import Array


def roc_curve(positive: Array, score: Array) -> tuple[Array, Array, Array]:
    """False positive rate, true positive rate and threshold at each distinct score, from (0, 0).

    Both classes must occur.
    """
    hits, misses, thresholds = _counts(positive, score)
    return (
        np.append(0.0, misses / misses[-1]),
        np.append(0.0, hits / hits[-1]),
        np.append(np.inf, thresholds),
    )


def precision_recall_curve(positive: Array, score: Array) -> tuple[Array, Array, Array]:
    """Precision, recall and threshold at each distinct score, from high to low."""
    hits, misses, thresholds = _counts(positive, score)
    return hits / (hits + misses), hits / hits[-1], thresholds


def _counts(positive: Array, score: Array) -> tuple[Array, Array, Array]:
    """Positives and negatives at or above each distinct score, from high to low."""
    order = np.argsort(-score, kind="stable")
    score, positive = score[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    hits = np.cumsum(positive, dtype=np.float64)[last]
    return hits, last + 1 - hits, score[last]


def thinned(*arrays: Array, points: int = 150) -> list[Array]:
    """The same indices of each array, evenly spread along the curve of the first two."""
    x, y = arrays[0], arrays[1]
    if len(x) <= points:
        return list(arrays)
    length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    marks = np.linspace(0.0, length[-1], points)
    kept = np.unique(np.append(np.searchsorted(length, marks), [0, len(x) - 1]))
    return [array[np.minimum(kept, len(x) - 1)] for array in arrays]


@dataclass(frozen=True)
class Threshold:
    """What follows when rows with a probability of at least `threshold` are called positive."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float
    flagged: float  # the share of all rows


def threshold_table(positive: Array, score: Array, thresholds: Array) -> list[Threshold]:
    """One entry for each threshold."""
    order = np.sort(score)
    hit_scores = np.sort(score[positive])
    flagged = len(score) - np.searchsorted(order, thresholds, "left")
    hits = len(hit_scores) - np.searchsorted(hit_scores, thresholds, "left")
    table = []
    for threshold, n, right in zip(thresholds, flagged, hits, strict=True):
        table.append(
            Threshold(
                float(threshold),
                float(right / n) if n else None,
                float(right / len(hit_scores)) if len(hit_scores) else None,
                float(2 * right / (n + len(hit_scores))) if n + len(hit_scores) else 0.0,
                float(n / len(score)),
            )
        )
    return table


def best_threshold(positive: Array, score: Array) -> float:
    """The threshold with the highest F1, halfway to the next lower score."""
    hits, misses, thresholds = _counts(positive, score)
    f1 = 2 * hits / (hits + misses + hits[-1])
    best = int(np.argmax(f1))
    lower = thresholds[best + 1] if best + 1 < len(thresholds) else thresholds[best]
    return float((thresholds[best] + lower) / 2)
