"""Streams over files: arrays (.npy), Parquet, CSV, and folders of images."""

from __future__ import annotations

import csv
import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..base.missing import spelled
from ..errors import ArgumentError, DataError, FileError, StateError, unknown_name
from ..io.writing import protect
from .cells import looks_of
from .stream import ArrayStream, Chunk, PartStream, Stream, random_order
from .tables import as_array

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

_CSV_PART = 4 << 20  # bytes
_HELD = 16 << 20  # bytes of a mapped file that may count as memory in use


# --- arrays -------------------------------------------------------------------------------------


class NpyFile:
    """The rows of an .npy file, mapped into memory; what was read is let go of again.

    NOTE: the mapping of pages is dropped now and then. They stay in the system's cache, and a view
    that still looks at them finds them there; but they no longer count as memory of the process.
    """

    def __init__(self, path: Any) -> None:
        self.path = Path(path)
        try:
            mapped = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise FileError(f"{path} does not exist") from None
        except ValueError as problem:
            raise FileError(f"{path} cannot be read as .npy: {problem}") from problem
        if not isinstance(mapped, np.memmap) or not mapped.flags.c_contiguous or not mapped.ndim:
            raise FileError(
                f"{path}: expected an .npy file of rows in C order; write it with "
                "numpy.save(path, numpy.ascontiguousarray(array))"
            )
        self.shape, self.dtype = mapped.shape, mapped.dtype
        self._end = mapped.offset + mapped.nbytes
        with self.path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        protect(self, self.path)
        self._rows: np.ndarray = np.ndarray(self.shape, self.dtype, self._map, mapped.offset)
        self._read = 0  # bytes since pages were let go of

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: slice) -> np.ndarray:
        if self.path.stat().st_size < self._end:  # to look at what is gone would end the process
            raise FileError(f"{self.path} has become shorter while it was read")
        found: np.ndarray = self._rows[rows]
        self._read += found.nbytes
        if self._read > _HELD and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
            self._read = 0
        return found


@spelled
def stream_npy(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    chunk_rows: int | None = None,
    buffer_rows: int | None = None,
) -> Stream:
    """A stream over .npy files, one row for each example, read piece by piece.

        model.fit(ranvier.data.stream_npy("x.npy", "y.npy"), epochs=10)

    `numpy.lib.format.open_memmap` writes files that are larger than memory.
    """
    files = [NpyFile(path) for path in (x, y, sample_weight) if path is not None]
    return ArrayStream(files, chunk_rows, buffer_rows)


# --- tables -------------------------------------------------------------------------------------


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
        self._reader = _needs("pyarrow.parquet", "stream_parquet", "parquet")
        self.target, self.classes = target, _sorted(classes)
        self._groups: list[tuple[Path, int]] = []
        self.rows = 0
        inside: dict[Path, list[str]] = {}
        for path in paths:
            about = self._reader.ParquetFile(path).metadata
            inside[path] = list(about.schema.to_arrow_schema().names)
            self._groups += [(path, i) for i in range(about.num_row_groups)]
            self.rows += about.num_rows
        self.features = _features(inside[paths[0]], target, features, "stream_parquet")
        for path, names in inside.items():
            for name in [*self.features, *([target] if target else [])]:
                if name not in names:
                    raise DataError(f"{path}: has no column {name!r}, which {paths[0]} has")
        protect(self, *paths)

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
    """A stream over the row groups of one or several Parquet files.

    Args:
        path: a file, several, or a folder of `.parquet` files.
        target: the column to learn; None for `predict`.
        features: the columns of x; by default all others. They must hold numbers.
        classes: all labels, if the target is text.

    A row group is read at once: files for training have groups of some 10,000 to 100,000 rows.
    Needs pyarrow: `pip install "ranvier[parquet]"`.
    """
    return ParquetStream(_files(path, ".parquet"), target, features, classes)


class CsvStream(PartStream):
    """Pieces of a CSV file, see `stream_csv`."""

    features: list[str]

    def __init__(
        self,
        path: Path,
        target: str | None,
        features: Sequence[str] | None,
        classes: Sequence[str] | None,
        delimiter: str,
    ) -> None:
        self.path, self.delimiter, self.classes = path, delimiter, _sorted(classes)
        with path.open("rb") as file:
            _refuse_other_kinds(path, file.read(8))
            file.seek(0)
            first = file.readline().decode("utf-8-sig", "replace").strip()
            start = file.tell()
        names = [name.strip().strip('"') for name in first.split(delimiter)]
        if len(names) == 1:
            _refuse_other_delimiter(path, first, delimiter)
        self.features = _features(names, target, features, "stream_csv")
        self._names = names
        self._y = None if target is None else names.index(target)
        self._borders = list(_borders(path, start))
        protect(self, path)
        if len(self._borders) < 2:
            raise DataError(f"{path} has no rows below its header; expected at least one")

    def parts(self) -> int:
        """How many pieces there are."""
        return len(self._borders) - 1

    def read(self, part: int) -> Chunk:
        """The lines of one piece."""
        start, stop = self._borders[part : part + 2]
        with self.path.open("rb") as file:
            file.seek(start)
            lines = file.read(stop - start).decode().splitlines()
        chosen = [self._names.index(name) for name in self.features]
        x = self._parsed(lines, chosen, np.float32, start)
        if self._y is None:
            return (x,)
        kind = str if self.classes is not None else np.float64
        y = self._parsed(lines, [self._y], kind, start)[:, 0]
        if y.dtype.kind == "f" and (y == np.floor(y)).all() and np.abs(y).max() < 2**53:
            return x, y.astype(np.int64)
        return x, y

    def _parsed(self, lines: list[str], columns: list[int], kind: Any, start: int) -> np.ndarray:
        try:
            return np.loadtxt(
                lines,
                kind,
                comments=None,
                delimiter=self.delimiter,
                usecols=columns,
                ndmin=2,
                quotechar='"',
            )
        except ValueError as problem:
            raise DataError(
                f"{self.path}, in the lines after byte {start:,}: {problem}. "
                f"{self._looks(lines, columns)}Expected a number in each column of x; choose "
                "columns with features=, fill what is missing, and give classes= for labels that "
                "are text"
            ) from problem

    def _looks(self, lines: list[str], columns: list[int]) -> str:
        """The first of the columns that holds something else than numbers, in words."""
        for column in columns:
            cells = [row[column] for row in csv.reader(lines, delimiter=self.delimiter) if row]
            looks = looks_of(cells)
            if looks.kind != "number":
                return f"Column {self._names[column]!r} holds {looks.what}: {looks.fix}. "
        return ""


