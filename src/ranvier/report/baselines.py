"""Simple models on the same rows, so that a score can be judged: the most frequent class or the
mean; linear or logistic regression; scikit-learn's gradient boosting where it is installed.

All read the arrays of an encoder. The linear ones see numbers scaled to mean 0 and deviation 1,
flags as they are, and categories one-hot.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import RanvierError
from ..tables.trees import grow
from ..typing import Array

_MAX_LEVELS = 30  # of a category that become columns of their own; the rest share none
_MAX_COLUMNS = 1000
_MAX_LOGISTIC = 10_000_000  # rows x columns x classes of logistic regression; of more a part
_MAX_BOOSTING = 400_000_000  # rows x columns x classes above which boosting takes minutes
_MAX_ITERATIONS = 100
_MEMORY = 10  # of L-BFGS: steps that it knows the curvature from
_RIDGE = 1.0  # the penalty of scikit-learn's Ridge and LogisticRegression (C = 1)


@dataclass(frozen=True)
class Baseline:
    """What a simple model predicts for the test rows: probabilities or numbers.

    `predicted` is None where it was not trained; `note` and `detail` say why.
    """

    name: str
    predicted: Array | None
    seconds: float = 0.0
    note: str = ""
    detail: str = ""


def baselines(
    train: Mapping[str, Array],
    y: Array,
    test: Mapping[str, Array],
    classes: int,
    seed: int = 0,
    seconds: float = math.inf,
) -> list[Baseline]:
    """All simple models; `y` holds class indices, or numbers where `classes` is 0.

    `train` and `test` are the arrays of an encoder (see tables/encoder.py). Boosting adds no more
    trees after so many `seconds`.
    """
    rows = max((len(a) for a in test.values()), default=0)
    models = [simplest(y, rows, classes)]
    if not train:
        return models
    models.append(_linear(train, y, test, classes, seed))
    models.append(_boosting(train, y, test, classes, seed, seconds))
    return models


def simplest(y: Array, rows: int, classes: int) -> Baseline:
    """The share of each class, or the mean, for every row."""
    if classes:
        shares = np.bincount(y, minlength=classes) / len(y)
        return Baseline("majority", np.tile(shares, (rows, 1)))
    return Baseline("mean", np.full(rows, y.mean()))


def _linear(
    train: Mapping[str, Array], y: Array, test: Mapping[str, Array], classes: int, seed: int
) -> Baseline:
    began = time.perf_counter()
    note = detail = ""
    x, x_test = design(train, test)
    if classes:
        most = max(_MAX_LOGISTIC // (x.shape[1] * classes), 1000)
        if len(x) > most:
            kept = np.sort(np.random.default_rng(seed).choice(len(x), most, replace=False))
            x, y, note, detail = x[kept], y[kept], "sampled", f"{most:,}"
        weights = logistic_regression(x, y, classes)
        predicted = softmax(_with_one(x_test) @ weights)
    else:
        predicted = _with_one(x_test) @ ridge(x, y)
    name = "logistic" if classes else "linear"
    return Baseline(name, predicted, time.perf_counter() - began, note, detail)


def _boosting(
    train: Mapping[str, Array],
    y: Array,
    test: Mapping[str, Array],
    classes: int,
    seed: int,
    seconds: float,
) -> Baseline:
    name = "boosting"
    if importlib.util.find_spec("sklearn") is None:
        return Baseline(name, None, note="missing")
    columns = sum(a.shape[1] for a in train.values())
    trees = classes if classes > 2 else 1
    if len(y) * columns * trees > _MAX_BOOSTING or trees > 50:
        size = f"{len(y):,} × {columns:,}" + (f" × {classes:,}" if trees > 1 else "")
        return Baseline(name, None, note="large", detail=size)
    began = time.perf_counter()
    task = "regression" if not classes else ("binary" if classes == 2 else "multiclass")
    present = np.unique(y) if classes else np.arange(0)
    if classes and len(present) < max(classes, 2):
        return Baseline(name, None, note="failed", detail="a class without training rows")
    try:
        predicted = grow(train, y, task, seed, seconds).predict(test)
    except (RanvierError, ValueError) as problem:
        return Baseline(name, None, note="failed", detail=str(problem)[:200])
    return Baseline(name, predicted, time.perf_counter() - began)


# --- features -----------------------------------------------------------------------------------


def design(train: Mapping[str, Array], test: Mapping[str, Array]) -> tuple[Array, Array]:
    """The arrays of an encoder as one matrix for a linear model: float64 (rows, columns)."""
    parts: list[tuple[Array, Array]] = []
    if "numbers" in train:
        x = train["numbers"].astype(np.float64)
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        deviation[deviation == 0] = 1.0
        # Far outliers of the test rows would give absurd predictions.
        parts += [((x - mean) / deviation, np.clip((test["numbers"] - mean) / deviation, -20, 20))]
    if "flags" in train:
        parts.append((train["flags"].astype(np.float64), test["flags"].astype(np.float64)))
    for codes, other in _columns(train, test, "categories"):
        count = np.bincount(codes)
        levels = np.argsort(-count, kind="stable")[:_MAX_LEVELS]
        levels = levels[count[levels] > 0]
        parts.append(((codes[:, None] == levels) * 1.0, (other[:, None] == levels) * 1.0))
    x = np.concatenate([part for part, _ in parts], axis=1)[:, :_MAX_COLUMNS]
    return x, np.concatenate([part for _, part in parts], axis=1)[:, :_MAX_COLUMNS]


def _columns(
    train: Mapping[str, Array], test: Mapping[str, Array], name: str
) -> list[tuple[Array, Array]]:
    if name not in train:
        return []
    return list(zip(train[name].T, test[name].T, strict=True))


def _with_one(x: Array) -> Array:
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)


# --- linear models ------------------------------------------------------------------------------


def ridge(x: Array, y: Array, penalty: float = _RIDGE) -> Array:
    """Weights and, last, the intercept, which is not penalized (Hoerl & Kennard 1970)."""
    x_mean, y_mean = x.mean(axis=0), y.mean()
    centered = x - x_mean
    gram = centered.T @ centered
    gram[np.diag_indices_from(gram)] += penalty
    weights = np.linalg.solve(gram, centered.T @ (y - y_mean))
    return np.append(weights, y_mean - x_mean @ weights)


def logistic_regression(x: Array, y: Array, classes: int, penalty: float = _RIDGE) -> Array:
    """Weights (columns + 1, classes) of softmax(x W + b): the sum of the log losses plus
    penalty / 2 times the squared weights, without the intercept, is least. Solved by L-BFGS.
    """
    x = _with_one(x)
    rows = np.arange(len(x))
    scale = 1.0 / len(x)
    penalties = np.full((x.shape[1], 1), penalty * scale)
    penalties[-1] = 0.0

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(-1, classes)
        shares = softmax(x @ weights)
        value = -np.log(np.maximum(shares[rows, y], 1e-300)).mean()
        shares[rows, y] -= 1
        gradient = x.T @ shares * scale + penalties * weights
        return float(value + 0.5 * (penalties * weights**2).sum()), gradient.ravel()

    return minimized(loss, np.zeros(x.shape[1] * classes)).reshape(-1, classes)


def softmax(logits: Array) -> Array:
    """The exponentials, scaled to sum to 1 in each row."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return np.asarray(shares)


