"""The order in which an epoch sees the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .. import random


def permutations(rows: int) -> Iterator[np.ndarray]:
    """One random order of the rows after the other, from the generator that `ranvier.seed` sets.

    NOTE: the raw bits of Philox are promised never to change, and each sort key holds its row's
    number, so no two are equal: one seed names the same orders on every machine, whatever sorts.
    """
    bits = random.generator.host().bit_generator
    width = np.uint64(max(1, (rows - 1).bit_length()))
    numbers = np.arange(rows, dtype=np.uint64)
    mask = (np.uint64(1) << width) - np.uint64(1)
    while True:
        keys = (bits.random_raw(rows) << width) | numbers
        keys.sort()
        yield (keys & mask).astype(np.int64)


def padded(order: np.ndarray, batch: int) -> np.ndarray:
    """`order` filled up to whole batches with rows from its beginning.

    >>> padded(np.arange(5), 3)
    array([0, 1, 2, 3, 4, 0])
    """
    short = -len(order) % batch
    return np.concatenate([order, np.resize(order, short)]) if short else order
