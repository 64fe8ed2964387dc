"""Columns that say nothing or the same as another, and rows on both sides of a split."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...typing import Array
from .columns import Columns

_MAX_ROWS = 20_000
_ALIKE = 1e-4  # deviations between a column and the copy of another
_BITS = 20.0  # by which two columns are no copies by chance, beyond those of all pairs
_SPARSE_ROWS = 2000
_SPARSE_SHARE, _SPARSE_COLUMNS = 0.5, 0.1


def constants(columns: Columns) -> list[str]:
    """The columns that hold one value, or none, in all rows."""
    numbers = columns.numbers
    if not len(columns):
        return []
    with np.errstate(invalid="ignore"):
        same = (numbers == numbers[:1]).all(axis=0) | np.isnan(numbers).all(axis=0)
    codes = (columns.codes == columns.codes[:1]).all(axis=0)
    flags = np.concatenate([same, codes])
    return [name for name, constant in zip(columns.names, flags, strict=True) if constant]


def is_sparse(columns: Columns) -> bool:
    """Whether many columns hold one value in most rows, as pixels and levels one-hot do; that some
    hold it in all rows is no news then.
    """
    some = columns.numbers[:: max(1, len(columns) // _SPARSE_ROWS)]
    if not some.size:
        return False
    middle = np.sort(some, axis=0)[len(some) // 2]  # a value of more than half the rows is here
    share = (some == middle).mean(axis=0)
    return bool(((share > _SPARSE_SHARE) & (share < 1)).mean() > _SPARSE_COLUMNS)


@dataclass(frozen=True)
class Copy:
    """A column that is `slope` times another plus `offset` in every row; levels have slope 1."""

    name: str
    original: str
    slope: float
    offset: float


def duplicates(columns: Columns) -> list[Copy]:
    """Columns that are copies of one before them, also in another unit."""
    part = columns
    if len(columns) > _MAX_ROWS:
        part = columns.take(np.linspace(0, len(columns) - 1, _MAX_ROWS).astype(np.int64))
    return [*_numbers(part), *_levels(part)]


def _numbers(columns: Columns) -> list[Copy]:
    """Columns of numbers whose deviations from their means are in one ratio."""
    values = columns.numbers.astype(np.float64, copy=False)
    if len(values) < 2 or values.shape[1] < 2:
        return []
    missing = ~np.isfinite(values)
    count = np.maximum((~missing).sum(axis=0), 1)
    filled = np.where(missing, 0.0, values)
    means = filled.sum(axis=0) / count
    centered = np.where(missing, 0.0, values - means)
    spreads = np.sqrt((centered**2).sum(axis=0) / count)
    used = np.flatnonzero((spreads > 1e-6 * np.abs(means)) & (spreads > 0) & np.isfinite(spreads))
    unit = centered[:, used] / spreads[used]
    # NOTE: a copy upside down has the negative of all sums, so their sizes are compared.
    keys = np.abs(np.random.default_rng(0).normal(size=(2, len(unit))) @ unit)
    keys /= math.sqrt(len(unit))
    order = np.argsort(keys[0], kind="stable")
    copies: list[Copy] = []
    copied: set[int] = set()
    for index, first in enumerate(order):
        for second in order[index + 1 :]:
            if keys[0, second] - keys[0, first] > _ALIKE:
                break
            a, b = sorted((int(first), int(second)))
            if b in copied or abs(keys[1, a] - keys[1, b]) > _ALIKE:
                continue
            sign = 1.0 if float(unit[:, a] @ unit[:, b]) > 0 else -1.0
            alike = np.abs(unit[:, b] - sign * unit[:, a]).max() < 10 * _ALIKE
            same = (missing[:, used[a]] == missing[:, used[b]]).all()
            if not (alike and same) or _opposite_answers(values[:, used[a]], sign):
                continue
            if _bits(values[:, used[a]]) < _BITS + 2 * math.log2(values.shape[1]):
                continue
            slope = sign * spreads[used[b]] / spreads[used[a]]
            offset = means[used[b]] - slope * means[used[a]]
            names = columns.names
            copied.add(b)
            copies.append(Copy(names[used[b]], names[used[a]], float(slope), float(offset)))
    return copies


def _opposite_answers(values: Array, sign: float) -> bool:
    """Whether a column is 1 where the other is 0: the two answers of one question, one-hot."""
    known = values[np.isfinite(values)]
    return sign < 0 and bool(((known == 0) | (known == 1)).all())


def _bits(values: Array) -> float:
    """How much the rows of a column say: entropy times rows, in bits."""
    counts = np.unique(values, return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum() * len(values))


def _levels(columns: Columns) -> list[Copy]:
    """Columns of levels that are renamed copies of one another."""
    seen: dict[bytes, str] = {}
    copies = []
    names = columns.names[columns.numbers.shape[1] :]
    for name, codes in zip(names, columns.codes.T, strict=True):
        _, first, order = np.unique(codes, return_index=True, return_inverse=True)
        # Levels by the order in which they come: the same for a column with other names for them.
        renamed = np.argsort(np.argsort(first))[order]
        enough = _bits(codes) >= _BITS + 2 * math.log2(max(len(columns.names), 2))
        key = renamed.astype(np.int32).tobytes()
        if enough and key in seen:
            copies.append(Copy(name, seen[key], 1.0, 0.0))
        seen.setdefault(key, name)
    return copies


# --- rows ---------------------------------------------------------------------------------------

_LEAST_ROWS, _LEAST_SHARE = 3, 0.01
_MORE_THAN_CHANCE = 5.0


@dataclass(frozen=True)
class RepeatedRows:
    """Rows held out that the model was trained on: their numbers, and of the same training rows.

    `by_chance` is how many there would be if columns were independent; `other_label` counts further
    rows that are the same but for their label.
    """

    rows: Array
    trained: Array
    by_chance: float
    other_label: int
    held_out: int

    @property
    def share(self) -> float:
        """The share of the rows held out."""
        return len(self.rows) / self.held_out


def repeated_rows(
    train: Array, held_out: Array, labels: Array | None = None, held_labels: Array | None = None
) -> RepeatedRows | None:
    """Rows (rows, features) of one part that stand in another too, unless that is to be expected.

    Where columns have few values, rows repeat by chance; as many as that say nothing.
    """
    if not len(train) or not len(held_out) or train.shape[1:] != held_out.shape[1:]:
        return None
    keys, others = _keys(train), _keys(held_out)
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys[order], others), len(keys) - 1)
    twin = order[at]
    rows = np.flatnonzero(keys[twin] == others)
    differ = 0
    if labels is not None and held_labels is not None:
        # The same measurement made again has another result: no copy, though it helps a little.
        alike = labels[twin[rows]] == held_labels[rows]
        differ, rows = int((~alike).sum()), rows[alike]
    if len(rows) < max(_LEAST_ROWS, _LEAST_SHARE * len(held_out)):
        return None
    # Of rows that are there several times one, or copies would count as values that are frequent.
    once = train[np.unique(keys, return_index=True)[1]]
    expected = len(held_out) * min(1.0, len(train) * _chance_alike(once))
    if len(rows) < _MORE_THAN_CHANCE * expected + _LEAST_ROWS:
        return None
    return RepeatedRows(rows, twin[rows], expected, differ, len(held_out))


def _keys(rows: Array) -> Array:
    """A number for each row, equal for equal rows and hardly ever else."""
    flat = np.ascontiguousarray(rows.reshape(len(rows), -1))
    if flat.dtype.kind == "f":
        flat = flat.astype(np.float32) + 0.0  # -0 is 0
    data = np.frombuffer(flat.tobytes(), np.uint8).reshape(len(flat), -1)
    width = -data.shape[1] % 8
    words = np.pad(data, ((0, 0), (0, width))).view(np.uint64)
    factors = np.random.default_rng(0).integers(1, 2**63, words.shape[1], np.uint64) * 2 + 1
    mixed = words ^ (words >> np.uint64(29))
    keys: Array = (mixed * factors).sum(axis=1, dtype=np.uint64)
    return keys


def _chance_alike(rows: Array) -> float:
    """The chance that two rows are the same, if columns were independent."""
    flat = rows.reshape(len(rows), -1)
    chance = 1.0
    for column in flat.T:
        counts = np.unique(column, return_counts=True)[1].astype(float)
        # Pairs of two rows: a value that occurs once does not repeat.
        chance *= float((counts * (counts - 1)).sum() / max(len(flat) * (len(flat) - 1), 1))
        if chance * len(flat) < 1e-6:
            break
    return chance
