"""Columns of arrays and of tables in one form: numbers, and codes of levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...typing import Array


@dataclass(frozen=True)
class Columns:
    """Rows by columns that have names, those of numbers first.

    `numbers` are (rows, m) with NaN where one is missing; `codes` are (rows, c) integers of the
    levels of a category, -1 where it is missing, the same level having the same code in all parts
    of the data.
    """

    names: tuple[str, ...]
    numbers: Array
    codes: Array

    def __len__(self) -> int:
        return len(self.numbers)

    def values(self, name: str) -> Array:
        """The values of a column: numbers, or the codes of its levels."""
        at, count = self.names.index(name), self.numbers.shape[1]
        return self.numbers[:, at] if at < count else self.codes[:, at - count]

    def is_number(self, name: str) -> bool:
        """Whether a column holds numbers."""
        return self.names.index(name) < int(self.numbers.shape[1])

    def take(self, rows: Array) -> Columns:
        """Some of the rows."""
        return Columns(self.names, self.numbers[rows], self.codes[rows])

    def without(self, names: Sequence[str]) -> Columns:
        """All but some of the columns."""
        kept = np.array([name not in names for name in self.names], bool)
        count = self.numbers.shape[1]
        return Columns(
            tuple(name for name in self.names if name not in names),
            self.numbers[:, kept[:count]],
            self.codes[:, kept[count:]],
        )

    def below(self, other: Columns) -> Columns:
        """These rows, and those of another part of the data below them."""
        return Columns(
            self.names,
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.codes, other.codes]),
        )


def of_array(x: Array, names: Sequence[str] | None = None) -> Columns:
    """The columns of an array (rows, ...), by default called x0, x1, ...

    >>> of_array(np.zeros((5, 2))).names
    ('x0', 'x1')
    """
    flat = np.asarray(x).reshape(len(x), -1)
    if flat.dtype.kind != "f":
        flat = flat.astype(np.float32)
    called = tuple(names) if names is not None else tuple(f"x{i}" for i in range(flat.shape[1]))
    return Columns(called, flat, np.zeros((len(flat), 0), np.int64))
