"""Rows that networks of a training hold out."""

from __future__ import annotations

import numpy as np

from ...typing import Array


def further_parts(y: Array, count: int, classes: bool, seed: int) -> list[Array]:
    """The row numbers in `count` parts of about the same size; classes have their share in each.

    >>> parts = further_parts(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 4, True, seed=0)
    >>> sorted(np.concatenate(parts).tolist()), [len(p) for p in parts]
    ([0, 1, 2, 3, 4, 5, 6, 7], [2, 2, 2, 2])
    """
    order = np.random.default_rng(seed).permutation(len(y))
    if classes:
        order = order[np.argsort(y[order], kind="stable")]
    return [np.sort(order[i::count]) for i in range(count)]
