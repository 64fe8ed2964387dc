"""Reading files and frames of other libraries into one form.

    file -> bytes (files/unpacking.py) -> format (files/delimited.py) -> records (files/records.py)
         -> frame (files/parsing.py), or frame after frame (files/blocks.py)

Cells of text files stay text: what they mean is decided for whole columns, in columns.py.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import ArgumentError, DataError
from ..io.writing import FilePath
from .choice import Choice
from .files.blocks import can_be_split, frames_of
from .files.frames import from_frame, is_frame, tidy
from .files.parsing import Options, Ragged, form_of, read_delimited
from .files.structured import parquet_frames, read_arrow, read_excel, read_json, read_parquet
from .files.unpacking import Buffer, Unpacked, decode, unpack

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Reading:
    """A table as it was read, and the choices that were made.

    `frame` is a polars.DataFrame. Cells of a text file are text, so that "007" and long ids are
    not lost; `source` names the file for messages; `decimal` is the mark that was asked for.
    """

    frame: polars.DataFrame
    choices: tuple[Choice, ...] = ()
    source: str = "table"
    decimal: str | None = None

    def __str__(self) -> str:
        size = f"{self.source}: {self.frame.height:,} rows x {self.frame.width} columns"
        return "\n".join([size, *map(str, self.choices)])


def read_table(
    source: object,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    sheet: str | int | None = None,
    ragged: Ragged = "error",
) -> Reading:
    """A table from a file, from a frame of pandas, polars or pyarrow, or from a dict of columns.

    CSV in any format (`delimiter`, `encoding`, `decimal` mark, `quote`, "" for none, and `header`
    are found when they are not given), TSV, Parquet, Arrow, Excel (`sheet` by name, or by number
    from 1) and JSON lines; each may be compressed with gzip, zstd, bzip2, xz or zip.
    Lines with another number of fields than the header are an error, or dropped (`ragged="drop"`).

    Raises FileError for a file that cannot be opened, DataError for one that is no table; the
    message names file, line and what was expected.

    >>> reading = read_table({"age": [31, 45], "city": ["Rome", "Oslo"]})
    >>> reading.frame.shape
    (2, 2)
    """
    _check_marks(delimiter, decimal, quote)
    if isinstance(source, Reading):
        return source
    if isinstance(source, str | os.PathLike):
        options = Options(delimiter, encoding, quote, header, ragged)
        reading = _read_file(Path(source), options, sheet)
    elif is_frame(source) or isinstance(source, Mapping | list):
        frame, choices = from_frame(source)
        reading = Reading(frame, tuple(choices))
    else:
        raise DataError(
            f"expected a path, a frame (pandas, polars, pyarrow) or a dict of columns, got "
            f"{type(source).__name__}"
        )
    frame, choices = tidy(reading.frame, reading.source)
    if not frame.height:
        raise _no_rows(reading.source, frame.width)
    return replace(reading, frame=frame, choices=(*reading.choices, *choices), decimal=decimal)


def _check_marks(delimiter: str | None, decimal: str | None, quote: str | None) -> None:
    if delimiter is not None and (
        len(delimiter) != 1 or delimiter in "\r\n" or not _is_ascii(delimiter)
    ):
        raise ArgumentError(f"delimiter: expected one character such as ';', got {delimiter!r}")
    if decimal not in (None, ".", ","):
        raise ArgumentError(f"decimal: expected '.' or ',', got {decimal!r}")
    if quote not in (None, "") and (len(quote) != 1 or not _is_ascii(quote)):
        raise ArgumentError(f"quote: expected one character, or '' for none, got {quote!r}")


def _is_ascii(mark: str) -> bool:
    return ord(mark) < 128


def _read_file(path: Path, options: Options, sheet: str | int | None) -> Reading:
    opened = _opened(unpack(path), path, options, sheet)
    if isinstance(opened, Reading):
        return opened
    frame, more = read_delimited(opened.data, opened.path, opened.options, path.name)
    return Reading(frame, (*opened.choices, *more), path.name)


class _Delimited(NamedTuple):
    """Text with delimiters: `path` where a file holds just that, `choices` made until here."""

    data: Buffer
    path: Path | None
    options: Options
    choices: list[Choice]


def _opened(
    unpacked: Unpacked, path: Path, options: Options, sheet: str | int | None
) -> Reading | _Delimited:
    """The table in a file, or the text of one with delimiters, decoded."""
    choices = list(unpacked.choices)
    if unpacked.format == "parquet":
        return Reading(read_parquet(unpacked.data, path.name), tuple(choices), path.name)
    if unpacked.format == "arrow":
        return Reading(read_arrow(unpacked.data, path.name), tuple(choices), path.name)
    if unpacked.format == "excel":
        frame, more = read_excel(unpacked.data, path.name, sheet)
        return Reading(frame, (*choices, *more), path.name)
    if len(unpacked.data) == 0:
        raise DataError(f"{path.name}: the file is empty; expected a header and rows")
    data, more = decode(unpacked.data, options.encoding, path.name)
    choices += more
    head = bytes(data[:4096]).lstrip()
    suffix = Path(unpacked.name).suffix.lower()
    if head[:1] in (b"{", b"[") and (suffix in (".json", ".jsonl", ".ndjson") or _is_json(head)):
        return Reading(read_json(bytes(data), path.name), tuple(choices), path.name)
    if head[:1] == b"<" and (b"<html" in head.lower() or head.startswith(b"<?xml")):
        raise DataError(
            f"{path.name}: this is a web page or XML; expected a table: CSV, TSV, Parquet, Excel "
            "or JSON lines. A download may have given the page about the file instead of the file"
        )
    if suffix in (".tsv", ".tab") and options.delimiter is None and b"\t" in head:
        options = replace(options, delimiter="\t")
    return _Delimited(data, unpacked.path if data is unpacked.data else None, options, choices)


def _is_json(head: bytes) -> bool:
    """Whether text that begins with a bracket is JSON lines rather than a delimited file."""
    import json

    line = head.split(b"\n", 1)[0]
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


# --- in blocks ----------------------------------------------------------------------------------


class Blocks(NamedTuple):
    """The rows of a file, block by block: `columns` are the names of all of its columns."""

    columns: tuple[str, ...]
    frames: Iterator[polars.DataFrame]


def read_blocks(
    path: FilePath,
    columns: Collection[str] | None = None,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    sheet: str | int | None = None,
    ragged: Ragged = "error",
) -> Blocks:
    """The rows of a file in frames of some megabytes each, so that memory stays flat.

    What stands in them is what `read_table` reads. Delimited text and Parquet are read in blocks,
    other formats whole, as is text whose quotes need a look at all of it; compressed text is
    unpacked first. Of Parquet files only `columns` are read if they are all there.
    """
    _check_marks(delimiter, None, quote)
    path = Path(path)
    options = Options(delimiter, encoding, quote, header, ragged)
    unpacked = unpack(path)
    if unpacked.format == "parquet" and unpacked.path is not None:
        names, frames = parquet_frames(path, columns)
        return Blocks(names, _tidied(frames, path.name))
    opened = _opened(unpacked, path, options, sheet)
    if isinstance(opened, _Delimited):
        form, data, _ = form_of(opened.data, opened.path, opened.options, path.name)
        if can_be_split(data, form, opened.options):
            return Blocks(form.names, _tidied(frames_of(data, form), path.name))
        opened = _read_file(path, options, sheet)
    frame = opened.frame
    if not frame.height:
        raise _no_rows(path.name, frame.width)
    return Blocks(tuple(frame.columns), _tidied(iter([frame]), path.name))


def _tidied(frames: Iterator[polars.DataFrame], name: str) -> Iterator[polars.DataFrame]:
    """In one form; a column that is empty in one block is none that may be left out."""
    return (tidy(frame, name, leave_out_empty=False)[0] for frame in frames)


def _no_rows(name: str, width: int) -> DataError:
    return DataError(
        f"{name}: a header with {width} columns and no rows; expected at least one row below it"
    )
