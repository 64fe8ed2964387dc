"""Reading files and frames of other libraries into one form."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import DataError
from .choice import Choice

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Reading:
    """A table as it was read, and the choices that were made.

    `frame` is a polars.DataFrame. Cells of a text file stay text, so that "007" and long ids are
    not lost; `source` names the file for messages.
    """

    frame: polars.DataFrame
    choices: tuple[Choice, ...] = ()
    source: str = "table"


def read_table(
    source: object,
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    quote: str | None = None,
    header: bool | None = None,
    sheet: str | int | None = None,
) -> Reading:
    """A table from a file or from a frame of pandas, polars or pyarrow or a dict of columns."""
    import polars as pl

    if isinstance(source, pl.DataFrame):
        return Reading(source)
    if isinstance(source, str | os.PathLike):
        separator = delimiter or ","
        return Reading(pl.read_csv(os.fspath(source), separator=separator, infer_schema=False))
    raise DataError(f"expected a file or a frame, got {type(source).__name__}")
