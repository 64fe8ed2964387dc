"""Files that know their own types: Parquet, Arrow, Excel and JSON."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...base.message import Message
from ...errors import DataError
from ..choice import Choice
from .unpacking import Buffer

if TYPE_CHECKING:
    import polars

BLOCK_ROWS = 65_536


def read_parquet(data: Buffer, name: str) -> polars.DataFrame:
    """A Parquet file."""
    import polars as pl

    try:
        return pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(name, error) from None


def parquet_frames(
    path: Path, columns: Collection[str] | None
) -> tuple[tuple[str, ...], Iterator[polars.DataFrame]]:
    """The names of all columns, and the rows in blocks; only `columns` if all of them are there."""
    import polars as pl

    try:
        rows = pl.scan_parquet(path, glob=False)
        names = tuple(rows.collect_schema().names())
        height = int(rows.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path.name, error) from None
    if columns is not None and columns and set(columns) <= set(names):
        rows = rows.select(name for name in names if name in columns)

    def frames() -> Iterator[polars.DataFrame]:
        for start in range(0, height, BLOCK_ROWS):
            try:
                yield rows.slice(start, BLOCK_ROWS).collect()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise _damaged(path.name, error) from None

    if not height:
        raise DataError(f"{path.name}: {len(names)} columns and no rows; expected at least one row")
    return names, frames()


def _damaged(name: str, error: Exception) -> DataError:
    return DataError(f"{name}: the Parquet data are damaged or cut off ({error})")


def read_arrow(data: Buffer, name: str) -> polars.DataFrame:
    """An Arrow (Feather) file."""
    import polars as pl

    try:
        return pl.read_ipc(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{name}: the Arrow data are damaged or cut off ({error})") from None


def read_excel(
    data: Buffer, name: str, sheet: str | int | None
) -> tuple[polars.DataFrame, list[Choice]]:
    """A sheet of an Excel file: the one asked for, or the first that holds rows."""
    try:
        import fastexcel
    except ImportError:
        raise DataError(
            f"{name}: reading Excel files needs the package fastexcel: pip install "
            '"ranvier[excel]"; or save the sheet as CSV'
        ) from None
    import polars as pl

    try:
        names = fastexcel.read_excel(bytes(data)).sheet_names
    except Exception as error:  # each version has its own classes
        raise DataError(f"{name}: this is no Excel file that can be read ({error})") from None
    if isinstance(sheet, int):
        if not 1 <= sheet <= len(names):
            raise DataError(f"{name}: sheet {sheet} of {len(names)}: {', '.join(names)}")
        sheet = str(names[sheet - 1])
    if sheet is not None and sheet not in names:
        raise DataError(f"{name}: no sheet {sheet!r}; it holds {', '.join(names)}")
    candidates: list[str] = names if sheet is None else [sheet]
    for candidate in candidates:
        frame = pl.read_excel(
            io.BytesIO(data), sheet_name=candidate, infer_schema_length=None, raise_if_empty=False
        )
        if frame.height:
            break
    else:
        raise DataError(f"{name}: no sheet holds rows below a header")
    frame.columns = [
        f"column_{i}" if title.startswith("__UNNAMED__") else title
        for i, title in enumerate(frame.columns, 1)
    ]
    choices = []
    if len(names) > 1 and sheet is None:
        reason = Message(
            "the first of {count} that holds rows: {sheets}",
            count=len(names), sheets=", ".join(names),
        )  # fmt: skip
        choices.append(Choice("sheet", repr(candidate), reason, "--sheet"))
    return frame, choices


def read_json(data: bytes, name: str) -> polars.DataFrame:
    """JSON lines, or an array of objects."""
    import polars as pl

    if data.lstrip()[:1] == b"[":
        return _from_objects(_json_array(data, name))
    try:
        return pl.read_ndjson(io.BytesIO(data), infer_schema_length=None)
    except (pl.exceptions.PolarsError, OverflowError):
        return _from_objects(_json_lines(data, name))


def _json_array(data: bytes, name: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(data)
    except ValueError as error:
        raise DataError(f"{name}: this is no JSON ({error})") from None
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{name}: expected an array of objects, one for each row")
    return rows  # type: ignore[no-any-return]


def _json_lines(data: bytes, name: str) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            hint = "; a file that is one JSON object is no table" if number == 1 else ""
            raise DataError(f"{name}, line {number}: this is no JSON ({error}){hint}") from None
        if not isinstance(row, dict):
            raise DataError(f'{name}, line {number}: expected an object such as {{"age": 31}}')
        rows.append(row)
    if not rows:
        raise DataError(f"{name}: no rows")
    return rows


def _from_objects(rows: list[dict[str, Any]]) -> polars.DataFrame:
    """Rows of any values; a column of several types becomes text."""
    from .frames import from_frame

    return from_frame([{k: _plain(v) for k, v in row.items()} for row in rows])[0]


def _plain(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value
