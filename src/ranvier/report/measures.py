"""Measures on held-out rows, in vectorized NumPy: scores with bootstrap intervals, ROC and
precision-recall curves, reliability, thresholds, confusion and prediction intervals.

Every score is a function of row weights, (draws, rows) -> (draws,): weights of one are the score
itself, counts of rows drawn with replacement give its bootstrap distribution (Efron 1979). Two
models measured under the same weights can be compared row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..tables.scores import HIGHER_IS_BETTER as TABLE_SCORES
from ..typing import Array

Score: TypeAlias = Callable[[Array], Array]  # weights (draws, rows) -> (draws,)

SMALLEST_PROBABILITY = 1e-7  # probabilities are clipped to this before a logarithm
HIGHER_IS_BETTER = {
    **TABLE_SCORES, "balanced_accuracy": True, "average_precision": True, "f1": True
}  # fmt: skip

_MAX_ELEMENTS = 200_000  # of a block of weights, which stays in the cache
_MAX_ROWS = 20_000  # that are drawn from; of more a part, whose spread is scaled
_MOST_DRAWS = 1000
_LEAST_DRAWS = 200
_DRAWN_ROWS = 2_000_000  # in all draws together


# --- scores -------------------------------------------------------------------------------------


def class_scores(truth: Array, probability: Array) -> dict[str, Score]:
    """Scores of probabilities (rows, classes) for class indices; -1 is a class never trained on.

    With two classes the second one is the positive class.
    """
    right = probability.argmax(axis=1) == truth
    scores = {
        "accuracy": _mean(right),
        "balanced_accuracy": _balanced(truth, right),
        "log_loss": _mean(log_losses(truth, probability)),
    }
    if probability.shape[1] == 2:
        positive, score = truth == 1, probability[:, 1]
        scores["auc"] = _ranked(positive, score, _auc)
        scores["average_precision"] = _ranked(positive, score, _average_precision)
        scores["f1"] = _f1(positive, probability.argmax(axis=1) == 1)
    return scores


def number_scores(truth: Array, predicted: Array) -> dict[str, Score]:
    """Scores of predicted numbers."""
    error = predicted - truth
    # NOTE: sums of squares lose digits far from zero, so the target is centered first.
    centered = truth - truth.mean()
    squared, absolute = _mean(error**2), _mean(np.abs(error))
    mean, square_mean = _mean(centered), _mean(centered**2)

    def r2(weights: Array) -> Array:
        spread = square_mean(weights) - mean(weights) ** 2
        return 1 - _ratio(squared(weights), spread)

    return {"rmse": lambda w: np.sqrt(squared(w)), "mae": absolute, "r2": r2}


def log_losses(truth: Array, probability: Array) -> Array:
    """The negative log-likelihood of each row, in nats; a class never trained on has none."""
    clipped = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    chosen = clipped[np.arange(len(truth)), truth] / clipped.sum(axis=1)
    chosen = np.where(truth >= 0, chosen, SMALLEST_PROBABILITY)
    losses: Array = -np.log(chosen)
    return losses


def _mean(values: Array) -> Score:
    values = np.asarray(values, np.float64)

    def score(weights: Array) -> Array:
        return np.asarray(weights @ values / weights.sum(axis=1))

    return score


def _ratio(top: Array, bottom: Array) -> Array:
    """The quotient; NaN where there is nothing to divide by."""
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 0))


def _balanced(truth: Array, right: Array) -> Score:
    """The mean over the classes of the share of their rows that are right."""
    order = np.argsort(truth, kind="stable")
    starts = np.flatnonzero(np.diff(truth[order], prepend=-2))
    right = right[order].astype(np.float64)

    def score(weights: Array) -> Array:
        sorted_weights = weights[:, order]
        support = np.add.reduceat(sorted_weights, starts, axis=1)
        correct = np.add.reduceat(sorted_weights * right, starts, axis=1)
        there = (support > 0).sum(axis=1)
        return np.asarray(np.nan_to_num(_ratio(correct, support)).sum(axis=1) / there)

    return score


def _f1(positive: Array, flagged: Array) -> Score:
    both, either = _mean(positive & flagged), _mean(positive * 1.0 + flagged)
    return lambda weights: np.asarray(np.nan_to_num(_ratio(2 * both(weights), either(weights))))


def _ranked(positive: Array, score: Array, measure: Callable[[Array, Array], Array]) -> Score:
    """A score of (positive, negative) weights at each distinct value, from high to low."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.diff(-score[order], prepend=-np.inf))
    ties = len(starts) < len(order)
    positive = positive[order].astype(np.float64)

    def summed(weights: Array) -> Array:
        weights = np.take(weights, order, axis=1)
        hits = weights * positive
        if ties:
            hits = np.add.reduceat(hits, starts, axis=1)
            weights = np.add.reduceat(weights, starts, axis=1)
        return measure(hits, weights - hits)

    return summed


