"""Streams: rows that are read chunk by chunk, because they do not fit into memory or are made
while training.

    stream -> chunks -> batches of `fit`, `evaluate` and `predict`

A chunk is a tuple of arrays, (x, y), (x, y, sample weight) or (x,), with any number of rows. `fit`
reads chunks in a thread of its own while the network trains on earlier ones, checks each for NaN
and shape, and cuts them into batches of exactly the size asked for, across the borders of chunks.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np

from ...base.missing import Spelled, spelled
from ...errors import ArgumentError, DataError
from ...typing import Array
from ..conversion import FRAME_LIBRARIES

Chunk = tuple[Any, ...]


class RowSource(Protocol):
    """What has a length and can be sliced by rows."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> Any: ...


# Batches in a list, an iterator or a DataLoader, or a function that returns one of these.
Batches: TypeAlias = Iterable[Any] | Callable[[], Iterable[Any]]

_PART_BYTES = 1 << 20  # of an array


class Stream(Spelled, ABC):
    """Rows in chunks, read again in each epoch. Subclasses write `chunks`.

    Attributes:
        rows: how many rows an epoch has; None if that is known only after reading them.
        classes: the labels in order, if the stream knows them.
        batch_size: rows in a batch, if the stream decides on that rather than `fit`.
        buffer_rows: rows that are shuffled together; None: as many as 8 MB hold.
        own_order: the stream decides on the order of its rows, `fit` does not shuffle them.
        features: the names of the columns of x, of a stream over tables.
    """

    rows: int | None = None
    classes: Array | None = None
    batch_size: int | None = None
    buffer_rows: int | None = None
    own_order = False
    features: Sequence[str] | None = None

    def with_features(self, names: Sequence[str]) -> Stream:
        """The same stream with these columns of x, in this order."""
        other = copy.copy(self)
        other.features = list(names)
        return other

    @abstractmethod
    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """The chunks of one epoch, in an order drawn from `bits`, or in their own with None."""

    def in_batches(
        self, batch_size: int, bits: np.random.BitGenerator | None = None
    ) -> Iterator[Chunk]:
        """The rows of one epoch in batches of this size, across the borders of chunks; the last one
        may be smaller. For loops of your own.

        >>> stream = stream_arrays(np.arange(5), chunk_rows=3)
        >>> [x.tolist() for (x,) in stream.in_batches(2)]
        [[0, 1], [2, 3], [4]]
        """
        if batch_size < 1:
            raise ArgumentError(f"in_batches: batch_size={batch_size}; expected at least 1")
        left: list[Array] = []
        for chunk in self.chunks(bits):
            rows = [np.asarray(a) for a in chunk]
            if left:
                rows = [np.concatenate(both) for both in zip(left, rows, strict=True)]
            end = len(rows[0]) // batch_size * batch_size
            for start in range(0, end, batch_size):
                yield tuple(a[start : start + batch_size] for a in rows)
            left = [a[end:] for a in rows]
        if left and len(left[0]):
            yield tuple(left)

    def __iter__(self) -> Iterator[Chunk]:
        return self.chunks()


def random_order(n: int, bits: np.random.BitGenerator) -> Array:
    """The numbers 0 to n - 1 in random order; from raw bits, which NumPy promises never to change.

    >>> sorted(random_order(4, np.random.Philox(0)).tolist())
    [0, 1, 2, 3]
    """
    return np.argsort(bits.random_raw(n), kind="stable")


class PartStream(Stream):
    """Base of streams whose parts can be read in any order."""

    @abstractmethod
    def parts(self) -> int:
        """How many parts there are."""

    @abstractmethod
    def read(self, part: int) -> Chunk:
        """One of them."""

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """All parts, one after the other."""
        order: Iterable[int] = range(self.parts())
        if bits is not None:
            order = random_order(self.parts(), bits).tolist()
        return (self.read(part) for part in order)