def minimized(
    loss: Callable[[Array], tuple[float, Array]], start: Array, tolerance: float = 1e-4
) -> Array:
    """Where a convex function is least: L-BFGS (Nocedal 1980) with a halving line search.

    `loss` gives the value and the gradient at a point; it ends where no part of the gradient is
    larger than `tolerance`.
    """
    point = start
    value, gradient = loss(point)
    moves: list[tuple[Array, Array, float]] = []
    for _ in range(_MAX_ITERATIONS):
        if np.abs(gradient).max() < tolerance:
            break
        direction = _direction(gradient, moves)
        slope = float(gradient @ direction)
        step = 1.0 if moves else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(30):
            new_value, new_gradient = loss(point + step * direction)
            if new_value <= value + 1e-4 * step * slope:
                break
            step /= 2
        else:
            break
        change, bend = step * direction, new_gradient - gradient
        point, value, gradient = point + change, new_value, new_gradient
        curvature = float(change @ bend)
        if curvature > 1e-12:
            moves = [*moves[1 - _MEMORY :], (change, bend, 1 / curvature)]
    return point


def _direction(gradient: Array, moves: list[tuple[Array, Array, float]]) -> Array:
    """The gradient times the approximate inverse of the curvature, downhill."""
    q = -gradient
    factors = []
    for change, bend, rho in reversed(moves):
        factors.append(rho * (change @ q))
        q = q - factors[-1] * bend
    if moves:
        change, bend, _ = moves[-1]
        q = q * (change @ bend) / (bend @ bend)
    for (change, bend, rho), factor in zip(moves, reversed(factors), strict=True):
        q = q + change * (factor - rho * (bend @ q))
    return np.asarray(q)
