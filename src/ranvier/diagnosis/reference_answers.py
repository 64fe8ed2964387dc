"""What simple methods would say of each row without having seen it: a yardstick for under-fitting.

The nearest neighbours (Cover & Hart 1967) and ridge regression (Hoerl & Kennard 1970) cost a few
matrix products on some hundred rows. Each row is answered without itself: a neighbour is another
row, and of a linear fit the error without the row follows from the one with it, r / (1 - h)
(Allen 1974). A network that does worse on rows that it learned from than these on rows that
they have not seen has not learned what is there.
"""

from __future__ import annotations

import numpy as np

from ..typing import Array

MOST_ROWS = 400
MOST_COLUMNS = 4096
_NEIGHBOURS = 5
_STRENGTHS = (1e-3, 1e-1, 10.0)


def neighbours(x: Array, targets: Array) -> Array:
    """The mean of the targets of the nearest other rows.

    >>> neighbours(np.arange(8.0)[:, None], np.arange(8.0)[:, None]).shape
    (8, 1)
    """
    powers = (x**2).sum(axis=1)
    distance = powers[:, None] + powers - 2 * (x @ x.T)
    np.fill_diagonal(distance, np.inf)
    count = min(_NEIGHBOURS, len(x) - 1)
    nearest = np.argpartition(distance, count - 1, axis=1)[:, :count]
    return np.asarray(targets[nearest].mean(axis=1))


def ridge(x: Array, targets: Array) -> Array:
    """A linear answer to each row from all others, with the best of a few strengths."""
    middle = targets.mean(axis=0)
    if x.shape[1] < len(x):  # of the smaller of the two products
        powers, axes = np.linalg.eigh(x.T @ x)
        used = powers > 1e-9 * powers[-1]
        vectors = x @ axes[:, used] / np.sqrt(powers[used])
        values = powers[used] / x.shape[1]
    else:
        values, vectors = np.linalg.eigh(x @ x.T / x.shape[1])
    rotated = vectors.T @ (targets - middle)
    best, best_error = targets, np.inf
    for strength in _STRENGTHS:
        shrunk = np.maximum(values, 0.0)
        shrunk = shrunk / (shrunk + strength)
        fitted = vectors @ (shrunk[:, None] * rotated)
        leverage = (vectors**2 * shrunk).sum(axis=1)
        residual = (targets - middle - fitted) / np.maximum(1 - leverage, 1e-6)[:, None]
        error = float((residual**2).mean())
        if error < best_error:
            best, best_error = targets - residual, error
    return best


def standardized(x: Array) -> Array:
    """Rows as columns of mean 0 and deviation 1; constant ones are 0."""
    flat = x.reshape(len(x), -1).astype(np.float64)
    flat = flat - flat.mean(axis=0)
    deviation = flat.std(axis=0)
    return np.asarray(flat / np.where(deviation > 0, deviation, 1.0))
