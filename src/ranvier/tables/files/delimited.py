"""The format of a delimited file: delimiter, quotes, header, and the names of its columns."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...base.message import Message
from ..choice import Choice

BLANKS = " "  # columns aligned by any number of blanks
_CANDIDATES = {
    ",": Message("commas"),
    ";": Message("semicolons"),
    "\t": Message("tabs"),
    "|": Message("bars"),
}
_MAX_RECORDS = 400
_MIN_SHARE = 0.6  # of the records have the same number of fields
_MAX_TITLE_LINES = 20

_NUMBER = re.compile(r"\s*[$€£]?\s*[+-]?(\d[\d ,.']*|\.\d+)(e[+-]?\d+)?\s*%?\s*", re.IGNORECASE)
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


@dataclass(frozen=True)
class Format:
    """How a delimited file is written. `skip` records stand before the header or first row."""

    delimiter: str
    quote: str | None
    header: bool
    skip: int
    names: tuple[str, ...]
    choices: tuple[Choice, ...]


def find_format(
    sample: str, complete: bool, delimiter: str | None, quote: str | None, header: bool | None
) -> Format:
    """The format of a file by its first records; `complete` if the sample is the whole file."""
    choices: list[Choice] = []
    skip = 0
    first = sample.split("\n", 1)[0].strip()
    if re.fullmatch(r"sep=.", first) and delimiter is None:
        delimiter, skip = first[-1], 1
        choices.append(
            Choice(
                "delimiter", repr(delimiter), Message("the first line is {line}", line=repr(first))
            )
        )
    if quote is None:
        quote = _find_quote(sample, delimiter)
        if quote == "'":
            choices.append(
                Choice("quotes", quote, "cells in single quotes hold the delimiter", "--quote")
            )
    mark = quote or None
    if delimiter is None:
        delimiter, reason = _find_delimiter(sample, complete, mark)
        named = Message("blanks") if delimiter == BLANKS else repr(delimiter)
        choices.append(Choice("delimiter", named, reason, "--delimiter"))
    records = _records(sample, complete, delimiter, mark)[skip:]
    width = _width(records)
    titles = _title_lines(records, width)
    if titles:
        choices.append(
            Choice(
                "lines left out",
                Message("the first {count}", count=titles),
                Message("they have fewer fields than the {count} of the table", count=width),
            )
        )
    rows = records[titles:]
    skip += titles
    if header is None:
        header, reason = _find_header(rows)
        choices.append(
            Choice(
                "header",
                Message("the first line")
                if header
                else Message("none: columns are called column_1, ..."),
                reason,
                "--no-header" if header else "--header",
                warning=not header,
            )
        )
    cells = rows[0] if rows else []
    names, renamed = column_names(cells if header else [""] * len(cells))
    return Format(delimiter, mark, header, skip, names, (*choices, *(renamed if header else ())))


def column_names(cells: Sequence[str]) -> tuple[tuple[str, ...], list[Choice]]:
    """Names for columns: unnamed ones are numbered, repeated ones get a suffix.

    >>> column_names(["id", "", "id"])[0]
    ('id', 'column_2', 'id_2')
    """
    names: list[str] = []
    choices = []
    taken = {cell.strip() for cell in cells}
    for i, cell in enumerate(cells):
        name = cell.strip()
        if not name:
            name = _unused(f"column_{i + 1}", taken)
            reason = Message("column {number} has no name", number=i + 1)
            choices.append(Choice("name", name, reason))
        elif name in names:
            name = _unused(f"{name}_2", taken)
            choices.append(
                Choice(
                    "name",
                    name,
                    Message(
                        "column {number} is called {name} as one before it is",
                        number=i + 1,
                        name=repr(cell),
                    ),
                )
            )
        taken.add(name)
        names.append(name)
    return tuple(names), choices


def _unused(name: str, taken: set[str]) -> str:
    stem, _, last = name.rpartition("_")
    number = int(last)
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


# --- quotes and delimiter -----------------------------------------------------------------------


def _find_quote(sample: str, delimiter: str | None) -> str:
    """Double quotes, unless only single ones keep delimiters inside cells."""
    marks = re.escape(delimiter) if delimiter else ",;\t|"
    if '"' in sample:
        return '"'
    inside = re.search(rf"(^|[{marks}])'[^'\n]*[{marks}][^'\n]*'([{marks}\r\n]|$)", sample, re.M)
    return "'" if inside else '"'


def _records(sample: str, complete: bool, delimiter: str, quote: str | None) -> list[list[str]]:
    """The first records that are not blank, without the one that the sample cuts off."""
    if delimiter == BLANKS:
        lines = sample.splitlines()
        return [line.split() for line in (lines if complete else lines[:-1]) if line.split()]
    reader = csv.reader(
        io.StringIO(sample, newline=""),
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    records: list[list[str]] = []
    try:
        for cells in reader:
            if cells:
                records.append(cells)
            if len(records) > _MAX_RECORDS:
                return records
    except csv.Error:  # a cell of extreme length: an open quote, which is reported later
        return records
    return records if complete or len(records) < 2 else records[:-1]


def _width(records: list[list[str]]) -> int:
    """The usual number of fields."""
    counts = Counter(map(len, records))
    return max(counts, key=lambda n: (counts[n], n)) if counts else 0


def _find_delimiter(sample: str, complete: bool, quote: str | None) -> tuple[str, str]:
    """The delimiter whose records have the same number of clean fields, and the reason."""
    best, best_key, share_of_best = ",", (0.0, 0), 0.0
    for mark in _CANDIDATES:
        records = _records(sample, complete, mark, quote)
        width = _width(records)
        if width < 2:
            continue
        share = sum(len(r) == width for r in records) / len(records)
        key = (round(share * _clean(records, mark), 2), width)
        if key > best_key:
            best, best_key, share_of_best = mark, key, share
    if best_key[0] >= _MIN_SHARE:
        return best, Message(
            "{count} fields in {share} of the lines by {marks}",
            count=best_key[1], share=f"{share_of_best:.0%}", marks=_CANDIDATES[best],
        )  # fmt: skip
    blanks = _records(sample, complete, BLANKS, None)
    if len(blanks) > 1 and len(blanks[0]) > 1 and {len(r) for r in blanks} == {len(blanks[0])}:
        cells = [cell for r in blanks[1:] for cell in r]
        if sum(map(is_number, cells)) >= len(cells) / 2:
            return BLANKS, Message("{count} fields in every line by blanks", count=len(blanks[0]))
    header = sample.split("\n", 1)[0]
    present = [mark for mark in _CANDIDATES if mark in header]
    if not present:
        return ",", Message("one column: the first line holds no delimiter")
    mark = max(present, key=header.count)
    return mark, Message(
        "the first line has {count} fields by {marks}",
        count=header.count(mark) + 1, marks=_CANDIDATES[mark],
    )  # fmt: skip


def _clean(records: list[list[str]], delimiter: str) -> float:
    """The share of cells that do not look as if they should be split further."""
    cells = [cell for record in records[:200] for cell in record]
    others = [mark for mark in _CANDIDATES if mark != delimiter]
    unclean = sum(
        any(mark in cell for mark in others)
        and not _DECIMAL_COMMA.fullmatch(cell.strip())
        and len(cell.split()) < 3
        for cell in cells
    )
    return 1 - unclean / max(1, len(cells))


# --- header -------------------------------------------------------------------------------------


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any spelling."""
    return bool(_NUMBER.fullmatch(cell)) and cell.count(".") + cell.count(",") < 6


