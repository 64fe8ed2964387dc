"""Delimited text as frames: by polars where its records are simple, else by Python's csv module."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...base.message import Message
from ...errors import DataError
from ...typing import Array
from ..choice import Choice
from .delimited import BLANKS, Format, find_format
from .records import (
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
from .unpacking import SAMPLE_BYTES, Buffer

if TYPE_CHECKING:
    import polars

Ragged = Literal["error", "drop"]


@dataclass(frozen=True)
class Options:
    """How a file is written, where that is not to be found out."""

    delimiter: str | None
    encoding: str | None
    quote: str | None
    header: bool | None
    ragged: Ragged


def form_of(
    data: Buffer, path: Path | None, options: Options, name: str
) -> tuple[Format, Buffer, Path | None]:
    """The format of a text, and the text with newlines and delimiters that polars reads.

    The path is None where that is not what the file holds.
    """
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
    return form, data, path


def read_delimited(
    data: Buffer, path: Path | None, options: Options, name: str
) -> tuple[polars.DataFrame, list[Choice]]:
    """All records as a frame of text, and what was decided."""
    form, data, path = form_of(data, path, options, name)
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
    frame = read_records(data, path, form, records, rows)
    if frame.height != len(rows):
        frame, more = _read_slowly(data, form, options.ragged, name)
        choices += more
    return without_headers(frame, choices)


def without_headers(
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


def read_records(
    data: Buffer, path: Path | None, form: Format, records: Records, rows: Array
) -> polars.DataFrame:
    """Records by number as a frame; one of another height where polars reads them otherwise."""
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
        return pl.DataFrame(schema=schema)


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
