"""The order in which epochs see the rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ... import random
from ...errors import FileError
from ...executors import executor
from ...executors.philox import row_bits


class Orders:
    """One order of the rows after the other, each filled up to whole batches.

    Shuffled, they come from the generator that `ranvier.seed` sets. Every engine gives the same
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
        self._bits = bits
        self._key = random.generator.host_key() if shuffle and bits is None else 0

    @property
    def state(self) -> list[int]:
        """Where the orders are, for `seek`."""
        return [self._key, self._drawn]

    def seek(self, state: Sequence[int]) -> None:
        """Go on from there."""
        whole = isinstance(state, list | tuple) and all(type(n) is int and n >= 0 for n in state)
        if not whole or len(state) != 2 or max(state) >= 1 << 64 or state[1] % self._draws:
            raise FileError(f"the checkpoint's order of rows, {state!r:.80}, is none")
        self._key, self._drawn = state

    def take(self, epochs: int) -> np.ndarray:
        """The orders of the next epochs, one behind the other."""
        out = np.empty((epochs, self._width), np.int64)
        if not self.shuffle:
            out[...] = np.arange(self._width) % self.rows
        elif self._bits is not None:
            executor(self.engine).shuffle(row_bits(self._bits, epochs, self.rows), out)
        else:
            executor(self.engine).draw(self._key, self._drawn, self.rows, out)
            self._drawn += epochs * self._draws
        return out.reshape(-1)
