"""Records of a delimited file: where each begins, on which line, and how many fields it has."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...base.message import Message
from ...errors import DataError
from ...typing import Array
from .unpacking import Buffer

_CHUNK_BYTES = 8_388_608
_MAX_FIELD_CHARACTERS = 2**24


class Records(NamedTuple):
    """For every record: offset of its first byte, its line (from 1), its number of fields.

    A blank record has 0 fields. `end` is the offset after the last one. `balanced` is False when
    the text ends inside quotes, `stray` is True when a quote stands inside a cell, so that simple
    counting cannot be trusted.
    """

    starts: Array
    lines: Array
    fields: Array
    end: int
    balanced: bool
    stray: bool


def scan(data: Buffer, delimiter: str, quote: str | None) -> Records:
    """The records of UTF-8 text; newlines and delimiters inside quotes do not count."""
    bytes_of = {"delimiter": ord(delimiter), "quote": ord(quote) if quote else -1}
    starts, lines, counts = [np.zeros(1, np.int64)], [np.ones(1, np.int64)], []
    parity, stray, before = np.uint8(0), False, 10
    delimiters_before = newlines_before = 0
    size = len(data)
    for offset in range(0, size, _CHUNK_BYTES):
        part = np.frombuffer(data, np.uint8, min(_CHUNK_BYTES, size - offset), offset)
        newline = part == 10
        delimiters = part == bytes_of["delimiter"]
        all_newlines = newline
        if quote:
            quotes = part == bytes_of["quote"]
            inside = np.bitwise_xor.accumulate(quotes.view(np.uint8)) ^ parity
            stray = stray or _stray(part, quotes, inside, before, bytes_of["delimiter"])
            outside = inside == 0
            newline, delimiters = newline & outside, delimiters & outside
            parity = inside[-1]
        before = int(part[-1])
        ends = np.flatnonzero(newline)
        counts.append(np.cumsum(delimiters, dtype=np.int64)[ends] + delimiters_before)
        starts.append(ends + offset + 1)
        if all_newlines is newline:
            lines.append(np.arange(1, len(ends) + 1) + newlines_before + 1)
        else:
            lines.append(np.cumsum(all_newlines, dtype=np.int64)[ends] + newlines_before + 1)
        delimiters_before += int(delimiters.sum())
        newlines_before += int(all_newlines.sum())
    begins = np.concatenate(starts)
    where = np.concatenate(lines)
    totals = np.concatenate([*counts, [delimiters_before]])
    fields = np.diff(totals, prepend=0) + 1
    lengths = np.diff(begins, append=size)
    if lengths[-1] == 0:  # the text ends with a newline
        begins, where, fields, lengths = begins[:-1], where[:-1], fields[:-1], lengths[:-1]
    fields[_blank(data, begins, lengths)] = 0
    return Records(begins, where, fields, size, not parity, stray)


def _stray(part: Array, quotes: Array, inside: Array, before: int, delimiter: int) -> bool:
    """Whether a quote opens in the middle of a cell or closes before its end."""
    at = np.flatnonzero(quotes)
    if not len(at):
        return False
    opening = inside[at] == 1
    previous = np.concatenate(([before], part[:-1]))[at[opening]]
    quote = part[at[0]]
    return not np.isin(previous, (delimiter, 10, 13, int(quote))).all()


def _blank(data: Buffer, begins: Array, lengths: Array) -> Array:
    """The records that hold nothing but a line end."""
    short = np.flatnonzero(lengths <= 2)
    return np.array(
        [
            i
            for i in short.tolist()
            if not bytes(data[begins[i] : begins[i] + lengths[i]]).strip(b"\r\n")
        ],
        np.int64,
    )


# --- by the rules of Python's csv module --------------------------------------------------------


class QuoteProblem(Exception):
    """Quotes that cannot be made sense of: the line, and what is wrong there."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(line, what)
        self.line, self.what = line, what


def parse(
    text: str, delimiter: str, quote: str | None, escape: str | None = None
) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every record that is not blank, slowly and strictly."""
    csv.field_size_limit(_MAX_FIELD_CHARACTERS)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        escapechar=escape,
        doublequote=escape is None,
        strict=True,
    )
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise QuoteProblem(line, _in_words(str(error), quote)) from None
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _in_words(message: str, quote: str | None) -> str:
    if "unexpected end of data" in message:
        return Message("a {mark} opens here and is never closed", mark=quote)
    if "expected after" in message:
        return Message("a cell goes on after its closing {mark}", mark=quote)
    return message


def escapes(data: Buffer, delimiter: str, quote: str) -> bool:
    """Whether quotes inside cells stand behind a backslash, and all others around cells."""
    mark = f"\\{quote}".encode()
    if mark not in bytes(data):
        return False
    records = scan(bytes(data).replace(mark, b""), delimiter, quote)
    return records.balanced and not records.stray


def encloses(text: str, delimiter: str, quote: str) -> bool:
    """Whether more cells stand between quotes than hold a lone one."""
    q, d = re.escape(quote), re.escape(delimiter)
    whole = re.findall(rf"(?:^|(?<={d})){q}[^{q}\n]*{q}(?={d}|\r?$)", text, re.MULTILINE)
    return 4 * len(whole) > text.count(quote) - 2 * len(whole)


# --- rows of other lengths ----------------------------------------------------------------------


def check_ragged(lines: Array, fields: Array, expected: int, name: str, delimiter: str) -> None:
    """A DataError when records have another number of fields than the header."""
    bad = np.flatnonzero((fields != expected) & (fields != 0))
    if not len(bad):
        return
    first = int(bad[0])
    others = ", ".join(str(n) for n in lines[bad[1:6]].tolist())
    more = f" {len(bad):,} lines differ in all (also {others})." if others else ""
    count = f"{fields[first]} field{'s' * int(fields[first] != 1)}"
    raise DataError(
        f"{name}, line {lines[first]}: {count} where the header has {expected} "
        f"(delimiter {delimiter!r}).{more} A cell that holds the delimiter must stand in quotes; "
        "correct the file, give another delimiter, or leave such lines out with --ragged drop "
        "(ragged='drop')"
    )


def without(data: Buffer, records: Records, keep: Array) -> bytes:
    """The text of the records that are kept."""
    ends = np.append(records.starts[1:], records.end)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], keep.astype(np.int8), [0]))))
    spans = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return b"".join(bytes(data[records.starts[a] : ends[b - 1]]) for a, b in spans)


def columns_of_blanks(data: Buffer) -> bytes:
    """Lines whose columns are aligned by blanks, with one tab between the cells."""
    text = re.sub(rb"[ \t]*\r?\n[ \t]*", b"\n", bytes(data).strip(b" \t"))
    return re.sub(rb"[ \t]+", b"\t", text)
