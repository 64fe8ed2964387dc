"""The order in which epochs see the rows."""

from __future__ import annotations

import numpy as np

from .. import random


class Orders:
    """One order of the rows after the other, each filled up to whole batches.

    Shuffled, they come from the generator that `ranvier.seed` sets. Both engines give the same
    orders; the compiled one shuffles in native code.

    >>> Orders(rows=5, batch=3, shuffle=False).take(2)
    array([0, 1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 0])

    With `bits` they come from these instead.

    NOTE: an epoch takes whole 64-bit draws, so its order does not depend on how many epochs are
    taken at once; and the raw bits of Philox are promised never to change.
    """

    def __init__(
        self,
        rows: int,
        batch: int,
        shuffle: bool,
        engine: str = "reference",
        bits: np.random.BitGenerator | None = None,
    ) -> None:
        self.rows, self.shuffle, self.engine = rows, shuffle, engine
        self._fill = np.arange(-rows % batch) % rows
        self._draws = -(-rows // 2)
        if shuffle:
            self._bits = bits or random.generator.host().bit_generator

    def take(self, epochs: int) -> np.ndarray:
        """The orders of the next epochs, one behind the other."""
        out = np.empty((epochs, self.rows + self._fill.size), np.int64)
        if not self.shuffle:
            out[:, : self.rows] = np.arange(self.rows)
        elif self.engine == "reference":
            out[:, : self.rows] = shuffled(self._take_bits(epochs))
        else:
            from ..compiler.shuffle import shuffle  # NOTE: imports llvmlite

            shuffle(self._take_bits(epochs), out)
        if self._fill.size:
            out[:, self.rows :] = out[:, self._fill]
        return out.reshape(-1)

    def _take_bits(self, epochs: int) -> np.ndarray:
        """32 random bits for each row of each epoch."""
        drawn = self._bits.random_raw(epochs * self._draws).astype("<u8", copy=False)
        bits = drawn.view("<u4").reshape(epochs, 2 * self._draws)[:, : self.rows]
        return np.ascontiguousarray(bits, np.uint32)


def shuffled(bits: np.ndarray) -> np.ndarray:
    """The orders for `bits` (epochs, rows) of uint32, one line an epoch.

    Fisher and Yates' algorithm, inside out: row i goes to place j = bits * (i + 1) / 2**32, and
    what was there to place i. (One order is less likely than another by at most one part in
    2**32 / rows.) `compiler.shuffle` is the same in native code.

    >>> shuffled(np.array([[0, 0, 0]], np.uint32))
    array([[2, 0, 1]])
    """
    out = np.empty(bits.shape, np.int64)
    counts = np.arange(1, bits.shape[1] + 1, dtype=np.uint64)
    places = (bits.astype(np.uint64) * counts) >> np.uint64(32)
    for line, chosen in zip(out, places.tolist(), strict=True):
        order: list[int] = []
        for i, j in enumerate(chosen):
            order.append(i)
            order[i] = order[j]
            order[j] = i
        line[:] = order
    return out
