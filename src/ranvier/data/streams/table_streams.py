"""Streams over tables in files: Parquet and CSV."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...base.extras import optional
from ...base.missing import spelled
from ...errors import ArgumentError, DataError, FileError, unknown_name
from ...io.reading import check_input, open_plain
from ...io.writing import no_path, protect
from ...typing import Array, DTypeLike
from ..cell_kinds import kind_of_cells
from ..conversion import as_array
from .stream import Chunk, PartStream, Stream

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_CSV_PART_BYTES = 4 << 20  # read at once


# --- Parquet ------------------------------------------------------------------------------------


class ParquetStream(PartStream):
    """The row groups of Parquet files, see `stream_parquet`."""

    features: list[str]

    def __init__(
        self,
        paths: list[Path],
        target: str | None,
        features: Sequence[str] | None,
        classes: Sequence[str] | None,
    ) -> None:
        self._reader = optional("pyarrow.parquet", "stream_parquet", "parquet")
        self.target, self.classes = target, _sorted_labels(classes)
        self._groups: list[tuple[Path, int]] = []
        self.rows = 0
        inside: dict[Path, list[str]] = {}
        for path in paths:
            about = self._metadata(path)
            inside[path] = list(about.schema.to_arrow_schema().names)
            self._groups += [(path, i) for i in range(about.num_row_groups)]
            self.rows += about.num_rows
        self.features = _features(inside[paths[0]], target, features, "stream_parquet")
        for path, names in inside.items():
            for name in [*self.features, *([target] if target else [])]:
                if name not in names:
                    raise DataError(f"{path}: has no column {name!r}, which {paths[0]} has")
        protect(self, *paths)

    def _metadata(self, path: Path) -> Any:
        try:
            return self._reader.ParquetFile(path).metadata
        except (OSError, ValueError) as problem:
            raise FileError(f"{path} cannot be read as Parquet: {problem}") from problem

    def parts(self) -> int:
        """How many row groups there are."""
        return len(self._groups)

    def read(self, part: int) -> Chunk:
        """One row group."""
        path, group = self._groups[part]
        wanted = [*self.features, *([self.target] if self.target else [])]
        with self._reader.ParquetFile(path) as file:
            table = file.read_row_group(group, columns=wanted)
        x = as_array(table.select(self.features))
        if self.target is None:
            return (x,)
        return x, as_array(table[self.target], "y", text=True)


@spelled
def stream_parquet(
    path: Paths,
    target: str | None = None,
    features: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Stream:
    """A stream over the row groups of Parquet files.

    Args:
        path: a file, a list of files, or a folder of `.parquet` files.
        target: the column to learn; None for `predict`.
        features: the columns of x; by default all others. They must hold numbers.
        classes: all labels, if the target is text.

    A row group is read at once: files for training have groups of some 10,000 to 100,000 rows.
    Needs pyarrow: `pip install "ranvier[parquet]"`.
    """
    return ParquetStream(_existing_files(path, ".parquet"), target, features, classes)


class CsvStream(PartStream):
    """Parts of a CSV file, see `stream_csv`."""

    features: list[str]

    def __init__(
        self,
        path: Path,
        target: str | None,
        features: Sequence[str] | None,
        classes: Sequence[str] | None,
        delimiter: str,
    ) -> None:
        self.path, self.delimiter, self.classes = path, delimiter, _sorted_labels(classes)
        with open_plain(path) as file:
            _refuse_other_formats(path, file.read(8))
            file.seek(0)
            first = file.readline().decode("utf-8-sig", "replace").strip()
            start = file.tell()
        names = [name.strip().strip('"') for name in first.split(delimiter)]
        if len(names) == 1:
            _refuse_other_delimiter(path, first, delimiter)
        self.features = _features(names, target, features, "stream_csv")
        self._names = names
        self._target_index = None if target is None else names.index(target)
        self._offsets = list(_part_offsets(path, start))
        protect(self, path)
        if len(self._offsets) < 2:
            raise DataError(f"{path} has no rows below its header; expected at least one")

    def parts(self) -> int:
        """How many parts there are."""
        return len(self._offsets) - 1

    def read(self, part: int) -> Chunk:
        """The lines of one part."""
        start, stop = self._offsets[part : part + 2]
        with open_plain(self.path) as file:
            file.seek(start)
            lines = file.read(stop - start).decode().splitlines()
        chosen = [self._names.index(name) for name in self.features]
        x = self._parsed(lines, chosen, np.float32, start)
        if self._target_index is None:
            return (x,)
        dtype = str if self.classes is not None else np.float64
        y = self._parsed(lines, [self._target_index], dtype, start)[:, 0]
        if y.dtype.kind == "f" and (y == np.floor(y)).all() and np.abs(y).max() < 2**53:
            return x, y.astype(np.int64)
        return x, y

    def _parsed(self, lines: list[str], columns: list[int], dtype: DTypeLike, start: int) -> Array:
        """The columns of these lines, which stand at the byte `start` of the file."""
        try:
            return np.loadtxt(
                lines,
                dtype,
                comments=None,
                delimiter=self.delimiter,
                usecols=columns,
                ndmin=2,
                quotechar='"',
            )
        except ValueError as problem:
            raise DataError(
                f"{self.path}, in the lines after byte {start:,}: {problem}. "
                f"{self._describe(lines, columns)}Expected a number in each column of x; choose "
                "columns with features=, fill what is missing, and give classes= for labels that "
                "are text"
            ) from problem

    def _describe(self, lines: list[str], columns: list[int]) -> str:
        """A sentence about the first of the columns that holds something else than numbers."""
        for column in columns:
            cells = [row[column] for row in csv.reader(lines, delimiter=self.delimiter) if row]
            kind = kind_of_cells(cells)
            if kind.kind != "number":
                return f"Column {self._names[column]!r} holds {kind.description}: {kind.fix}. "
        return ""


@spelled
def stream_csv(
    path: Paths,
    target: str | None = None,
    features: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    delimiter: str = ",",
) -> Stream:
    """A stream over a CSV file of numbers with a header line, read 4 MB at a time.

    Args:
        target: the column to learn; None for `predict`.
        features: the columns of x; by default all others.
        classes: all labels, if the target is text.

    A line is a row: line breaks inside quotes are not understood. Targets are integers in the
    whole file or fractions in the whole file. Parsing costs more than reading: convert a file that
    is read often to .npy or Parquet.
    """
    return CsvStream(_existing_files(path)[0], target, features, classes, delimiter)


# How files begin that are no text, and what to do with them.
_OTHER_FORMATS = {
    b"\x1f\x8b": "compressed by gzip; unpack it first: gunzip FILE",
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
    b"PAR1": "a Parquet file; use stream_parquet",
    b"\x93NUMPY": "a .npy file; use stream_npy",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
}


def _refuse_other_formats(path: Path, start: bytes) -> None:
    for magic, advice in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise DataError(f"stream_csv: {path} is no text but {advice}")


def _refuse_other_delimiter(path: Path, header: str, delimiter: str) -> None:
    """A file of one column is mostly one with another delimiter."""
    for other in (";", "\t", "|", ","):
        if other != delimiter and other in header:
            raise DataError(
                f"stream_csv: {path} has one column with the delimiter {delimiter!r}, but "
                f"{header.count(other) + 1} with {other!r}; give delimiter={other!r}"
            )


def _part_offsets(path: Path, start: int) -> Iterator[int]:
    """Offsets in the file, each at the start of a line, some megabytes apart, and its end."""
    size = path.stat().st_size
    with open_plain(path) as file:
        while start < size:
            yield start
            file.seek(min(start + _CSV_PART_BYTES, size) - 1)
            file.readline()
            start = file.tell()
    yield size


def _features(
    names: list[str], target: str | None, features: Sequence[str] | None, what: str
) -> list[str]:
    """The columns of x."""
    for name in [*(features or []), *([] if target is None else [target])]:
        if name not in names:
            raise unknown_name(f"column in {what}", name, names)
    chosen = list(features) if features is not None else [n for n in names if n != target]
    if not chosen:
        raise ArgumentError(f"{what}: there are no columns left for x beside {target!r}")
    return chosen


# --- files --------------------------------------------------------------------------------------


def _existing_files(path: Paths, suffix: str = "") -> list[Path]:
    """The files named by a path, by a list of paths, or by a folder."""
    if isinstance(path, str | os.PathLike):
        one = Path(path)
        paths = sorted(one.glob(f"*{suffix}")) if one.is_dir() and suffix else [one]
    elif isinstance(path, Iterable):
        paths = [Path(p) for p in path]
    else:
        raise no_path(path)
    if not paths:
        raise FileError(f"{path}: no files that end in {suffix} in this folder")
    return [check_input(p) for p in paths]


def _sorted_labels(classes: Sequence[str] | None) -> Array | None:
    return None if classes is None else np.unique(np.array(classes, str))
