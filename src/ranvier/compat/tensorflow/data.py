"""`tf.data`: data sets as chains of steps over elements, in memory or from a generator."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ... import random
from ...base.nested import leaves, map_leaves
from ...data.stream import Chunk, Stream, as_chunk
from ...errors import ArgumentError, DataError
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ..table import fill


def _row(arrays: Any, i: int) -> Any:
    return map_leaves(lambda a: a[i], arrays)


def _array(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.numpy()
    return value if isinstance(value, Dataset) else np.asarray(value)


def _tensor(value: Any) -> Any:
    """As users see it; texts stay arrays."""
    text = isinstance(value, np.ndarray) and value.dtype.kind in "UOS"
    return value if text or isinstance(value, Dataset) else Tensor(value)


def _number_array(value: Any) -> Any:
    """As an array whose floats are float32."""
    found = _array(value)
    return found.astype(np.float32) if found.dtype == np.float64 else found


def _nested(value: Any, array: Callable[[Any], Any] = _number_array) -> Any:
    """What a user gives: lists are arrays, tuples and dicts are structure."""
    if isinstance(value, tuple):
        return tuple(_nested(v, array) for v in value)
    if isinstance(value, dict) or hasattr(value, "columns"):
        return {str(key): _nested(value[key], array) for key in value}
    return array(value)


class Dataset(Stream):
    """Elements: arrays, tuples or dicts of them; `fit` and its kin take batches of (x, y).

    >>> ds = Dataset.from_tensor_slices(([1, 2, 3], [0, 1, 0])).map(lambda x, y: (x * 2, y))
    >>> for x, y in ds.batch(2):
    ...     print(x.tolist(), y.tolist())
    [2, 4] [0, 1]
    [6] [0]
    """

    own_order = True

    def __init__(self, elements: Callable[[], Iterator[Any]], size: int | None) -> None:
        self._elements, self._size = elements, size
        self._batched = False

    # -- made from --

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: Any = None) -> Dataset:
        """One element for each row of the arrays."""
        arrays = _nested(tensors)
        counts = {len(a) if a.ndim else 0 for a in leaves(arrays)}
        if len(counts) != 1:
            said = ", ".join(str(a.shape) for a in leaves(arrays))
            raise DataError(
                f"from_tensor_slices: the arrays have shapes {said}; expected as many rows in each"
            )
        (count,) = counts
        return cls(lambda: (_row(arrays, i) for i in range(count)), count)

    @classmethod
    def from_tensors(cls, tensors: Any, name: Any = None) -> Dataset:
        """One element: all of it."""
        whole = _nested(tensors)
        return cls(lambda: iter([whole]), 1)

    @classmethod
    def from_generator(
        cls, generator: Callable[[], Iterable[Any]], output_signature: Any = None, **types: Any
    ) -> Dataset:
        """What the function's generator yields, called anew for each pass."""
        if not callable(generator):
            raise ArgumentError(
                "from_generator: expected a function that returns a generator, so that each epoch "
                f"gets a new one; got {type(generator).__name__}"
            )
        return cls(lambda: (_nested(element) for element in generator()), None)

    @classmethod
    def range(cls, *args: int) -> Dataset:
        """The integers of Python's `range`."""
        numbers = range(*args)
        return cls(lambda: (np.asarray(n) for n in numbers), len(numbers))

    @classmethod
    def zip(cls, *datasets: Any) -> Dataset:
        """Elements side by side, as long as the shortest lasts."""
        given = tuple(datasets[0] if len(datasets) == 1 else datasets)
        sizes = [d._size for d in given if d._size is not None]
        made = cls(
            lambda: zip(*(d._elements() for d in given), strict=False),
            min(sizes) if len(sizes) == len(given) else None,
        )
        made._batched = all(d._batched for d in given)
        return made

    # -- steps --

    def _step(self, elements: Callable[[], Iterator[Any]], size: int | None) -> Dataset:
        made = Dataset(elements, size)
        made._batched = self._batched
        return made

    def map(self, map_func: Callable[..., Any], **speed: Any) -> Dataset:
        """The function of each element; a tuple's parts are its arguments."""
        return self._step(lambda: (_called(map_func, e) for e in self._elements()), self._size)

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which the function is true."""
        return self._step(
            lambda: (e for e in self._elements() if bool(np.asarray(_called(predicate, e)))), None
        )

    def shuffle(self, buffer_size: int, seed: int | None = None, **options: Any) -> Dataset:
        """In random order, drawn anew for each pass; all elements at once, whatever the buffer."""
        generator = random.generator if seed is None else random.Generator(seed)

        def elements() -> Iterator[Any]:
            if self._size is not None and self._size < 0:
                return self._elements()
            found = list(self._elements())
            return (found[i] for i in generator.host().permutation(len(found)))

        return self._step(elements, self._size)

    def batch(self, batch_size: int, drop_remainder: bool = False, **speed: Any) -> Dataset:
        """Elements stacked, so many at a time."""
        if batch_size < 1:
            raise ArgumentError(f"batch: batch_size={batch_size}; expected at least 1")

        def elements() -> Iterator[Any]:
            going = self._elements()
            while rows := list(itertools.islice(going, batch_size)):
                if drop_remainder and len(rows) < batch_size:
                    return
                yield map_leaves(_stacked, *rows)

        size = self._size
        if size is not None and size >= 0:
            size = size // batch_size if drop_remainder else -(-size // batch_size)
        made = self._step(elements, size)
        made._batched = True
        return made

    def unbatch(self) -> Dataset:
        """The rows of each element as elements."""

        def elements() -> Iterator[Any]:
            for e in self._elements():
                for i in range(len(leaves(e)[0])):
                    yield _row(e, i)

        made = self._step(elements, None)
        made._batched = False
        return made

    def repeat(self, count: int | None = None) -> Dataset:
        """All elements `count` times over; for ever by default."""
        if count is None or count < 0:
            forever = itertools.chain.from_iterable
            return self._step(lambda: forever(self._elements() for _ in itertools.count()), -1)
        whole = None if self._size is None or self._size < 0 else self._size * count
        again = itertools.chain.from_iterable
        return self._step(lambda: again(self._elements() for _ in range(count)), whole)

    def take(self, count: int) -> Dataset:
        """The first `count` elements."""
        size = count if self._size in (None, -1) else min(count, self._size or 0)
        return self._step(lambda: itertools.islice(self._elements(), count), size)

    def skip(self, count: int) -> Dataset:
        """Without the first `count` elements."""
        size = self._size if self._size in (None, -1) else max(0, (self._size or 0) - count)
        return self._step(lambda: itertools.islice(self._elements(), count, None), size)

    def concatenate(self, dataset: Dataset) -> Dataset:
        """The elements of another one behind these."""
        known = None not in (self._size, dataset._size)
        size = (self._size or 0) + (dataset._size or 0) if known else None
        return self._step(lambda: itertools.chain(self._elements(), dataset._elements()), size)

    def enumerate(self, start: int = 0) -> Dataset:
        """(number, element)."""
        return self._step(
            lambda: ((np.asarray(i), e) for i, e in enumerate(self._elements(), start)), self._size
        )

    def window(
        self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False
    ) -> Dataset:
        """Data sets of `size` elements each, the next one beginning `shift` later."""
        apart = shift or size

        def elements() -> Iterator[Any]:
            found = list(self._elements())
            for start in range(0, len(found), apart):
                part = found[start : start + (size - 1) * stride + 1 : stride]
                if len(part) == size or not drop_remainder:
                    yield Dataset(lambda part=part: iter(part), len(part))  # type: ignore[misc]

        return self._step(elements, None)

    def flat_map(self, map_func: Callable[..., Any]) -> Dataset:
        """The elements of the data sets that the function makes of each element."""

        def elements() -> Iterator[Any]:
            for e in self._elements():
                yield from _called(map_func, e)._elements()

        return self._step(elements, None)

    interleave = flat_map

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """Itself: `fit` always reads ahead."""
        return self

    cache = with_options = prefetch

    # -- read --

    def __iter__(self) -> Iterator[Any]:
        return (map_leaves(_tensor, e) for e in self._elements())

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays."""
        return self._elements()

    def __len__(self) -> int:
        if self._size is None or self._size < 0:
            raise TypeError("tf.data.Dataset: how many elements there are is not known")
        return self._size

    def cardinality(self) -> Any:
        """How many elements there are; -1 for ever, -2 unknown."""
        return Tensor(np.int64(-2 if self._size is None else self._size))

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """The batches, for `fit`."""
        if not self._batched:
            raise DataError(
                "tf.data.Dataset: its elements are single rows; fit takes batches: ds.batch(32)"
            )
        if self._size == -1:
            raise DataError(
                "tf.data.Dataset: it repeats for ever; say fit(..., steps_per_epoch=), or leave "
                "out repeat()"
            )
        return (as_chunk(e, i) for i, e in enumerate(self._elements()))


def _called(function: Callable[..., Any], element: Any) -> Any:
    """The function of an element, its result as arrays."""
    seen = map_leaves(_tensor, element)
    with no_grad():
        made = function(*seen) if isinstance(seen, tuple) else function(seen)
    return _nested(tuple(made) if isinstance(made, list) else made, _array)


def _stacked(*rows: Any) -> Any:
    shapes = {row.shape for row in rows}
    if len(shapes) > 1:
        said = " and ".join(str(s) for s in sorted(shapes)[:2])
        raise DataError(
            f"batch: elements of shapes {said} make no batch; give all one shape, such as with "
            "keras.utils.pad_sequences"
        )
    return np.stack(rows)


__all__, __getattr__ = fill(globals(), "tf.data", AUTOTUNE=-1)
