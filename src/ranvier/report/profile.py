"""What the columns of a table hold, from the profiles made when they were recognized."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..base.quantities import number_text
from ..tables.columns import Column
from ..typing import Array
from .results import ColumnProfile, Histogram

if TYPE_CHECKING:
    import polars

_TARGET_BINS = 40
_LEVELS = 12
_LABEL_LENGTH = 60


def profile(column: Column) -> ColumnProfile:
    """The profile of one column of the whole table."""
    facts = column.profile
    texts: list[str] = []
    histogram = Histogram(())
    if "min" in facts:
        texts = [number_text(facts[key]) for key in ("min", "median", "max")]
        if "histogram" in facts:
            counts, edges = facts["histogram"]
            histogram = Histogram(tuple(counts), tuple(edges))
    elif "first" in facts:
        texts = [facts[key][:19].removesuffix(" 00:00:00") for key in ("first", "last")]
    elif "example" in facts:
        texts = [str(facts["example"])[:_LABEL_LENGTH]]
    elif "values" in facts:
        values = [(str(label)[:_LABEL_LENGTH], int(count)) for label, count in facts["values"]]
        texts = [f"{label} ({count:,})" for label, count in values[:3]]
        histogram = Histogram(
            tuple(count for _, count in values[:_LEVELS]),
            labels=tuple(label for label, _ in values[:_LEVELS]),
        )
    low, middle, high = [*texts, "", "", ""][:3]
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        reason=column.reason,
        rows=column.rows,
        missing=column.missing,
        distinct=column.distinct,
        used=column.used,
        notes=tuple(column.notes),
        low=low,
        middle=middle,
        high=high,
        histogram=histogram,
    )


def target_profile(truth: Array, classes: Sequence[str]) -> Histogram:
    """How many rows each class has, most frequent first, or how the numbers are spread."""
    if not classes:
        return histogram_of(truth, _TARGET_BINS)
    counts = np.bincount(truth[truth >= 0].astype(np.int64), minlength=len(classes))
    order = np.argsort(-counts, kind="stable")
    shown = order[:_LEVELS]
    return Histogram(
        tuple(int(counts[i]) for i in shown),
        labels=tuple(classes[i][:_LABEL_LENGTH] for i in shown),
        others=int(counts[order[_LEVELS:]].sum()),
    )


def numbers(series: polars.Series) -> Array | None:
    """The finite values of a column as numbers (dates in seconds); None where it holds text."""
    import polars as pl

    dtype = series.dtype
    if dtype.is_temporal():
        series = series.cast(pl.Datetime("us"), strict=False).dt.epoch("s")
    elif not (dtype.is_numeric() or dtype == pl.Boolean):
        return None
    # NOTE: a cast or drop_nulls of polars costs a third of a millisecond, however few the rows.
    values = series.to_numpy()
    if values.dtype.kind not in "iuf":
        values = series.cast(pl.Float64, strict=False).to_numpy()
    values = values.astype(np.float64)
    return np.asarray(values[np.isfinite(values)])


def histogram_of(values: Array, bins: int) -> Histogram:
    """Counts of values in bins of equal width; a far value does not squeeze the others.

    Values beyond the outermost thousandths count in the first and last bin where they lie far out.
    """
    values = np.asarray(values, np.float64)
    if not len(values):
        return Histogram(())
    low, high = float(values.min()), float(values.max())
    inner_low, inner_high = np.quantile(values, [0.005, 0.995])
    if inner_high > inner_low and high - low > 3 * (inner_high - inner_low):
        low, high = max(low, float(inner_low)), min(high, float(inner_high))
    if not high - low > 1e-9 * max(abs(low), abs(high)):
        room = abs(low) * 0.01 or 0.5
        low, high = low - room, high + room
    edges = np.linspace(low, high, bins + 1)
    counts, _ = np.histogram(np.clip(values, low, high), edges)
    return Histogram(tuple(map(int, counts)), tuple(map(float, edges)))
