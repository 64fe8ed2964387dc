"""Delimited text block by block, so that memory stays flat however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .delimited import Format
from .parsing import Options, read_records, without_headers
from .records import Records, scan
from .unpacking import Buffer, forget

if TYPE_CHECKING:
    import polars

BLOCK_BYTES = 8_388_608


def can_be_split(data: Buffer, form: Format, options: Options) -> bool:
    """Whether the blocks of a text, each for itself, hold the rows that the whole holds.

    Not where quotes stand inside cells, where blank lines are missing cells, and where rows are
    wider than the header: what they mean shows in all rows only.
    """
    width = len(form.names)
    if width < 2:
        return False
    rows = 0
    for end, _, records in _blocks(data, form):
        forget(data, end)
        if records.stray or not records.balanced:
            return False
        fitting = int((records.fields == width).sum())
        others = len(records.fields) - fitting - int((records.fields == 0).sum())
        # Titles above the header have other widths; whatever else has is an error, which the whole
        # file is read for.
        if options.ragged == "error" and others > (0 if rows else form.skip):
            return False
        rows += fitting
    return rows > form.header


def frames_of(data: Buffer, form: Format) -> Iterator[polars.DataFrame]:
    """The rows of a text that can be split, some megabytes at a time, as frames of text."""
    left_out = form.skip + form.header
    for end, text, records in _blocks(data, form):
        full = np.flatnonzero(records.fields)
        rows = full[left_out:]
        left_out -= len(full) - len(rows)
        rows = rows[records.fields[rows] == len(form.names)]
        if len(rows):
            yield without_headers(read_records(text, None, form, records, rows), [])[0]
        forget(data, end)


def _blocks(data: Buffer, form: Format) -> Iterator[tuple[int, bytes, Records]]:
    """Whole records, some megabytes at a time: their end in the text, their text, and where in
    that they are.
    """
    start, size = 0, BLOCK_BYTES
    while start < len(data):
        text = bytes(data[start : start + size])
        records = scan(text, form.delimiter, form.quote)
        if start + size < len(data):
            if len(records.starts) < 2:  # one record that is longer than a block
                size *= 2
                continue
            end = int(records.starts[-1])  # the last one may go on in the next block
            first = [part[:-1] for part in records[:3]]
            records = records._replace(
                starts=first[0], lines=first[1], fields=first[2], end=end, balanced=True
            )
            text = text[:end]
        start, size = start + len(text), BLOCK_BYTES
        yield start, text, records
