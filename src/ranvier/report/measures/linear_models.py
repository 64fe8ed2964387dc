"""Linear and logistic regression, solved exactly and by L-BFGS."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np

from ...typing import Array

_MAX_ITERATIONS = 100
_MEMORY = 10  # of L-BFGS: steps that it knows the curvature from
_RIDGE = 1.0  # the penalty of scikit-learn's Ridge and LogisticRegression (C = 1)


def ridge(x: Array, y: Array, penalty: float = _RIDGE) -> Array:
    """Weights and, last, the intercept, which is not penalized (Hoerl & Kennard 1970)."""
    x_mean, y_mean = x.mean(axis=0), y.mean()
    centered = x - x_mean
    gram = centered.T @ centered
    gram[np.diag_indices_from(gram)] += penalty
    weights = np.linalg.solve(gram, centered.T @ (y - y_mean))
    return np.append(weights, y_mean - x_mean @ weights)


def logistic_regression(
    x: Array, y: Array, classes: int, penalty: float = _RIDGE, *, seconds: float = math.inf
) -> Array:
    """Weights (columns + 1, classes) of softmax(x W + b): the sum of the log losses plus
    penalty / 2 times the squared weights, without the intercept, is least. Solved by L-BFGS, which
    after so many `seconds` leaves what it has.
    """
    x = with_one(x)
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

    start = np.zeros(x.shape[1] * classes)
    return minimized(loss, start, seconds=seconds).reshape(-1, classes)


def softmax(logits: Array) -> Array:
    """The exponentials, scaled to sum to 1 in each row."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return np.asarray(shares)


def minimized(
    loss: Callable[[Array], tuple[float, Array]],
    start: Array,
    tolerance: float = 1e-4,
    seconds: float = math.inf,
) -> Array:
    """Where a convex function is least: L-BFGS (Nocedal 1980) with a halving line search.

    `loss` gives the value and the gradient at a point; it ends where no part of the gradient is
    larger than `tolerance`,
    or after so many `seconds`.
    """
    point, end = start, time.perf_counter() + seconds
    value, gradient = loss(point)
    moves: list[tuple[Array, Array, float]] = []
    for _ in range(_MAX_ITERATIONS):
        if np.abs(gradient).max() < tolerance or time.perf_counter() > end:
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


def with_one(x: Array) -> Array:
    """The matrix with a column of ones, for the intercept."""
    return np.concatenate([x, np.ones((len(x), 1))], axis=1)
