"""What `..._dataset_from_...` return: a stream that is looked at batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ....data.file_streams import stream_images
from ....data.stream import Chunk, Stream, random_order, stream_arrays
from ....errors import ArgumentError, unknown_name
from ....tensors.tensor import Tensor


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
        """Batches as tensors: (x, y), or x alone."""
        bits = None if self.own_order else np.random.Philox(self._seed)
        size = self.batch_size or 1
        left: list[np.ndarray[Any, Any]] = []
        for chunk in self.chunks(bits):
            parts = [np.asarray(a) for a in chunk]
            if left:
                parts = [np.concatenate(pair) for pair in zip(left, parts, strict=True)]
            left = parts
            whole = len(left[0]) // size * size
            for start in range(0, whole, size):
                yield _batch([a[start : start + size] for a in left])
            left = [a[whole:] for a in left]
        if left and len(left[0]):
            yield _batch(left)

    def __len__(self) -> int:
        return -(-(self.rows or 0) // (self.batch_size or 1))

    def take(self, count: int) -> Iterator[Any]:
        """The first `count` batches."""
        return (batch for batch, _ in zip(iter(self), range(count), strict=False))

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """Itself: `fit` always reads ahead."""
        return self

    cache = prefetch

    @property
    def class_names(self) -> list[str]:
        """The classes in the order of their numbers."""
        return [] if self.classes is None else [str(c) for c in self.classes]


def _batch(arrays: list[np.ndarray[Any, Any]]) -> Any:
    tensors = [Tensor(a) for a in arrays]
    return tensors[0] if len(tensors) == 1 else tuple(tensors)


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
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
    series = np.asarray(data)[part]
    reach = (sequence_length - 1) * sampling_rate + 1
    if sequence_length < 1 or reach > len(series):
        raise ArgumentError(
            f"timeseries_dataset_from_array: sequence_length={sequence_length} with sampling_rate="
            f"{sampling_rate} reaches over {reach} points; there are {len(series)}"
        )
    seen = np.lib.stride_tricks.sliding_window_view(series, reach, axis=0)[..., ::sampling_rate]
    wanted = None if targets is None else np.asarray(targets)[part]
    count = len(seen) if wanted is None else min(len(seen), len(wanted))
    x = np.moveaxis(seen, -1, 1)[:count:sequence_stride]
    stream = stream_arrays(x, None if wanted is None else wanted[:count:sequence_stride])
    return Dataset(stream, batch_size, shuffle, seed)


_LABELS = ("int", "categorical", "binary", None)


def image_dataset_from_directory(
    directory: Any,
    labels: str = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
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
    if label_mode not in _LABELS:
        raise unknown_name("label_mode", label_mode, [m for m in _LABELS if m])
    if (validation_split is None) != (subset is None) or subset not in (
        None,
        "training",
        "validation",
    ):
        raise ArgumentError(
            f"image_dataset_from_directory: validation_split={validation_split!r} and subset="
            f"{subset!r}; give both, subset being 'training' or 'validation', or none"
        )
    stream: Any = stream_images(directory, image_size, color_mode)
    if validation_split is not None:
        if shuffle and seed is None:
            raise ArgumentError(
                "image_dataset_from_directory: give a seed, so that both parts are cut alike"
            )
        count = len(stream.files)
        order = random_order(count, np.random.Philox(seed)) if shuffle else np.arange(count)
        cut = count - int(validation_split * count)
        chosen = order[:cut] if subset == "training" else order[cut:]
        stream.files = [stream.files[i] for i in chosen]
        stream.labels, stream.rows = stream.labels[chosen], len(chosen)
    return Dataset(_Labelled(stream, label_mode), batch_size, shuffle, seed)


class _Labelled(Stream):
    """Images with labels in the form asked for."""

    def __init__(self, stream: Stream, mode: str | None) -> None:
        self.stream, self.mode = stream, mode
        self.rows, self.classes = stream.rows, stream.classes

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """The chunks of the stream with other labels."""
        count = 0 if self.classes is None else len(self.classes)
        for x, y in self.stream.chunks(bits):
            if self.mode is None:
                yield (x.astype(np.float32),)
            elif self.mode == "categorical":
                yield x.astype(np.float32), np.eye(count, dtype=np.float32)[y]
            elif self.mode == "binary":
                yield x.astype(np.float32), y[:, None].astype(np.float32)
            else:
                yield x.astype(np.float32), y
