"""Pipelines: data sets as chains of steps over elements, in memory or from a generator."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np

from ...base.nested import leaves, map_leaves
from ...errors import ArgumentError, DataError
from ...typing import Array
from .stream import Chunk, Stream, as_chunk

Element = Any  # an array, or tuples and dicts of arrays

FOREVER = math.inf  # the size of a pipeline that never ends


class Pipeline(Stream):
    """Elements (arrays, or tuples and dicts of them) and steps that change them, run at each pass.

    `fit`, `evaluate` and `predict` take a pipeline of batches (x, y) in place of x and y.

    >>> pipeline = Pipeline.from_arrays(([1, 2, 3], [0, 1, 0])).map(lambda x, y: (x * 2, y))
    >>> for x, y in pipeline.batch(2):
    ...     print(x.tolist(), y.tolist())
    [2, 4] [0, 1]
    [6] [0]

    Args:
        elements: a function that begins another pass.
        total: how many elements there are; None: not known, `FOREVER`: no end.
    """

    own_order = True
    label = "Pipeline"  # in errors

    def __init__(
        self, elements: Callable[[], Iterator[Element]], total: float | None = None
    ) -> None:
        self.elements, self.size = elements, total
        self.batched = False

    # -- hooks: how elements look to the user's functions --

    def shown(self, array: Any) -> Any:
        """An array of an element as the user's functions see it."""
        return array

    @classmethod
    def as_array(cls, value: Any) -> Any:
        """What the user's functions give, as an array."""
        return value if isinstance(value, Pipeline) else np.asarray(value)

    def permutations(self, seed: int | None) -> Callable[[int], Array]:
        """A function that draws the order of so many elements, for each pass of `shuffle`."""
        return np.random.default_rng(seed).permutation

    # -- sources --

    @classmethod
    def from_arrays(cls, arrays: Any) -> Self:
        """One element for each row of the arrays."""
        whole = cls._nested(arrays)
        counts = {len(a) if a.ndim else 0 for a in leaves(whole)}
        if len(counts) != 1:
            shapes = ", ".join(str(a.shape) for a in leaves(whole))
            raise DataError(
                f"{cls.label}: the arrays have shapes {shapes}; expected as many rows in each"
            )
        (count,) = counts
        return cls(lambda: (_row(whole, i) for i in range(count)), count)

    @classmethod
    def from_element(cls, element: Any) -> Self:
        """One element: all of it."""
        whole = cls._nested(element)
        return cls(lambda: iter([whole]), 1)

    @classmethod
    def from_generator(cls, generator: Callable[[], Iterable[Any]]) -> Self:
        """What the function's generator yields, called again for each pass."""
        if not callable(generator):
            raise ArgumentError(
                "from_generator: expected a function that returns a generator, so that each epoch "
                f"gets a new one; got {type(generator).__name__}"
            )
        return cls(lambda: (cls._nested(element) for element in generator()), None)

    @classmethod
    def range(cls, *args: int) -> Self:
        """The integers of Python's `range`."""
        numbers = range(*args)
        return cls(lambda: (np.asarray(n) for n in numbers), len(numbers))

    @classmethod
    def zip(cls, *pipelines: Any) -> Self:
        """Elements side by side, as long as the shortest lasts."""
        parts = tuple(pipelines[0] if len(pipelines) == 1 else pipelines)
        sizes = [p.size for p in parts if p.size is not None]
        made = cls(
            lambda: zip(*(p.elements() for p in parts), strict=False),
            min(sizes) if len(sizes) == len(parts) else None,
        )
        made.batched = all(p.batched for p in parts)
        return made

    # -- steps --

    def _step(self, elements: Callable[[], Iterator[Element]], size: float | None) -> Self:
        made = type(self)(elements, size)
        made.batched = self.batched
        return made

    def map(self, function: Callable[..., Any], /) -> Self:
        """The function of each element; a tuple's parts are its arguments."""
        return self._step(lambda: (self._called(function, e) for e in self.elements()), self.size)

    def filter(self, predicate: Callable[..., Any]) -> Self:
        """The elements for which the function is true."""
        return self._step(
            lambda: (e for e in self.elements() if bool(self._called(predicate, e))), None
        )

    def shuffle(self, buffer_size: int | None = None, seed: int | None = None) -> Self:
        """In random order, drawn again for each pass; all elements at once, whatever the buffer."""
        draw = self.permutations(seed)

        def elements() -> Iterator[Element]:
            if self.size == FOREVER:
                return self.elements()
            everything = list(self.elements())
            return (everything[i] for i in draw(len(everything)))

        return self._step(elements, self.size)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Self:
        """Elements stacked, so many at a time."""
        if batch_size < 1:
            raise ArgumentError(f"batch: batch_size={batch_size}; expected at least 1")

        def elements() -> Iterator[Element]:
            remaining = self.elements()
            while rows := list(itertools.islice(remaining, batch_size)):
                if drop_remainder and len(rows) < batch_size:
                    return
                yield map_leaves(_stacked, *rows)

        size = self.size
        if size is not None and size != FOREVER:
            size = size // batch_size if drop_remainder else -(-size // batch_size)
        made = self._step(elements, size)
        made.batched = True
        return made

    def unbatch(self) -> Self:
        """The rows of each element as elements."""

        def elements() -> Iterator[Element]:
            for e in self.elements():
                for i in range(len(leaves(e)[0])):
                    yield _row(e, i)

        made = self._step(elements, None)
        made.batched = False
        return made

    def repeat(self, count: int | None = None) -> Self:
        """All elements `count` times over; without end by default."""
        chained = itertools.chain.from_iterable
        if count is None or count < 0:
            return self._step(lambda: chained(self.elements() for _ in itertools.count()), FOREVER)
        size = None if self.size is None else self.size * count
        return self._step(lambda: chained(self.elements() for _ in range(count)), size)

    def take(self, count: int) -> Self:
        """The first `count` elements."""
        size = count if self.size is None else min(count, self.size)
        return self._step(lambda: itertools.islice(self.elements(), count), size)

    def skip(self, count: int) -> Self:
        """Without the first `count` elements."""
        size = None if self.size is None else max(0, self.size - count)
        return self._step(lambda: itertools.islice(self.elements(), count, None), size)

    def concatenate(self, other: Pipeline) -> Self:
        """The elements of another one behind these."""
        size = None if self.size is None or other.size is None else self.size + other.size
        return self._step(lambda: itertools.chain(self.elements(), other.elements()), size)

    def enumerate(self, start: int = 0) -> Self:
        """(number, element)."""
        return self._step(
            lambda: ((np.asarray(i), e) for i, e in enumerate(self.elements(), start)), self.size
        )

    def window(
        self, size: int, shift: int | None = None, stride: int = 1, drop_remainder: bool = False
    ) -> Self:
        """Pipelines of `size` elements each, the next one beginning `shift` later."""

        def elements() -> Iterator[Element]:
            everything = list(self.elements())
            for start in range(0, len(everything), shift or size):
                part = everything[start : start + (size - 1) * stride + 1 : stride]
                if len(part) == size or not drop_remainder:
                    yield type(self)(lambda part=part: iter(part), len(part))  # type: ignore[misc]

        return self._step(elements, None)

    def flat_map(self, function: Callable[..., Any], /) -> Self:
        """The elements of the pipelines that the function makes of each element."""
        return self._step(
            lambda: (x for e in self.elements() for x in self._called(function, e).elements()), None
        )

    # -- reading --

    def __iter__(self) -> Iterator[Any]:
        return (map_leaves(self.shown, e) for e in self.elements())

    def __len__(self) -> int:
        if self.size is None or self.size == FOREVER:
            raise TypeError(f"{self.label}: how many elements there are is not known")
        return int(self.size)

    def chunks(self, bits: np.random.BitGenerator | None = None) -> Iterator[Chunk]:
        """The batches, for `fit`."""
        if not self.batched:
            raise DataError(
                f"{self.label}: its elements are single rows; fit takes batches: ds.batch(32)"
            )
        if self.size == FOREVER:
            raise DataError(
                f"{self.label}: it repeats for ever; say fit(..., steps_per_epoch=), or leave "
                "out repeat()"
            )
        return (as_chunk(e, i) for i, e in enumerate(self.elements()))

    # -- elements --

    def _called(self, function: Callable[..., Any], element: Element) -> Any:
        """The function of an element, its result as arrays."""
        seen = map_leaves(self.shown, element)
        result = function(*seen) if isinstance(seen, tuple) else function(seen)
        return self._nested(tuple(result) if isinstance(result, list) else result, False)

    @classmethod
    def _nested(cls, value: Any, narrow: bool = True) -> Any:
        """What a user gives: lists are arrays, tuples and dicts are structure; with `narrow`
        float64 becomes float32.
        """
        if isinstance(value, tuple):
            return tuple(cls._nested(v, narrow) for v in value)
        if isinstance(value, dict) or hasattr(value, "columns"):
            return {str(key): cls._nested(value[key], narrow) for key in value}
        array = cls.as_array(value)
        is_wide = narrow and isinstance(array, np.ndarray) and array.dtype == np.float64
        return array.astype(np.float32) if is_wide else array


def _row(arrays: Element, i: int) -> Element:
    return map_leaves(lambda a: a[i], arrays)


def _stacked(*rows: Array) -> Array:
    shapes = {row.shape for row in rows}
    if len(shapes) > 1:
        examples = " and ".join(str(s) for s in sorted(shapes)[:2])
        raise DataError(
            f"batch: elements of shapes {examples} make no batch; give all one shape, such as with "
            "ranvier.data.pad_sequences"
        )
    return np.stack(rows)
