"""The order in which epochs see the rows."""

from __future__ import annotations

import numpy as np

from .. import random


class Orders:
    """One order of the rows after the other, each filled up to whole batches.

    Shuffled, they come from the generator that `ranvier.seed` sets. Both engines give the same
    orders; the compiled one draws and shuffles in native code.

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
        self._width = -(-rows // batch) * batch
        self._draws = -(-rows // 2)
        self._drawn = 0
        self._key: int | None = None  # of the bits, where native code draws them
        if shuffle and bits is None and engine != "reference":
            self._key = random.generator.host_key()
        elif shuffle:
            self._bits = bits or random.generator.host().bit_generator

    def take(self, epochs: int) -> np.ndarray:
        """The orders of the next epochs, one behind the other."""
        out = np.empty((epochs, self._width), np.int64)
        if self.shuffle and self.engine != "reference":
            from ..compiler.shuffle import draw, shuffle  # NOTE: imports llvmlite

            if self._key is None:
                shuffle(self._take_bits(epochs), out)
            else:
                draw(self._key, self._drawn, self.rows, out)
                self._drawn += epochs * self._draws
            return out.reshape(-1)
        ordered = shuffled(self._take_bits(epochs)) if self.shuffle else np.arange(self.rows)
        out[:, : self.rows] = ordered
        if self._width > self.rows:
            out[:, self.rows :] = out[:, np.arange(self._width - self.rows) % self.rows]
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
