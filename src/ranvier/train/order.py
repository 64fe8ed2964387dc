"""The order in which an epoch sees the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import random


class Orders:
    """One random order of the rows after the other, from the generator that `ranvier.seed` sets.

    NOTE: the raw bits of Philox are promised never to change, and each sort key holds its row's
    number, so no two are equal: one seed names the same orders on every machine, whatever sorts,
    and however many are taken at once.
    """

    def __init__(self, rows: int, batch: int, shuffle: bool) -> None:
        self.rows, self.batch, self.shuffle = rows, batch, shuffle
        self._numbers = np.arange(rows, dtype=np.uint64)
        self._width = np.uint64(max(1, (rows - 1).bit_length()))
        self._mask = (np.uint64(1) << self._width) - np.uint64(1)
        self._bits: Any = None

    def take(self, epochs: int) -> np.ndarray:
        """The next orders, (epochs, rows filled up to whole batches)."""
        if not self.shuffle:
            line = padded(np.arange(self.rows), self.batch)
            return np.broadcast_to(line, (epochs, len(line))).copy()
        if self._bits is None:
            self._bits = random.generator.host().bit_generator
        keys = self._bits.random_raw(epochs * self.rows).reshape(epochs, self.rows)
        keys = (keys << self._width) | self._numbers
        keys.sort(axis=1)
        orders = (keys & self._mask).astype(np.int64)
        short = -self.rows % self.batch
        if not short:
            return orders
        return np.concatenate([orders, np.resize(orders[:, :short], (epochs, short))], axis=1)


def padded(order: np.ndarray, batch: int) -> np.ndarray:
    """`order` filled up to whole batches with rows from its beginning.

    >>> padded(np.arange(5), 3)
    array([0, 1, 2, 3, 4, 0])
    """
    short = -len(order) % batch
    return np.concatenate([order, np.resize(order, short)]) if short else order
