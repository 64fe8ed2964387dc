"""The order in which epochs see the rows."""

from __future__ import annotations

import numpy as np

from .. import random


class Orders:
    """One order of the rows after the other, each filled up to whole batches.

    Shuffled, they come from the generator that `ranvier.seed` sets.

    >>> Orders(rows=5, batch=3, shuffle=False).take(2)
    array([0, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 0])

    NOTE: the raw bits of Philox are promised never to change, and each sort key holds its row's
    number, so no two are equal: one seed names the same orders on every machine, whatever sorts.
    """

    def __init__(self, rows: int, batch: int, shuffle: bool) -> None:
        self.rows, self.shuffle = rows, shuffle
        self._numbers = np.arange(rows, dtype=np.uint64)
        self._fill = np.resize(np.arange(rows), -rows % batch)
        self._width = np.uint64(max(1, (rows - 1).bit_length()))
        if shuffle:
            self._bits = random.generator.host().bit_generator

    def take(self, epochs: int) -> np.ndarray:
        """The orders of the next epochs, one behind the other."""
        if self.shuffle:
            keys = self._bits.random_raw(epochs * self.rows).reshape(epochs, self.rows)
            keys = (keys << self._width) | self._numbers
            keys.sort(axis=1)
            found = (keys & ((np.uint64(1) << self._width) - np.uint64(1))).astype(np.int64)
        else:
            found = np.tile(self._numbers.astype(np.int64), (epochs, 1))
        if self._fill.size:
            found = np.concatenate([found, found[:, self._fill]], axis=1)
        return np.ascontiguousarray(found).reshape(-1)
