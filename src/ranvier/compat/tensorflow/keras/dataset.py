"""What `..._dataset_from_...` return: a stream that is looked at batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ....data.sliding_windows import sliding_view
from ....data.streams.file_streams import stream_images
from ....data.streams.stream import Chunk, Stream, stream_arrays
from ....errors import ArgumentError
from ....io.writing import FilePath
from ....tensors.tensor import Tensor
from ....typing import ArrayLike


class Dataset(Stream):
    """Batches of a stream; `fit`, `evaluate` and `predict` take it in place of x and y."""

    def __init__(
        self, stream: Stream, batch_size: int | None, shuffle: bool, seed: int | None
    ) -> None:
        self.stream, self.rows, self.classes = stream, stream.rows, stream.classes
        self.batch_size = batch_size or stream.rows
        self.own_order = not shuffle
        self._seed = seed

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """The chunks of the stream."""
        return self.stream.chunks(bits)

    def __iter__(self) -> Iterator[Any]:
        """Batches as tensors: (x, y), or x alone; images are float32."""
        bits = None if self.own_order else np.random.Philox(self._seed)
        for x, *y in self.in_batches(self.batch_size or 1, bits):
            x = Tensor(x.astype(np.float32) if x.dtype == np.uint8 else x)
            yield (x, *map(Tensor, y)) if y else x

    def __len__(self) -> int:
        return -(-(self.rows or 0) // (self.batch_size or 1))

    def take(self, count: int) -> Iterator[Any]:
        """The first `count` batches."""
        return (batch for batch, _ in zip(iter(self), range(count), strict=False))

    def prefetch(self, buffer_size: object = None) -> Dataset:
        """Itself: `fit` always reads ahead."""
        return self

    cache = prefetch

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of their numbers."""
        return [] if self.classes is None else [str(c) for c in self.classes]


def timeseries_dataset_from_array(
    data: ArrayLike,
    targets: ArrayLike | None,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Dataset:
    """Windows of a series, the target of the one that begins at point i being `targets[i]`.

    >>> import numpy
    >>> series = numpy.arange(6.0, dtype="float32")
    >>> for x, y in timeseries_dataset_from_array(series[:-2], series[2:], sequence_length=2):
    ...     print(x.tolist(), y.tolist())
    [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]] [2.0, 3.0, 4.0]
    """
    part = slice(start_index, end_index)
    x = sliding_view(np.asarray(data)[part], sequence_length, 1, sampling_rate)
    y = None if targets is None else np.asarray(targets)[part][: len(x)]
    x = x if y is None else x[: len(y)]
    stream = stream_arrays(x[::sequence_stride], None if y is None else y[::sequence_stride])
    return Dataset(stream, batch_size, shuffle, seed)


def image_dataset_from_directory(
    directory: FilePath,
    labels: str = "inferred",
    label_mode: str | None = "int",
    class_names: object = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
) -> Dataset:
    """The images of a folder that holds one folder for each class; see `data.stream_images`.

    With `validation_split` the share of images held out, and `subset` "training" or "validation"
    (both calls with the same seed).
    """
    if labels != "inferred" or class_names is not None:
        raise ArgumentError(
            "image_dataset_from_directory: labels and class_names come from the folders' names "
            "here; leave labels='inferred' and class_names=None"
        )
    if validation_split is not None and shuffle and seed is None:
        raise ArgumentError(
            "image_dataset_from_directory: give a seed, so that both parts are cut alike"
        )
    part = validation_split, subset, seed if shuffle else None
    stream = stream_images(directory, image_size, color_mode, label_mode, *part)
    return Dataset(stream, batch_size, shuffle, seed)
