"""Pairs of large categories: the mean target of two levels that occur together.

Who asks for which resource can say more than either alone. A network that sees each category by
itself has to find such pairs in rows that hold them a few times each; their mean target says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ...typing import Array
from ..columns import Column
from .parts import MIN_STATISTICS, Blocks, Labels, Part
from .statistics import codes_of, cross_fitting, means_of, training_levels

if TYPE_CHECKING:
    import polars

_MAX_CROSSED = 8  # columns, those of the most levels
_MAX_CELLS = 8_000_000  # rows x pairs that are looked at
_LEAST_GAIN = 1.1  # what a pair must tell of the target, over the better one of its columns
_LEAST_TOLD = 0.005  # of the variance of the target, more than that


class CrossedPart(Part):
    """The mean target of pairs of levels, as `CodePart` has that of single ones.

    A pair of columns is kept where both together tell more of the target than each of them does
    alone, measured on training rows that the means do not come from.

    `column` describes the part as a whole; its cells are a struct of the columns that are paired.
    """

    kind = "crossed"

    def __init__(
        self, column: Column, state: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> None:
        super().__init__(column, state, arrays)
        self.crossed = [Column.restore(config) for config in self.state["columns"]]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.crossed)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The columns of each pair, as indices of `sources`."""
        return [(i, j) for i, j in self.state["pairs"]]

    @classmethod
    def of_columns(cls, table: polars.DataFrame, columns: Sequence[Column], labels: Labels) -> Self:
        """The part for the training rows of a table; `pairs` may be empty."""
        state = {
            "columns": [_without_cells(column) for column in columns],
            "levels": [training_levels(table[c.name], c, 2) for c in columns],
            "pairs": [],
        }
        part = cls(_whole(columns, table.height), state, {})
        codes = part._codes_of_columns(part.read(table))
        alone = [_told(column, labels) for column in codes.T]
        means: dict[str, Array] = {}
        for i, j in combinations(range(len(columns)), 2):
            keys = _keys(codes, i, j)
            if _told(keys, labels) < _LEAST_GAIN * max(alone[i], alone[j], 0.0) + _LEAST_TOLD:
                continue
            name = str(len(part.pairs))
            part.state["pairs"].append([i, j])
            known, index = _known(keys)
            means[f"keys {name}"] = known
            means[f"means {name}"] = means_of(index, labels.outputs, len(known) + 1)
        part.arrays = means
        return part

    def read(self, table: polars.DataFrame) -> polars.Series:
        return table.select(self.sources).to_struct(self.column.name)

    def transform(self, series: polars.Series) -> Blocks:
        codes = self._codes_of_columns(series)
        columns = []
        for name, (i, j) in enumerate(self.pairs):
            index = _index(_keys(codes, i, j), self.arrays[f"keys {name}"])
            columns.append(self.arrays[f"means {name}"][index])
        return Blocks(np.concatenate(columns, axis=1).astype(np.float32))

    def transform_training(self, series: polars.Series, labels: Labels) -> Blocks:
        codes = self._codes_of_columns(series)
        columns = [_cross_fitted(_keys(codes, i, j), labels) for i, j in self.pairs]
        return Blocks(np.concatenate(columns, axis=1).astype(np.float32))

    def names(self) -> tuple[list[str], list[str], list[str]]:
        outputs = self.arrays["means 0"].shape[1] if self.pairs else 0
        suffixes = [""] if outputs == 1 else [f" {i}" for i in range(outputs)]
        sources = self.sources
        return (
            [
                f"{sources[i]} with {sources[j]} mean target{suffix}"
                for i, j in self.pairs
                for suffix in suffixes
            ],
            [],
            [],
        )

    def _codes_of_columns(self, series: polars.Series) -> Array:
        """(rows, columns): the code of the level in each of the columns."""
        table = series.struct.unnest()
        levels = zip(self.crossed, self.state["levels"], strict=True)
        return np.stack([codes_of(table[c.name], c, known) for c, known in levels], axis=1)


def crossed_part(
    table: polars.DataFrame, columns: Sequence[Column], labels: Labels
) -> CrossedPart | None:
    """The part for those columns of a table that tell more in pairs; None if there are none."""
    large = [c for c in columns if c.kind == "category" and c.distinct > MIN_STATISTICS]
    large = sorted(large, key=lambda c: -c.distinct)[:_MAX_CROSSED]
    while len(large) * (len(large) - 1) // 2 * table.height > _MAX_CELLS:
        large.pop()
    if len(large) < 2:
        return None
    part = CrossedPart.of_columns(table, large, labels)
    return part if part.pairs else None


def _whole(columns: Sequence[Column], rows: int) -> Column:
    named = ", ".join(column.name for column in columns)
    return Column(f"pairs of {named}", "category", "pairs of large categories", rows, 0, 0)


def _without_cells(column: Column) -> dict[str, Any]:
    """A column as this part needs it; the levels of training are in the part."""
    return {**column.config(), "profile": {}, "notes": (), "levels": ()}


def _keys(codes: Array, i: int, j: int) -> Array:
    """One integer for both levels of a row; 0 where one of them is missing, unseen or single."""
    first, second = codes[:, i].astype(np.int64), codes[:, j].astype(np.int64)
    return np.asarray(np.where((first > 0) & (second > 0), first << 32 | second, 0))


def _known(keys: Array) -> tuple[Array, Array]:
    """The keys that occur twice or more, in order, and the index of each row's (0: none)."""
    values, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    kept = (counts > 1) & (values > 0)
    index = np.where(kept, np.cumsum(kept), 0)
    return values[kept], index[inverse]


def _index(keys: Array, known: Array) -> Array:
    """1 and up for known keys, 0 for others."""
    if not len(known):
        return np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, at + 1, 0)


def _cross_fitted(codes: Array, labels: Labels) -> Array:
    """(rows, outputs): the mean target of a row's key over other parts of the rows."""
    known, index = _known(codes)
    means = np.empty(labels.outputs.shape)
    for part, rest in cross_fitting(len(codes), labels.seed):
        means[part] = means_of(index[rest], labels.outputs[rest], len(known) + 1)[index[part]]
    return means


def _told(codes: Array, labels: Labels) -> float:
    """The share of the target's variance that the cross-fitted means explain."""
    outputs = labels.outputs
    errors = ((outputs - _cross_fitted(codes, labels)) ** 2).sum()
    return float(1 - errors / max(((outputs - outputs.mean(axis=0)) ** 2).sum(), 1e-30))
