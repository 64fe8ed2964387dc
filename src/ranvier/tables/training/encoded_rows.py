"""Rows as networks read them: those to learn from, and those held out behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...typing import Array

Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class EncodedRows:
    """The encoder's arrays and the targets of all rows that a training knows.

    The first `learned` rows are learned from, the others choose the best epoch. `y` holds indices
    of classes or numbers (Encoder.encode_target).
    """

    arrays: Arrays
    y: Array
    learned: int

    @classmethod
    def joined(cls, arrays: Arrays, y: Array, held_out: Arrays, y_held_out: Array) -> EncodedRows:
        """Both parts, one below the other."""
        both = {name: np.concatenate([a, held_out[name]]) for name, a in arrays.items()}
        return cls(both, np.concatenate([y, y_held_out]), len(y))

    @property
    def to_learn(self) -> tuple[dict[str, Array], Array]:
        """Arrays and targets of the rows to learn from: views."""
        return {name: a[: self.learned] for name, a in self.arrays.items()}, self.y[: self.learned]

    @property
    def held_out(self) -> tuple[dict[str, Array], Array]:
        """Arrays and targets of the rows held out: views."""
        return {name: a[self.learned :] for name, a in self.arrays.items()}, self.y[self.learned :]

    def take(self, rows: Array) -> dict[str, Array]:
        """The arrays of these rows."""
        return {name: a[rows] for name, a in self.arrays.items()}
