"""Splitting rows into a training part and a held-out part.

The order of rows comes from the raw bits of PCG64, which NumPy promises never to change, so a seed
names the same split on every machine and with every release of NumPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError, DataError
from ..typing import Array, DataLike
from .conversion import as_array, check_rows, take_rows


def shuffled(n: int, seed: int) -> Array:
    """The numbers 0 to n - 1 in a random order that depends on `seed` alone.

    >>> shuffled(5, seed=0)
    array([3, 2, 1, 0, 4])
    """
    return np.argsort(_keys(1, n, seed)[0], kind="stable")


@spelled
def train_test_split(
    *arrays: DataLike,
    test_size: float = 0.2,
    seed: int = 0,
    stratify: DataLike | None = None,
    shuffle: bool = True,
) -> list[Any]:
    """Split arrays or frames by rows: `x_train, x_test, y_train, y_test = train_test_split(x, y)`.

    `test_size` is a share of the rows (0.2; rounded up) or a number of rows (360). With
    `stratify=y` every class keeps its share in both parts. Without `shuffle` the last rows are
    held out, as a time series needs it. Every array keeps its type.

    >>> x, y = np.arange(12).reshape(6, 2), np.array([0, 0, 0, 1, 1, 1])
    >>> x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=2, stratify=y)
    >>> y_train, y_test
    (array([1, 0, 0, 1]), array([0, 1]))
    """
    if not arrays:
        raise ArgumentError("train_test_split: expected at least one array, got none")
    rows = check_rows(**{f"array {i + 1}": array for i, array in enumerate(arrays)})
    held = _held_out(rows, test_size)
    if stratify is not None:
        if not shuffle:
            raise ArgumentError("train_test_split: stratify needs shuffle=True")
        order = _stratified(as_array(stratify, "stratify", text=True), rows, held, seed)
    else:
        order = shuffled(rows, seed) if shuffle else np.arange(rows)
    train, test = order[: rows - held], order[rows - held :]
    return [take_rows(array, part) for array in arrays for part in (train, test)]


def _keys(sets: int, n: int, seed: int) -> Array:
    """Random sort keys: `sets` rows of `n`."""
    return np.random.PCG64(seed).random_raw(sets * n).reshape(sets, n)


def _held_out(rows: int, test_size: float) -> int:
    """How many of `rows` are held out; rounded up as in scikit-learn."""
    if isinstance(test_size, (int, np.integer)) and not isinstance(test_size, bool):
        held = int(test_size)
    elif 0.0 < test_size < 1.0:
        held = math.ceil(round(rows * test_size, 6))
    else:
        raise ArgumentError(
            f"test_size: expected a share between 0 and 1 or a number of rows, got {test_size!r}"
        )
    if not 0 < held < rows:
        raise ArgumentError(
            f"test_size: {test_size!r} holds out {held} of {rows} rows; each part needs one"
        )
    return held


def _stratified(classes: Array, rows: int, held: int, seed: int) -> Array:
    """An order of the rows whose last `held` hold each class in proportion."""
    if classes.ndim == 2 and classes.shape[1] == 1:
        classes = classes[:, 0]
    if classes.shape != (rows,):
        raise DataError(
            f"stratify: expected one class for each of the {rows} rows, got shape {classes.shape}"
        )
    names, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
    if counts.min() < 2 or held < len(names) or rows - held < len(names):
        rarest = names[counts.argmin()].item()
        raise DataError(
            f"stratify: {len(names)} classes cannot all be in both parts ({rows - held} and {held} "
            f"rows; the rarest class, {rarest!r}, has {counts.min()}). Hold out more rows, merge "
            "rare classes or leave stratify out"
        )
    quota = counts * (held / rows)
    take = np.floor(quota).astype(int)
    for code in np.argsort(take - quota, kind="stable")[: held - take.sum()]:
        take[code] += 1
    chosen, order = (np.argsort(keys, kind="stable") for keys in _keys(2, rows, seed))
    test = np.zeros(rows, dtype=bool)
    for code, n in enumerate(take):
        test[chosen[codes[chosen] == code][:n]] = True
    return np.concatenate([order[~test[order]], order[test[order]]])