class ArrayStream(PartStream):
    """Consecutive rows of arrays, see `stream_arrays`."""

    def __init__(
        self,
        arrays: Sequence[RowSource],
        chunk_rows: int | None = None,
        buffer_rows: int | None = None,
    ) -> None:
        counts = [len(a) for a in arrays]
        if len(set(counts)) != 1:
            raise DataError(f"stream: the arrays have different numbers of rows: {counts}")
        if not counts[0]:
            raise DataError("stream: the arrays have no rows; expected at least one")
        self.arrays, self.rows, self.buffer_rows = list(arrays), counts[0], buffer_rows
        size = max(np.asarray(a[:1]).nbytes for a in arrays)
        self.chunk_rows = chunk_rows or max(1, _PART_BYTES // max(1, size))

    def parts(self) -> int:
        """How many parts there are."""
        return -(-len(self.arrays[0]) // self.chunk_rows)

    def read(self, part: int) -> Chunk:
        """The rows of a part, a slice of every array."""
        rows = slice(part * self.chunk_rows, (part + 1) * self.chunk_rows)
        return tuple(np.asarray(a[rows]) for a in self.arrays)


@spelled
def stream_arrays(
    x: RowSource,
    y: RowSource | None = None,
    sample_weight: RowSource | None = None,
    chunk_rows: int | None = None,
    buffer_rows: int | None = None,
) -> Stream:
    """A stream over whatever has a length and can be sliced by rows: memory-mapped arrays, views
    such as `windows` gives, data sets of HDF5 and Zarr.

    Each epoch reads runs of `chunk_rows` rows (about 1 MB by default) in a random order and
    shuffles `buffer_rows` of them together, so a disk is read in long runs.

    >>> stream = stream_arrays(np.arange(5.0), np.arange(5), chunk_rows=3)
    >>> [y.tolist() for x, y in stream]
    [[0, 1, 2], [3, 4]]
    """
    arrays = [a for a in (x, y, sample_weight) if a is not None]
    return ArrayStream(arrays, chunk_rows, buffer_rows)


class BatchStream(Stream):
    """Batches as somebody else makes them, see `stream_batches`."""

    own_order = True

    def __init__(self, batches: Batches, steps: int | None = None) -> None:
        if not callable(batches) and not hasattr(batches, "__iter__"):
            raise ArgumentError(
                f"stream_batches: got {type(batches).__name__}; expected batches in a list, a "
                "generator, a DataLoader, or a function that returns one of these"
            )
        self.batches, self.steps = batches, steps
        self._running: Iterator[Any] | None = None  # kept over the epochs of `steps`
        self._exhausted = False

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """Each batch; NOTE: they are asked for now and not when the first is taken."""
        if self.steps is None:
            return self._all(self._begin())
        return self._some(self.steps)

    def _begin(self) -> Iterator[Any]:
        """The batches from the start."""
        made = self.batches() if callable(self.batches) else self.batches
        once = made is self.batches and hasattr(made, "__next__")
        if once and self._exhausted:
            raise DataError(
                "stream: this generator gives its batches only once, and they are used up; give a "
                "function that makes a new one for each epoch: stream_batches(lambda: batches())"
            )
        self._exhausted = once
        return iter(made)

    @staticmethod
    def _all(batches: Iterator[Any]) -> Iterator[Chunk]:
        for i, batch in enumerate(batches):
            yield as_chunk(batch, i)

    def _some(self, steps: int) -> Iterator[Chunk]:
        for i in range(steps):
            batch = next(self._running, None) if self._running is not None else None
            if batch is None:
                self._running = self._begin()
                batch = next(self._running, None)
            if batch is None:
                raise DataError("stream: there are no batches; expected at least one")
            yield as_chunk(batch, i)


@spelled
def stream_batches(batches: Batches, steps: int | None = None) -> Stream:
    """A stream over batches (x, y) or (x, y, sample weight) from a generator, a list, a DataLoader,
    or a function that returns one of these, called once for each epoch.

    `fit` takes the rows in the order they come in, and the size of the first batch as its batch
    size. `steps` is the number of batches in an epoch, for generators that never end.

    >>> def batches():
    ...     for i in range(3):
    ...         yield np.ones((2, 4)), np.array([0, i])
    >>> [y.tolist() for x, y in stream_batches(batches)]
    [[0, 0], [0, 1], [0, 2]]
    """
    return BatchStream(batches, steps)


def as_chunk(batch: object, number: int = 0) -> Chunk:
    """A batch as a tuple (x,), (x, y) or (x, y, sample weight)."""
    if isinstance(batch, list | tuple):
        if 1 <= len(batch) <= 3:
            return tuple(batch)
        what = f"{len(batch)} parts"
    elif isinstance(batch, dict):
        what = f"a dict with the keys {', '.join(map(str, batch))}"
    elif isinstance(batch, str) or not hasattr(batch, "__len__"):
        what = f"a {type(batch).__name__}"
    else:
        return (batch,)
    raise DataError(f"stream: batch {number} is {what}; expected (x, y) or (x, y, sample weight)")


_ARRAY_ATTRIBUTES = ("__array__", "__array_interface__", "__dlpack__", "__getitem__", "keys")


def as_stream(value: Any) -> Stream | None:
    """`value` as a stream if it is one, or an iterator, or something to iterate over that is
    neither an array nor a list nor a table; else None.
    """
    if value is None or type(value) is np.ndarray:  # the common cases, quickly
        return None
    if isinstance(value, Stream):
        return value
    if isinstance(value, np.ndarray | list | tuple | str | bytes | set):
        return None
    if not hasattr(type(value), "__iter__") or any(hasattr(value, a) for a in _ARRAY_ATTRIBUTES):
        return None
    known = {base.__module__.partition(".")[0] for base in type(value).__mro__}
    return None if FRAME_LIBRARIES & known else BatchStream(value)
