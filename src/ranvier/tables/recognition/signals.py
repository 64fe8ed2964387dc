"""Signals in columns: what each one alone tells of the target, copies of columns and of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...diagnosis.data.alone import outputs_of, quantile_bins, score_alone
from ...typing import Array
from ..columns import Column
from ..targets import Target
from . import cells, profiles

if TYPE_CHECKING:
    import polars

_MAX_ROWS = 10_000  # that are looked at
_MAX_COLUMNS = 300
_MAX_CLASSES = 20
_MIN_ROWS = 40
_MAX_KEY_ROWS = 50


@np.errstate(over="ignore", invalid="ignore")
def single_scores(
    frame: polars.DataFrame, columns: Sequence[Column], goal: Target
) -> dict[str, float]:
    """How well each column alone predicts the target on held-out rows: ROC area, or R2.

    The prediction of a row is the mean target of the training rows in the same bin of the column:
    the same level, or one of 64 quantiles.
    """
    rows = np.flatnonzero(goal.values >= 0 if goal.classes else np.isfinite(goal.values))
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(rows)[:_MAX_ROWS])
    if len(rows) < _MIN_ROWS:
        return {}
    part = frame[rows]
    target = goal.values[rows]
    half = random.permutation(len(rows)) < len(rows) // 2
    outputs = outputs_of(target, len(goal.classes))
    classes = bool(goal.classes)
    scores = {}
    for column in columns[:_MAX_COLUMNS]:
        if column.name == goal.column.name or column.kind in ("constant", "text"):
            continue
        bins = _bins(part[column.name], column, half)
        values = None
        if column.kind == "number":
            values = cells.numbers(part[column.name], column.parsing).to_numpy()
        scores[column.name] = score_alone(bins, outputs, half, classes, values)[0]
    return scores


def _bins(series: polars.Series, column: Column, half: Array) -> Array:
    """The bin of each row; the bounds of quantiles come from the rows of `half`."""
    numeric = column.kind == "number" or column.kind == "identifier"
    if column.kind == "date":
        values = profiles.date_values(series, column.parsing).cast(float).to_numpy()
    elif numeric:
        values = cells.numbers(series, column.parsing).to_numpy()
        numeric = bool(np.isfinite(values).any())
    if column.kind == "date" or numeric:
        return quantile_bins(values, half)
    text = cells.text(series, column.parsing).fill_null("")
    return np.asarray(np.unique(text.to_numpy().astype(str), return_inverse=True)[1])


# --- copies -------------------------------------------------------------------------------------


def copies(frame: polars.DataFrame, columns: Sequence[Column], goal: Target) -> dict[str, str]:
    """Columns that are the same as another in every row: {copy: original}; the target comes first.

    A column also copies the target when each of its levels stands for one class and back.
    """
    copied: dict[str, str] = {}
    seen: dict[tuple[object, ...], list[str]] = {}
    target = goal.column.name
    used = [c for c in columns if c.used or c.name == target]
    for column in sorted(used, key=lambda c: c.name != target):
        series = frame[column.name]
        key = (column.distinct, column.missing, str(series.dtype), *series.head(_MAX_KEY_ROWS))
        for other in seen.get(key, []):
            if series.equals(frame[other], check_names=False):
                copied[column.name] = other
                break
        else:
            seen.setdefault(key, []).append(column.name)
            if column.name != target and _renames(frame, column, goal):
                copied[column.name] = target
    return copied


def _renames(frame: polars.DataFrame, column: Column, goal: Target) -> bool:
    """Whether a column has the classes of the target by other names."""
    if not goal.classes or column.distinct != len(goal.classes) or column.kind == "date":
        return False
    if column.distinct > _MAX_CLASSES or goal.missing > 0.5 * len(goal.values):
        return False
    text = cells.text(frame[column.name], column.parsing).fill_null("")
    known = goal.values >= 0
    pairs = {(a, b) for a, b in zip(text.to_numpy()[known], goal.values[known], strict=True)}
    return len(pairs) == len(goal.classes)


def duplicated_rows(frame: polars.DataFrame) -> int:
    """How many rows are copies of one before them."""
    return frame.height - int(frame.hash_rows().n_unique())