def _auc(hits: Array, misses: Array) -> Array:
    """The area under the ROC curve; ties count half."""
    above = np.cumsum(misses, axis=1)
    total = above[:, -1].copy()
    above -= misses / 2
    below = total * hits.sum(axis=1) - np.einsum("ij,ij->i", hits, above)
    return _ratio(below, hits.sum(axis=1) * total)


def _average_precision(hits: Array, misses: Array) -> Array:
    """The mean precision at each positive row (the area below the steps)."""
    above = np.cumsum(hits, axis=1)
    total = above[:, -1].copy()
    flagged = np.cumsum(hits + misses, axis=1)
    np.maximum(flagged, 1e-300, out=flagged)  # rows that were not drawn have no hits either
    above /= flagged
    return _ratio(np.einsum("ij,ij->i", hits, above), total)


# --- bootstrap ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence interval; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Bootstrap:
    """Draws of rows with replacement, the same for everything that is measured.

    >>> draws = Bootstrap(100, seed=0)
    >>> right = np.arange(100) < 80
    >>> draws.interval(*draws.measure(lambda rows: {"accuracy": _mean(right[rows])})["accuracy"])
    Estimate(value=0.8, low=0.72, high=0.87)
    """

    def __init__(self, rows: int, seed: int = 0, level: float = 0.95) -> None:
        random = np.random.default_rng(seed)
        self.rows, self.level = rows, level
        self.part: Array | slice = slice(None)
        self.drawn_rows = min(rows, _MAX_ROWS)
        if rows > _MAX_ROWS:
            self.part = np.sort(random.choice(rows, _MAX_ROWS, replace=False))
        wanted = _DRAWN_ROWS // max(self.drawn_rows, 1)
        self.draws = int(np.clip(wanted, _LEAST_DRAWS, _MOST_DRAWS))
        self._seed = int(random.integers(2**32))

    def measure(
        self, scores_of: Callable[[Array | slice], Mapping[str, Score]]
    ) -> dict[str, tuple[float, Array]]:
        """For each score its value and its values on the draws, NaN where it has none.

        `scores_of` gives the scores of some of the rows.
        """
        one = np.ones((1, self.rows))
        values = {name: float(score(one)[0]) for name, score in scores_of(slice(None)).items()}
        drawn: dict[str, list[Array]] = {name: [] for name in values}
        scores = scores_of(self.part)
        for weights in self._weights():
            for name, score in scores.items():
                drawn[name].append(score(weights))
        return {name: (values[name], np.concatenate(drawn[name])) for name in values}

    def _weights(self) -> Iterator[Array]:
        """Blocks (draws, rows) of how often each row was drawn."""
        random = np.random.default_rng(self._seed)
        size = self.drawn_rows
        block = max(1, _MAX_ELEMENTS // max(size, 1))
        for first in range(0, self.draws, block):
            weights = np.empty((min(block, self.draws - first), size))
            for row in weights:
                row[:] = np.bincount(random.integers(0, size, size), minlength=size)
            yield weights

    def interval(self, value: float, drawn: Array) -> Estimate:
        """The percentile interval of a distribution."""
        drawn = drawn[np.isfinite(drawn)]
        if not math.isfinite(value):
            return Estimate(None)
        if self.rows < 2 or len(drawn) < self.draws / 2:
            return Estimate(value)
        if self.drawn_rows < self.rows:  # fewer rows drawn than there are: they spread wider
            drawn = value + (drawn - drawn.mean()) * math.sqrt(self.drawn_rows / self.rows)
        low, high = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Estimate(value, float(low), float(high))


# --- curves -------------------------------------------------------------------------------------


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


# --- calibration --------------------------------------------------------------------------------


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


def wilson(successes: float, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share.

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    """
    share = successes / trials
    middle = share + z * z / (2 * trials)
    room = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max((middle - room) / scale, 0.0), min((middle + room) / scale, 1.0)


# --- confusion and intervals --------------------------------------------------------------------


def confusion_counts(truth: Array, predicted: Array, classes: int) -> Array:
    """How many rows of each class (rows of the table) were taken for which (columns)."""
    counts = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def conformal_width(residuals: Array, level: float) -> float | None:
    """Half the width of intervals that hold a share `level` of new rows: split-conformal
    prediction (Lei et al. 2018). None where there are too few residuals for that level.

    >>> conformal_width(np.arange(-9.0, 10.0), 0.9), conformal_width(np.ones(5), 0.9)
    (9.0, None)
    """
    n = len(residuals)
    rank = math.ceil((n + 1) * level - 1e-9)
    return float(np.partition(np.abs(residuals), rank - 1)[rank - 1]) if rank <= n else None
