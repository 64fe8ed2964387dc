"""Profiles of columns: quantiles, histograms and the most frequent values, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import cells, dates

if TYPE_CHECKING:
    import polars

    from ..columns import Column

_BINS = 20
_MAX_VALUES = 20


def profile(series: polars.Series, column: Column) -> dict[str, Any]:
    """What a report shows of a column, by its kind."""
    if column.kind == "number":
        return _of_numbers(cells.numbers(series, column.parsing).drop_nulls().to_numpy())
    if column.kind == "date":
        when = date_values(series, column.parsing).drop_nulls()
        return {"first": str(when.min()), "last": str(when.max())} if len(when) else {}
    text = cells.text(series, column.parsing).drop_nulls()
    if column.kind == "text":
        lengths = text.str.len_chars().cast(float)
        words = text.str.count_matches(r"\s+").cast(float)
        return {"characters": lengths.mean(), "words": (words + 1).mean(), "example": text.first()}
    counts = text.value_counts(sort=True, name="count").head(_MAX_VALUES)
    return {"values": [[value, count] for value, count in counts.iter_rows()]}


def _finite(number: np.floating[Any]) -> float | None:
    return float(number) if np.isfinite(number) else None


@np.errstate(over="ignore", invalid="ignore")
def _of_numbers(values: Any) -> dict[str, Any]:
    if not len(values):
        return {}
    # Between two numbers near the limit of float64 there is no mean: then one of them.
    quantiles = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    if not np.isfinite(quantiles).all():
        quantiles = np.quantile(values, [0, 0.25, 0.5, 0.75, 1], method="lower")
    low, q25, median, q75, high = quantiles.tolist()
    facts: dict[str, Any] = {
        "min": low, "q25": q25, "median": median, "q75": q75, "max": high,
        "mean": _finite(values.mean()), "std": _finite(values.std()),
        "zeros": int((values == 0).sum()),
    }  # fmt: skip
    if high > low and np.isfinite(high - low):
        counts, edges = np.histogram(values, _BINS)
        facts["histogram"] = [counts.tolist(), edges.tolist()]
    return facts


def date_values(series: polars.Series, parsing: cells.Parsing) -> polars.Series:
    """Cells of a column of dates as datetimes in microseconds."""
    import polars as pl

    if parsing["as"] == "epoch":
        values = cells.numbers(series) * (1e6 / parsing["scale"])
        return pl.Series(cells.NAME, values.cast(pl.Int64, strict=False), pl.Datetime("us"))
    series = series.alias(cells.NAME)
    if series.dtype == pl.Date:
        return series.cast(pl.Datetime("us"))
    if series.dtype == pl.Datetime:
        if series.dtype.time_zone is not None:  # type: ignore[attr-defined]
            series = series.dt.replace_time_zone(None)
        return series.dt.cast_time_unit("us")
    spellings = parsing.get("spellings") or ["ymd", "compact"]
    return dates.parse(cells.text(series), spellings)