def _title_lines(records: list[list[str]], width: int) -> int:
    """How many short records stand before the first one of the usual width."""
    first = next((i for i, r in enumerate(records) if len(r) == width), 0)
    if not 0 < first <= _MAX_TITLE_LINES or width < 2:
        return 0
    # A header that is one name short is a ragged file, not a title.
    titles = all(len(r) <= max(1, width // 2) or r[0].startswith("#") for r in records[:first])
    return first if titles else 0


def _find_header(records: list[list[str]]) -> tuple[bool, str]:
    """Whether the first record holds names, and the reason."""
    if not records:
        return True, Message("the file has one line")
    first, rows = records[0], [r for r in records[1:] if len(r) == len(records[0])]
    if not rows:
        numbers = sum(is_number(cell) for cell in first)
        if numbers:
            return False, Message("the first line holds {count} numbers", count=numbers)
        return True, Message("no number in the first line")
    values = [i for i, cell in enumerate(first) if is_number(cell) or _DATE.fullmatch(cell)]
    if not values:
        return _header_by_words(first, rows)
    counts = [float(first[i]) for i in values if first[i].strip().isdigit()]
    steps = {b - a for a, b in itertools.pairwise(counts)}
    if len(counts) == len(values) > 2 and len(steps) == 1 and steps != {0.0}:
        return True, Message("the numbers in the first line count up, as years do")
    like = [i for i in values if sum(is_number(r[i]) for r in rows) >= len(rows) / 2]
    if like or all(_DATE.fullmatch(first[i]) for i in values):
        i = (like or values)[0]
        return False, Message(
            "{cell} in the first line is a value as in the lines below it", cell=repr(first[i])
        )
    return True, Message("the first line differs from the lines below it")


def _header_by_words(first: list[str], rows: list[list[str]]) -> tuple[bool, str]:
    if any(is_number(cell) for row in rows for cell in row):
        return True, Message("no number in the first line, numbers below it")
    columns = list(zip(*rows, strict=True))
    again = [i for i, cell in enumerate(first) if cell.strip() and cell in columns[i]]
    if len(again) > len(first) / 2:
        return False, Message(
            "{cell} in the first line occurs again in the same column", cell=repr(first[again[0]])
        )
    return True, Message("words that do not occur again below them")
