"""Small synthetic data sets for first steps and plots: float32 features, same seed same rows."""

from __future__ import annotations

import numpy as np

from ..base.missing import spelled
from ..typing import Array

Pair = tuple[Array, Array]


@spelled
def make_regression(
    n_samples: int = 100, n_features: int = 1, *, noise: float = 0.0, seed: int = 0
) -> Pair:
    """A linear target `y = x @ w + noise`; x is (n_samples, n_features), y is (n_samples,).

    The weights are drawn from 0 to 100, the features from a standard normal distribution and the
    noise from one of standard deviation `noise`.

    >>> x, y = make_regression(3, 2)
    >>> x.shape, y.shape, y.dtype
    ((3, 2), (3,), dtype('float32'))
    """
    rng = np.random.default_rng(seed)
    weights = 100.0 * rng.random(n_features)
    x = rng.standard_normal((n_samples, n_features))
    y = x @ weights + noise * rng.standard_normal(n_samples)
    return x.astype(np.float32), y.astype(np.float32)


@spelled
def make_xor(n_samples: int = 4, *, noise: float = 0.0, seed: int = 0) -> Pair:
    """The corners of the unit square, cyclically, labelled 1 where exactly one coordinate is 1.

    >>> x, y = make_xor()
    >>> x.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    corner = np.arange(n_samples) % 4
    bits = np.stack([corner // 2, corner % 2], axis=1)
    x = bits + noise * np.random.default_rng(seed).standard_normal(bits.shape)
    return x.astype(np.float32), bits[:, 0] ^ bits[:, 1]


@spelled
def make_moons(n_samples: int = 200, *, noise: float = 0.1, seed: int = 0) -> Pair:
    """Two interleaved half circles: two classes that no straight line separates.

    >>> x, y = make_moons(6)
    >>> x.shape, y.tolist()
    ((6, 2), [0, 1, 0, 1, 0, 1])
    """
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % 2
    angle = np.pi * rng.random(n_samples)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    x = np.where(y[:, None] == 0, upper, lower) + noise * rng.standard_normal((n_samples, 2))
    return x.astype(np.float32), y


@spelled
def make_blobs(
    n_samples: int = 150,
    n_features: int = 2,
    *,
    centers: int = 3,
    spread: float = 1.0,
    seed: int = 0,
) -> Pair:
    """Normal clusters about `centers` points drawn from -10 to 10; the label is the cluster's.

    >>> x, y = make_blobs(5, centers=2)
    >>> x.shape, y.tolist()
    ((5, 2), [0, 1, 0, 1, 0])
    """
    rng = np.random.default_rng(seed)
    points = rng.uniform(-10.0, 10.0, (centers, n_features))
    y = np.arange(n_samples) % centers
    x = points[y] + spread * rng.standard_normal((n_samples, n_features))
    return x.astype(np.float32), y
