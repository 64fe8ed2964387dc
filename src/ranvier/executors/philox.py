"""Philox: NumPy's counter-based random bits for a key that is known (Salmon et al., 2011)."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ..base.locks import importing
from ..typing import Array

BLOCK = 4  # 64-bit numbers that one step of the counter gives


@functools.cache
def numpy_random() -> Any:
    """`numpy.random`, which NumPy imports when it is first asked for."""
    with importing("numpy.random"):
        return np.random


def philox(key: int, first: int = 0) -> np.random.Philox:
    """The generator for a 64-bit key, ready to give its 64-bit number `first`.

    >>> bool((philox(7, 5).random_raw(3) == philox(7).random_raw(8)[5:]).all())
    True
    """
    source: np.random.Philox = numpy_random().Philox(_key_type()(key))
    if first:
        source.advance(first // BLOCK)
        source.random_raw(first % BLOCK)
    return source


def row_bits(source: np.random.BitGenerator, epochs: int, rows: int) -> Array:
    """(epochs, rows) of uint32: 32 random bits for each row; each epoch begins with a whole 64-bit
    number.
    """
    draws = -(-rows // 2)
    drawn = source.random_raw(epochs * draws).astype("<u8", copy=False)
    bits = drawn.view("<u4").reshape(epochs, 2 * draws)[:, :rows]
    return np.ascontiguousarray(bits, np.uint32)


@functools.cache
def _key_type() -> type:
    """Where Philox gets its key from; `Philox(key=)` first asks the system for random bits, and
    takes four times as long.
    """
    numpy_random()
    from numpy.random.bit_generator import ISeedSequence  # NOTE: only now, as it imports all

    class Key(ISeedSequence):
        def __init__(self, key: int) -> None:
            self.key = key

        def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
            words = np.zeros(n_words, dtype)
            words[0] = self.key
            return words

    return Key
