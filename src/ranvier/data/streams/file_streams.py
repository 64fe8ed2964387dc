"""Streams over arrays in files (.npy), and over folders of images."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from ...base.extras import optional
from ...base.missing import spelled
from ...errors import ArgumentError, DataError, FileError, unknown_name
from ...io.reading import check_input, open_plain
from ...io.writing import FilePath, protect
from ...typing import Array
from .stream import ArrayStream, Chunk, Stream, random_order

_MAX_MAPPED_BYTES = 16 << 20  # of a mapped file that may count as memory in use


# --- arrays -------------------------------------------------------------------------------------


class NpyFile:
    """The rows of an .npy file, mapped into memory; pages that were read are released again.

    NOTE: the mapping of pages is dropped now and then. They stay in the system's cache, where a
    view of them still reads them; but they no longer count as memory of the process.
    """

    def __init__(self, path: FilePath) -> None:
        self.path = check_input(path)
        try:
            mapped = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as problem:
            raise FileError(f"{path} cannot be read as .npy: {problem}") from problem
        if not isinstance(mapped, np.memmap) or not mapped.flags.c_contiguous or not mapped.ndim:
            raise FileError(
                f"{path}: expected an .npy file of rows in C order; write it with "
                "numpy.save(path, numpy.ascontiguousarray(array))"
            )
        self.shape, self.dtype = mapped.shape, mapped.dtype
        self._end = mapped.offset + mapped.nbytes
        with open_plain(self.path) as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        protect(self, self.path)
        self._rows: np.ndarray = np.ndarray(self.shape, self.dtype, self._map, mapped.offset)
        self._read_bytes = 0  # since pages were released

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: slice) -> np.ndarray:
        if self.path.stat().st_size < self._end:  # reading beyond the end would kill the process
            raise FileError(f"{self.path} has become shorter while it was read")
        chosen: Array = self._rows[rows]
        self._read_bytes += chosen.nbytes
        if self._read_bytes > _MAX_MAPPED_BYTES and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
            self._read_bytes = 0
        return chosen


@spelled
def stream_npy(
    x: FilePath,
    y: FilePath | None = None,
    sample_weight: FilePath | None = None,
    chunk_rows: int | None = None,
    buffer_rows: int | None = None,
) -> Stream:
    """A stream over .npy files, one row for each example, read piece by piece.

        model.fit(ranvier.data.stream_npy("x.npy", "y.npy"), epochs=10)

    `numpy.lib.format.open_memmap` writes files that are larger than memory.
    """
    files = [NpyFile(path) for path in (x, y, sample_weight) if path is not None]
    return ArrayStream(files, chunk_rows, buffer_rows)


# --- images -------------------------------------------------------------------------------------

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
_PILLOW_MODES = {"rgb": "RGB", "grayscale": "L", "rgba": "RGBA"}
_CHUNK_IMAGES = 64  # read at once


class ImageStream(Stream):
    """Images in folders, see `stream_images`."""

    def __init__(
        self,
        files: list[Path],
        labels: Array | None,
        classes: list[str],
        size: tuple[int, int],
        color: str,
    ) -> None:
        optional("PIL.Image", "stream_images", "images")
        if color not in _PILLOW_MODES:
            raise unknown_name("color", color, _PILLOW_MODES)
        self.files, self.labels, self.classes = files, labels, np.array(classes)
        self.size, self.color, self.rows = tuple(size), color, len(files)
        protect(self, *files)

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """All images, some at a time."""
        count = len(self.files)
        order = np.arange(count) if bits is None else random_order(count, bits)
        for start in range(0, count, _CHUNK_IMAGES):
            chosen = order[start : start + _CHUNK_IMAGES]
            images = np.stack([self._image(self.files[i]) for i in chosen])
            yield (images,) if self.labels is None else (images, self.labels[chosen])

    def _image(self, path: Path) -> np.ndarray:
        from PIL import Image

        try:
            with open_plain(path) as file, Image.open(file) as image:
                converted = image.convert(_PILLOW_MODES[self.color])
                height, width = self.size
                if converted.size != (width, height):
                    converted = converted.resize((width, height), Image.Resampling.BILINEAR)
                pixels = np.asarray(converted)
        except OSError as problem:
            raise FileError(f"{path} cannot be read as an image: {problem}") from problem
        return pixels if pixels.ndim == 3 else pixels[..., None]


# How the number of a class becomes a target: "int" as it is, "categorical" one-hot, "binary" 0 or 1
# in a column of its own.
_TARGETS: dict[str, Callable[[Array, int], Array]] = {
    "int": lambda labels, count: labels,
    "categorical": lambda labels, count: np.eye(count, dtype=np.float32)[labels],
    "binary": lambda labels, count: labels[:, None].astype(np.float32),
}


@spelled
def stream_images(
    folder: FilePath,
    size: tuple[int, int] = (256, 256),
    color: str = "rgb",
    label_mode: str | None = "int",
    validation_split: float | None = None,
    subset: str | None = None,
    seed: int | None = 0,
) -> Stream:
    """A stream over the images of a folder that holds one folder for each class.

        photos/cat/1.jpg, photos/cat/2.jpg, photos/dog/1.png, ...

    x is (n, height, width, channels) uint8, resized to `size` (height, width); y is the number of
    the class in the sorted names, `stream.classes`. `color` is "rgb", "grayscale" or "rgba".
    Needs Pillow: `pip install "ranvier[images]"`.

    Args:
        label_mode: what y is: "int" (n,), "categorical" (n, classes) one-hot, "binary" (n, 1) with
            0 or 1; None: no y.
        validation_split: the share of the images held out, from 0 to 1, with
        subset: "training" or "validation": which part this stream is. Both calls take one `seed`.
        seed: of the random order in which the images are shared out; None: the sorted order.
    """
    if label_mode is not None and label_mode not in _TARGETS:
        raise unknown_name("label_mode", label_mode, _TARGETS)
    files, numbers, classes = _labelled(folder)
    if validation_split is not None or subset is not None:
        chosen = _part(len(files), validation_split, subset, seed)
        files, numbers = [files[i] for i in chosen], numbers[chosen]
    labels = None if label_mode is None else _TARGETS[label_mode](numbers, len(classes))
    return ImageStream(files, labels, classes, size, color)


def _labelled(folder: FilePath) -> tuple[list[Path], Array, list[str]]:
    """The images, the number of the class of each, and the names of the classes."""
    root = Path(folder)
    if not root.is_dir():
        raise FileError(f"{folder} is no folder; expected one that holds a folder for each class")
    classes = sorted(p.name for p in root.iterdir() if p.is_dir())
    files, labels = [], []
    for label, name in enumerate(classes):
        images = sorted(p for p in (root / name).rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
        files += images
        labels += [label] * len(images)
    if not files:
        raise DataError(
            f"{folder}: no images found in folders inside it; expected one folder for each class, "
            f"with files that end in {', '.join(IMAGE_SUFFIXES)}"
        )
    return files, np.array(labels, np.int64), classes


def _part(count: int, share: float | None, subset: str | None, seed: int | None) -> Array:
    """The indices of the images in one part."""
    if share is None or subset not in ("training", "validation") or not 0 < share < 1:
        raise ArgumentError(
            f"stream_images: validation_split={share!r} and subset={subset!r}; give both, a share "
            "between 0 and 1 and 'training' or 'validation', or none"
        )
    order = np.arange(count) if seed is None else random_order(count, np.random.Philox(seed))
    cut = count - int(share * count)
    return order[:cut] if subset == "training" else order[cut:]
