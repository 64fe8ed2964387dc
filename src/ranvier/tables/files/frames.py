"""Frames of pandas, polars, pyarrow and others, and dicts of columns, as polars frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.message import Message
from ...errors import DataError
from ..choice import Choice
from .delimited import column_names

if TYPE_CHECKING:
    import polars

_LIBRARIES = ("pandas", "polars", "pyarrow", "narwhals", "modin", "cudf", "dask", "duckdb")


def is_frame(value: object) -> bool:
    """Whether a value is a table of a library that is read through narwhals."""
    return type(value).__module__.partition(".")[0] in _LIBRARIES


def from_frame(value: object) -> tuple[polars.DataFrame, list[Choice]]:
    """A frame, a dict of columns or a list of dicts as a polars frame."""
    import polars as pl

    if isinstance(value, pl.DataFrame):
        return value, []
    if isinstance(value, pl.LazyFrame):
        return value.collect(), []
    if isinstance(value, list):
        if not value or not all(isinstance(row, Mapping) for row in value):
            raise DataError("expected a table: a list of dicts, one for each row, or a frame")
        names = list(dict.fromkeys(name for row in value for name in row))
        value = {name: [row.get(name) for row in value] for name in names}
    if isinstance(value, Mapping):
        if value and all(map(_is_cell, value.values())):
            value = {name: [cell] for name, cell in value.items()}  # one row
        one = [name for name, cells in value.items() if _is_cell(cells)]
        if one:
            raise DataError(f"column {one[0]!r}: expected a list of cells, got {value[one[0]]!r}")
        lengths = {str(name): len(cells) for name, cells in value.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"columns have different numbers of rows: {lengths}")
        return _from_columns([str(n) for n in value], list(value.values())), []
    return _by_narwhals(value)


def _by_narwhals(value: object) -> tuple[polars.DataFrame, list[Choice]]:
    import narwhals.stable.v2 as nw
    import polars as pl

    if type(value).__module__.partition(".")[0] in ("pandas", "modin", "cudf"):
        frame: Any = value
        if getattr(frame, "ndim", 2) == 1:
            frame = frame.to_frame()
        names, choices = column_names([str(name) for name in frame.columns])
        cells = [frame.iloc[:, i] for i in range(len(names))]
        return _from_columns(list(names), cells), choices
    try:
        native = nw.from_native(value)  # type: ignore[call-overload]
    except TypeError:
        raise DataError(f"expected a table, got {type(value).__name__}") from None
    if isinstance(native, nw.LazyFrame):
        native = native.collect("polars")
    frame = native.to_polars()
    return (frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)), []


def _from_columns(names: list[str], columns: list[Any]) -> polars.DataFrame:
    import polars as pl

    return pl.DataFrame([_series(n, c) for n, c in zip(names, columns, strict=True)])


def _series(name: str, cells: Any) -> polars.Series:
    """A column of any kind; cells of mixed types become text."""
    import polars as pl

    if isinstance(cells, np.ndarray) and cells.dtype.kind in "biufUM" and cells.ndim == 1:
        return pl.Series(name, cells)
    dtype = getattr(cells, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufM":
        return pl.Series(name, np.asarray(cells))  # of pandas
    values = cells.to_list() if hasattr(cells, "to_list") else list(cells)
    values = [None if _is_missing(v) else v for v in values]
    kinds = {type(v) for v in values if v is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        values = [None if v is None else _as_text(v) for v in values]
    try:
        return pl.Series(name, values, strict=True)
    except (TypeError, OverflowError, ValueError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if v is None else _as_text(v) for v in values], pl.String)


def _is_cell(value: object) -> bool:
    """Whether a value is one cell rather than a column of them."""
    return isinstance(value, str | bytes) or not hasattr(value, "__len__")


def _is_missing(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, float | np.floating):
        return bool(value != value)
    return type(value).__name__ in ("NAType", "NaTType")


def _as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


# --- one form -----------------------------------------------------------------------------------


def tidy(
    frame: polars.DataFrame, source: str, leave_out_empty: bool = True
) -> tuple[polars.DataFrame, list[Choice]]:
    """Plain dtypes (text, numbers, true/false, dates) and names without blanks around them.

    Columns without a name and a value are left out, unless the frame is a part of a table.
    """
    import polars as pl

    if not frame.width:
        raise DataError(f"{source}: the table has no columns")
    names, choices = column_names(frame.columns)
    frame.columns = list(names) if list(names) != frame.columns else frame.columns
    plain = []
    empty = []
    for series in frame.get_columns():
        dtype = series.dtype
        if dtype in (pl.Categorical, pl.Enum, pl.Time):
            series = series.cast(pl.String)
        elif dtype == pl.Decimal:
            series = series.cast(pl.Float64)
        elif dtype == pl.Duration:
            seconds = series.alias("cells").dt.total_microseconds().cast(pl.Float64) / 1e6
            series = seconds.alias(series.name)
        elif dtype == pl.Null:
            series = series.cast(pl.String)
        elif dtype == pl.Binary or dtype.is_nested() or dtype == pl.Object:
            series = pl.Series(series.name, [None if v is None else str(v) for v in series])
        elif dtype.is_integer() and str(dtype).endswith("128"):
            series = series.cast(pl.String)
        unnamed = leave_out_empty and series.name.startswith("column_")
        if unnamed and series.null_count() == len(series):
            empty.append(series.name)
            continue
        plain.append(series)
    if not plain:
        raise DataError(f"{source}: every cell of the table is empty")
    if empty:
        reason = Message("no name and no value: the lines end in a delimiter")
        choices = [c for c in choices if c.value not in empty]
        choices.append(Choice("column left out", ", ".join(empty), reason))
    return pl.DataFrame(plain), choices