@spelled
def stream_csv(
    path: Any,
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
    return CsvStream(_files(path)[0], target, features, classes, delimiter)


# How files begin that are no text, and what to do with them.
_OTHER_KINDS = {
    b"\x1f\x8b": "compressed by gzip; unpack it first: gunzip FILE",
    b"PK\x03\x04": "a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
    b"PAR1": "a Parquet file; use stream_parquet",
    b"\x93NUMPY": "a .npy file; use stream_npy",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
}


def _refuse_other_kinds(path: Path, start: bytes) -> None:
    for mark, said in _OTHER_KINDS.items():
        if start.startswith(mark):
            raise DataError(f"stream_csv: {path} is no text but {said}")


def _refuse_other_delimiter(path: Path, header: str, delimiter: str) -> None:
    """One column is mostly a file with another mark between its columns."""
    for other in (";", "\t", "|", ","):
        if other != delimiter and other in header:
            raise DataError(
                f"stream_csv: {path} has one column if {delimiter!r} stands between columns, but "
                f"{header.count(other) + 1} if {other!r} does; give delimiter={other!r}"
            )


def _borders(path: Path, start: int) -> Iterator[int]:
    """Places in the file, each at the start of a line, some megabytes apart, and its end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while start < size:
            yield start
            file.seek(min(start + _CSV_PART, size) - 1)
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


# --- images -------------------------------------------------------------------------------------

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
_MODES = {"rgb": "RGB", "grayscale": "L", "rgba": "RGBA"}
_IMAGES = 64  # read at once


class ImageStream(Stream):
    """Images in folders, see `stream_images`."""

    def __init__(
        self, files: list[Path], labels: np.ndarray, classes: list[str], size: Any, color: str
    ) -> None:
        _needs("PIL.Image", "stream_images", "images")
        if color not in _MODES:
            raise unknown_name("color", color, _MODES)
        self.files, self.labels, self.classes = files, labels, np.array(classes)
        self.size, self.color, self.rows = tuple(size), color, len(files)
        protect(self, *files)

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """All images, some at a time."""
        count = len(self.files)
        order = np.arange(count) if bits is None else random_order(count, bits)
        for start in range(0, count, _IMAGES):
            chosen = order[start : start + _IMAGES]
            yield np.stack([self._image(self.files[i]) for i in chosen]), self.labels[chosen]

    def _image(self, path: Path) -> np.ndarray:
        from PIL import Image

        try:
            with Image.open(path) as image:
                turned = image.convert(_MODES[self.color])
                height, width = self.size
                if turned.size != (width, height):
                    turned = turned.resize((width, height), Image.Resampling.BILINEAR)
                pixels = np.asarray(turned)
        except OSError as problem:
            raise FileError(f"{path} cannot be read as an image: {problem}") from problem
        return pixels if pixels.ndim == 3 else pixels[..., None]


@spelled
def stream_images(folder: Any, size: tuple[int, int] = (256, 256), color: str = "rgb") -> Stream:
    """A stream over the images of a folder that holds one folder for each class.

        photos/cat/1.jpg, photos/cat/2.jpg, photos/dog/1.png, ...

    x is (n, height, width, channels) uint8, resized to `size` (height, width); y is the number of
    the class in the sorted names, `stream.classes`. `color` is "rgb", "grayscale" or "rgba".
    Needs Pillow: `pip install "ranvier[images]"`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileError(f"{folder} is no folder; expected one that holds a folder for each class")
    classes = sorted(p.name for p in folder.iterdir() if p.is_dir())
    files, labels = [], []
    for label, name in enumerate(classes):
        found = sorted(p for p in (folder / name).rglob("*") if p.suffix.lower() in IMAGE_ENDINGS)
        files += found
        labels += [label] * len(found)
    if not files:
        raise DataError(
            f"{folder}: no images found in folders inside it; expected one folder for each class, "
            f"with files that end in {', '.join(IMAGE_ENDINGS)}"
        )
    return ImageStream(files, np.array(labels, np.int64), classes, size, color)


# --- files --------------------------------------------------------------------------------------


def _files(path: Any, ending: str = "") -> list[Path]:
    """The files named by a path, by several, or by a folder."""
    if isinstance(path, str | os.PathLike):
        one = Path(path)
        paths = sorted(one.glob(f"*{ending}")) if one.is_dir() and ending else [one]
    else:
        paths = [Path(p) for p in path]
    for p in paths:
        if not p.is_file():
            raise FileError(f"{p} is no file")
    if not paths:
        raise FileError(f"{path}: no files that end in {ending} in this folder")
    return paths


def _sorted(classes: Sequence[str] | None) -> np.ndarray | None:
    return None if classes is None else np.unique(np.array(classes, str))


def _needs(module: str, what: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        raise StateError(
            f"{what} needs {module.partition('.')[0]}, which is not installed: "
            f'pip install "ranvier[{extra}]"'
        ) from missing
