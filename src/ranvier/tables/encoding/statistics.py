"""Statistics of levels: which occur, their codes, and the mean target of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...typing import Array
from ..columns import Column
from ..recognition import cells

if TYPE_CHECKING:
    import polars

_CROSS_FITTED = 5
_MAX_CLASSES = 10


def training_levels(series: polars.Series, column: Column, at_least: int) -> list[str]:
    """The levels that occur so often in training, most frequent first."""
    counts = cells.text(series, column.parsing).drop_nulls().value_counts(name="count of cells")
    counts = counts.filter(counts["count of cells"] >= at_least)
    counts = counts.sort(["count of cells", cells.NAME], descending=[True, False])
    return [str(level) for level in counts[cells.NAME].to_list()]


def codes_of(series: polars.Series, column: Column, levels: list[str]) -> Array:
    """1 and up for the levels, 0 for missing and for others."""
    import polars as pl

    text = cells.text(series, column.parsing)
    codes = text.replace_strict(
        levels, list(range(1, len(levels) + 1)), default=0, return_dtype=pl.Int64
    )
    return codes.fill_null(0).to_numpy()


def means_of(codes: Array, outputs: Array, size: int) -> Array:
    """(size, outputs): the mean of each output over the rows of a code, drawn to that of all.

    A level of n rows has the weight n / (n + m) with m the variance within levels over that
    between them. Code 0 is the mean of all rows.
    """
    counts = np.bincount(codes, minlength=size)[:, None].astype(float)
    sums = np.stack([np.bincount(codes, o, minlength=size) for o in outputs.T], axis=1)
    overall = outputs.mean(axis=0)
    raw = sums / np.maximum(counts, 1)
    within = ((outputs - raw[codes]) ** 2).sum(axis=0) / max(1, len(codes) - (counts > 0).sum())
    spread = (counts * (raw - overall) ** 2).sum(axis=0) / max(1, len(codes)) - within * (
        (counts > 0).sum() / max(1, len(codes))
    )
    weight = np.clip(within / np.maximum(spread, 1e-12), 1.0, 100.0)
    means = (sums + weight * overall) / (counts + weight)
    means[0] = overall
    return np.asarray(means)


def cross_fitting(rows: int, seed: int) -> list[tuple[Array, Array]]:
    """(rows of a part, all other rows) for five parts at random."""
    of_row = np.random.default_rng(seed).permutation(rows) % _CROSS_FITTED
    return [
        (np.flatnonzero(of_row == k), np.flatnonzero(of_row != k)) for k in range(_CROSS_FITTED)
    ]


def outputs(target: Array, classes: int) -> Array:
    """(rows, outputs): numbers, or 0 and 1: one column for two classes, else one for each."""
    if not classes:
        return np.asarray(target, float)[:, None]
    some = np.arange(1, 2) if classes == 2 else np.arange(min(classes, _MAX_CLASSES))
    return np.asarray(target[:, None] == some, float)
