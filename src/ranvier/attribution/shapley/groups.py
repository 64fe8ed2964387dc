"""Features that go together: found by how well one tells the other on the background rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...typing import Array

THRESHOLD = 0.9
_LEAST_ROWS = 20
_MOST_FEATURES = 100
_ROWS_OF_LEVEL = 5  # on average, for a column of text to count as categories


def correlated_groups(
    names: Sequence[str], data: Array, threshold: float = THRESHOLD
) -> dict[str, list[str]]:
    """Groups of two or more features of which each is associated with another by `threshold`.

    `data` is (rows, features), numbers or texts. The name of a group is that of its members.

    >>> a = np.arange(40.0)
    >>> correlated_groups(["a", "b", "c"], np.stack([a, -(a**3), (a * 7) % 40], axis=1))
    {'a + b': ['a', 'b']}
    """
    strength = associations(data)
    label = np.arange(len(names))
    for i, j in zip(*np.nonzero(np.triu(strength >= threshold, 1)), strict=True):
        label[label == label[j]] = label[i]
    groups = [np.flatnonzero(label == one) for one in np.unique(label)]
    named = [[names[int(i)] for i in group] for group in groups if len(group) > 1]
    return {" + ".join(members): members for members in named}


def correlation_notes(names: Sequence[str], data: Array) -> list[str]:
    """A line for each group that a reader should know of."""
    if data.ndim != 2 or data.shape[1] > _MOST_FEATURES:
        return []
    return [
        f"{', '.join(members)} go together: their single values are about rows that do not occur; "
        "groups='correlated' explains them as one"
        for members in correlated_groups(names, data).values()
    ]


def associations(data: Array) -> Array:
    """How strongly the columns of (rows, features) go together: 0 to 1, (features, features).

    Of two columns of numbers the size of Spearman's rank correlation; of others the correlation
    ratio (how much of the one's ranks the other's levels explain), or Cramer's V with Bergsma's
    correction (2013).
    """
    columns = [_coded(data[:, i]) for i in range(data.shape[1])]
    strength = np.eye(data.shape[1])
    if len(data) < _LEAST_ROWS:
        return strength
    for i, a in enumerate(columns):
        for j, b in enumerate(columns[:i]):
            if a is not None and b is not None:
                strength[i, j] = strength[j, i] = _association(*a, *b)
    return strength


def _coded(column: Array) -> tuple[bool, Array] | None:
    """(True, ranks) of numbers, (False, codes) of few levels; None where it is neither."""
    numbers = numbers_of(column)
    if numbers is not None:
        if np.nanstd(numbers) == 0 or np.isnan(numbers).all():
            return None
        filled = np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)
        return True, _ranks(filled)
    levels, codes = np.unique([str(cell) for cell in column], return_inverse=True)
    if len(levels) < 2 or len(levels) * _ROWS_OF_LEVEL > len(column):
        return None
    return False, codes


def numbers_of(column: Array) -> Array | None:
    """The cells as float64, NaN where there is none; None where a cell is no number."""
    cells = [np.nan if cell is None or cell == "" else cell for cell in column.tolist()]
    try:
        return np.array([float(cell) for cell in cells])
    except (TypeError, ValueError):
        return None


def _ranks(values: Array) -> Array:
    """Ranks from 0, ties at their mean."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts + 1) / 2)[codes])


def _association(a_number: bool, a: Array, b_number: bool, b: Array) -> float:
    if a_number and b_number:
        return float(abs(np.corrcoef(a, b)[0, 1]))
    if a_number or b_number:
        ranks, codes = (a, b) if a_number else (b, a)
        count = np.bincount(codes)
        means = np.bincount(codes, ranks - ranks.mean()) / count
        return float(np.sqrt((count * means**2).sum() / ((ranks - ranks.mean()) ** 2).sum()))
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1.0)
    expected = table.sum(1, keepdims=True) * table.sum(0) / len(a)
    phi = ((table - expected) ** 2 / expected).sum() / len(a)
    height, width = table.shape
    phi = max(0.0, phi - (height - 1) * (width - 1) / (len(a) - 1))
    sides = [n - (n - 1) ** 2 / (len(a) - 1) for n in (height, width)]
    return float(np.sqrt(phi / max(min(sides) - 1, 1e-9)))
