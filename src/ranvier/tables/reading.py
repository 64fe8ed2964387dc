"""Reading files and frames of other libraries into one form.

    file -> bytes (files/unpacking.py) -> format (files/delimited.py) -> records (files/records.py)
         -> frame

Cells of text files stay text: what they mean is decided for whole columns, in columns.py.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import ArgumentError, DataError
from ..typing import Array
from .choice import Choice
from .files.delimited import BLANKS, Format, find_format
from .files.frames import from_frame, is_frame, tidy
from .files.records import (
    QuoteProblem,
    Records,
    check_ragged,
    columns_of_blanks,
    encloses,
    escapes,
    parse,
    scan,
    without,
)
from .files.structured import read_arrow, read_excel, read_json, read_parquet
from .files.unpacking import SAMPLE_BYTES, Buffer, decode, unpack
from .message import Message

if TYPE_CHECKING:
    import polars

Ragged = Literal["error", "drop"]


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


@dataclass(frozen=True)
class _Options:
    delimiter: str | None
    encoding: str | None
    quote: str | None
    header: bool | None
    ragged: Ragged


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
        options = _Options(delimiter, encoding, quote, header, ragged)
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
        raise DataError(
            f"{reading.source}: a header with {frame.width} columns and no rows; expected at least "
            "one row below it"
        )
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


def _read_file(path: Path, options: _Options, sheet: str | int | None) -> Reading:
    unpacked = unpack(path)
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
    in_file = unpacked.path if data is unpacked.data else None
    if suffix in (".tsv", ".tab") and options.delimiter is None and b"\t" in head:
        options = replace(options, delimiter="\t")
    frame, more = _read_delimited(data, in_file, options, path.name)
    return Reading(frame, (*choices, *more), path.name)


def _is_json(head: bytes) -> bool:
    """Whether text that begins with a bracket is JSON lines rather than a delimited file."""
    import json

    line = head.split(b"\n", 1)[0]
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


# --- delimited files ----------------------------------------------------------------------------


def _read_delimited(
    data: Buffer, path: Path | None, options: _Options, name: str
) -> tuple[polars.DataFrame, list[Choice]]:
    sample_bytes = bytes(data[:SAMPLE_BYTES])
    if b"\r" in sample_bytes and b"\n" not in sample_bytes:
        data, path = bytes(data).replace(b"\r", b"\n"), None
        sample_bytes = data[:SAMPLE_BYTES]
    sample = sample_bytes.decode("utf-8", "ignore").replace("\r\n", "\n")
    if not sample.strip():
        raise DataError(f"{name}: the file holds nothing but blanks; expected a header and rows")
    complete = len(data) <= SAMPLE_BYTES
    form = find_format(sample, complete, options.delimiter, options.quote, options.header)
    if form.delimiter == BLANKS:
        data, path = columns_of_blanks(data), None
        form = replace(form, delimiter="\t", quote=None)
    records = scan(data, form.delimiter, form.quote)
    choices = list(form.choices)
    if records.stray or not records.balanced:
        frame, more = _read_slowly(data, form, options.ragged, name)
        return frame, choices + more
    start = form.skip + form.header
    full = np.flatnonzero(records.fields) if len(form.names) > 1 else _to_last(records.fields)
    rows = full[start:]
    form, more = _with_row_names(form, records.fields[rows])
    choices += more
    width = len(form.names)
    keep = (records.fields[rows] == width) | (records.fields[rows] == 0)
    if options.ragged == "error":
        check_ragged(records.lines[rows], records.fields[rows], width, name, form.delimiter)
    elif not keep.all():
        choices.append(_dropped(int((~keep).sum())))
    rows = rows[keep]
    frame = _by_polars(data, path, form, records, rows)
    if frame.height != len(rows):
        frame, more = _read_slowly(data, form, options.ragged, name)
        choices += more
    return _without_headers(frame, choices)


def _without_headers(
    frame: polars.DataFrame, choices: list[Choice]
) -> tuple[polars.DataFrame, list[Choice]]:
    """Rows that repeat the header are left out: files were put one behind the other."""
    first = frame.to_series(0).alias("cells")
    rows = np.flatnonzero((first == frame.columns[0]).fill_null(False).to_numpy())
    names = [tuple(frame.columns)]
    again = [i for i in rows.tolist() if [frame.row(i)] == names and frame.width > 1]
    if not again:
        return frame, choices
    keep = np.ones(frame.height, np.bool_)
    keep[again] = False
    choice = Choice("lines left out", f"{len(again):,}", "they repeat the header", warning=True)
    return frame.filter(keep), [*choices, choice]


def _dropped(count: int) -> Choice:
    return Choice(
        "lines left out", f"{count:,}", "another number of fields than the header", "--ragged",
        warning=True,
    )  # fmt: skip


def _to_last(fields: Array) -> Array:
    """All records to the last full one: in one column a blank line is a missing cell."""
    full = np.flatnonzero(fields)
    return np.arange(full[-1] + 1) if len(full) else full


def _with_row_names(form: Format, fields: Array) -> tuple[Format, list[Choice]]:
    """A table whose rows all have one field more than its header: names of rows, as R writes."""
    width = len(form.names)
    if not form.header or not len(fields) or not (fields == width + 1).all():
        return form, []
    names = ("row_name", *form.names)
    choice = Choice(
        "name", "row_name",
        Message(
            "every row has {row} fields and the header {header}: the first column has no name",
            row=width + 1, header=width,
        ),
        warning=True,
    )  # fmt: skip
    return replace(form, names=names), [choice]


def _by_polars(
    data: Buffer, path: Path | None, form: Format, records: Records, rows: Array
) -> polars.DataFrame:
    import polars as pl

    schema = dict.fromkeys(form.names, pl.String)
    if not len(rows):
        return pl.DataFrame(schema=schema)
    first = int(rows[0])
    whole = len(rows) == len(records.fields) - first
    source: str | bytes
    skipped = 0
    if whole and path is not None:
        source, skipped = str(path), int(records.lines[first]) - 1
    elif whole:
        source = bytes(data[records.starts[first] :])
    else:
        keep = np.zeros(len(records.fields), np.bool_)
        keep[rows] = True
        source = without(data, records, keep)
    try:
        return pl.read_csv(
            source,
            has_header=False,
            separator=form.delimiter,
            quote_char=form.quote,
            schema=schema,
            skip_lines=skipped,
            glob=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.ComputeError):
        return pl.DataFrame(schema=schema)  # of another height: read slowly


def _read_slowly(
    data: Buffer, form: Format, ragged: Ragged, name: str
) -> tuple[polars.DataFrame, list[Choice]]:
    """By Python's csv module: quotes inside cells, or one that is never closed."""
    import polars as pl

    text = bytes(data).decode()
    attempts: list[tuple[str | None, str | None]] = [(form.quote, None)]
    if form.quote and escapes(data, form.delimiter, form.quote):
        attempts.append((form.quote, "\\"))
    if form.quote and not encloses(text, form.delimiter, form.quote):
        attempts.append((None, None))
    problem: QuoteProblem | DataError | None = None
    for quote, escape in attempts:
        try:
            parsed = list(parse(text, form.delimiter, quote, escape))[form.skip + form.header :]
            lines = np.array([line for line, _ in parsed], np.int64)
            fields = np.array([len(cells) for _, cells in parsed], np.int64)
            if quote != form.quote or ragged == "error":
                check_ragged(lines, fields, len(form.names), name, form.delimiter)
        except (QuoteProblem, DataError) as error:
            problem = problem or error
            continue
        width = len(form.names)
        rows = [[cell or None for cell in cells] for _, cells in parsed if len(cells) == width]
        choices = [] if len(rows) == len(parsed) else [_dropped(len(parsed) - len(rows))]
        if (quote, escape) != attempts[0]:
            choices.append(_other_quotes(quote, problem))
        schema = dict.fromkeys(form.names, pl.String)
        return pl.DataFrame(rows, schema=schema, orient="row"), choices
    if isinstance(problem, QuoteProblem):
        raise DataError(
            f"{name}, line {problem.line}: {problem.what}. Expected a {form.quote} inside a cell "
            f"to be doubled and the cell to stand between two of them; correct the line, or read "
            f"{form.quote} as an ordinary character with --quote '' (quote='')"
        )
    assert problem is not None
    raise problem


def _other_quotes(quote: str | None, problem: object) -> Choice:
    what = Message("fields would not fit")
    if isinstance(problem, QuoteProblem):
        what = Message("line {line}: {problem}", line=problem.line, problem=problem.what)
    if quote is None:
        return Choice(
            "quotes", Message("ordinary characters"),
            Message("{problem}; without them every line fits", problem=what), "--quote",
            warning=True,
        )  # fmt: skip
    return Choice(
        "quotes",
        Message("{mark} inside cells", mark=f"\\{quote}"),
        Message("{problem}; with them every line fits", problem=what),
    )
