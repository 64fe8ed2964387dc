"""Signals in columns: what each one alone tells of the target, copies of columns and of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...typing import Array
from ..columns import Column
from ..targets import Target
from . import cells, profiles

if TYPE_CHECKING:
    import polars

_MAX_ROWS = 10_000  # that are looked at
_MAX_COLUMNS = 300
_BINS = 64
_SMOOTHING = 2.0
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
    outputs = _outputs(target, len(goal.classes))
    scores = {}
    for column in columns[:_MAX_COLUMNS]:
        if column.name == goal.column.name or column.kind in ("constant", "text"):
            continue
        bins = _bins(part[column.name], column, half)
        means = _means_by_bin(bins[half], outputs[half], int(bins.max()) + 1)
        predicted = means[bins[~half]]
        score = _score(predicted, outputs[~half], bool(goal.classes))
        if column.kind == "number":
            score = max(score, _monotone_score(part[column.name], column, outputs, goal))
        scores[column.name] = score if np.isfinite(score) else 0.0
    return scores


def _outputs(target: Array, classes: int) -> Array:
    """(rows, 1) numbers, or (rows, classes) of 0 and 1, one column for two classes."""
    if not classes:
        return target[:, None].astype(float)
    some = np.arange(1, 2) if classes == 2 else np.arange(min(classes, _MAX_CLASSES))
    return np.asarray(target[:, None] == some, float)


def _bins(series: polars.Series, column: Column, half: Array) -> Array:
    """The bin of each row; the bounds of quantiles come from the rows of `half`."""
    numeric = column.kind == "number" or column.kind == "identifier"
    if column.kind == "date":
        values = profiles.date_values(series, column.parsing).cast(float).to_numpy()
    elif numeric:
        values = cells.numbers(series, column.parsing).to_numpy()
        numeric = bool(np.isfinite(values).any())
    if column.kind == "date" or numeric:
        known = np.isfinite(values)
        train = np.sort(values[half & known])
        if not len(train):
            return np.zeros(len(values), np.int64)
        edges = np.unique(train[np.linspace(0, len(train) - 1, _BINS + 1).astype(int)])
        return np.where(known, np.searchsorted(edges, values, side="right") + 1, 0)
    text = cells.text(series, column.parsing).fill_null("")
    return np.asarray(np.unique(text.to_numpy().astype(str), return_inverse=True)[1])


def _means_by_bin(bins: Array, outputs: Array, count: int) -> Array:
    """The mean of each output in each bin, drawn a little towards the mean of all."""
    sizes = np.bincount(bins, minlength=count)[:, None]
    sums = np.stack([np.bincount(bins, o, minlength=count) for o in outputs.T], axis=1)
    overall = outputs.mean(axis=0)
    return np.asarray((sums + _SMOOTHING * overall) / (sizes + _SMOOTHING))


def _score(predicted: Array, outputs: Array, classes: bool) -> float:
    if classes:
        pairs = zip(predicted.T, outputs.T, strict=True)
        return max((_roc_area(p, o) for p, o in pairs), default=0.5)
    error = ((predicted - outputs) ** 2).sum()
    total = ((outputs - outputs.mean()) ** 2).sum()
    return float(1 - error / total) if total else 0.0


def _monotone_score(series: polars.Series, column: Column, outputs: Array, goal: Target) -> float:
    """The score of the number itself, up or down; there is nothing to fit in it."""
    values = cells.numbers(series, column.parsing).to_numpy()
    known = np.isfinite(values)
    if known.sum() < _MIN_ROWS or known.mean() < 0.5:
        return 0.0
    values = values[known]
    if goal.classes:
        areas = [_roc_area(values, output[known]) for output in outputs.T]
        return max(max(area, 1 - area) for area in areas)
    target = outputs[known, 0]
    if not values.std() or not target.std() or not np.isfinite(values.std()):
        return 0.0
    return float(np.corrcoef(values / values.std(), target)[0, 1] ** 2)


def _roc_area(score: Array, positive: Array) -> float:
    """The area under the ROC curve; ties count half."""
    count = positive.sum()
    if count in (0, len(positive)):
        return 0.5
    _, index, sizes = np.unique(score, return_inverse=True, return_counts=True)
    ranks = np.cumsum(sizes) - (sizes - 1) / 2
    above = ranks[index][positive == 1].sum() - count * (count + 1) / 2
    return float(above / (count * (len(positive) - count)))


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
