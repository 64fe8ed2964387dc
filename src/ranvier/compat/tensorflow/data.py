"""`tf.data`: `ranvier.data.Pipeline` with tensors for elements, and TensorFlow's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from ... import random
from ...data.streams.pipeline import FOREVER, Pipeline
from ...tensors.mode import no_grad
from ...tensors.tensor import Tensor
from ...typing import Array
from ..table import fill


class Dataset(Pipeline):
    """Elements: arrays, tuples or dicts of them; `fit` and its kin take batches of (x, y).

    >>> ds = Dataset.from_tensor_slices(([1, 2, 3], [0, 1, 0])).map(lambda x, y: (x * 2, y))
    >>> for x, y in ds.batch(2):
    ...     print(x.tolist(), y.tolist())
    [2, 4] [0, 1]
    [6] [0]
    """

    label = "tf.data.Dataset"

    def shown(self, array: Any) -> Any:
        """As a tensor; texts stay arrays."""
        is_text = isinstance(array, np.ndarray) and array.dtype.kind in "UOS"
        return array if is_text or isinstance(array, Pipeline) else Tensor(array)

    @classmethod
    def as_array(cls, value: Any) -> Any:
        """What a function gives, as an array."""
        return value.numpy() if isinstance(value, Tensor) else super().as_array(value)

    def permutations(self, seed: int | None) -> Callable[[int], Array]:
        """Draws from Ranvier's generator, which `tf.random.set_seed` sets."""
        generator = random.generator if seed is None else random.Generator(seed)
        return lambda n: generator.host().permutation(n)

    def _called(self, function: Callable[..., Any], element: Any) -> Any:
        with no_grad():
            return super()._called(function, element)

    @classmethod
    def from_tensor_slices(cls, tensors: Any, name: str | None = None) -> Dataset:
        """One element for each row of the arrays."""
        return cls.from_arrays(tensors)

    @classmethod
    def from_tensors(cls, tensors: Any, name: str | None = None) -> Dataset:
        """One element: all of it."""
        return cls.from_element(tensors)

    @classmethod
    def from_generator(
        cls, generator: Callable[[], Iterable[Any]], output_signature: Any = None, **types: Any
    ) -> Dataset:
        """What the function's generator yields, called again for each pass."""
        return super().from_generator(generator)

    def map(self, map_func: Callable[..., Any], **speed: object) -> Dataset:
        """The function of each element; a tuple's parts are its arguments."""
        return super().map(map_func)

    def shuffle(self, buffer_size: int, seed: int | None = None, **options: object) -> Dataset:  # type: ignore[override]
        """In random order, drawn again for each pass; all elements at once, whatever the buffer."""
        return super().shuffle(buffer_size, seed)

    def batch(self, batch_size: int, drop_remainder: bool = False, **speed: object) -> Dataset:
        """Elements stacked, so many at a time."""
        return super().batch(batch_size, drop_remainder)

    def flat_map(self, map_func: Callable[..., Any], **speed: object) -> Dataset:
        """The elements of the data sets that the function makes of each element."""
        return super().flat_map(map_func)

    interleave = flat_map

    def prefetch(self, buffer_size: object = None) -> Dataset:
        """Itself: `fit` always reads ahead."""
        return self

    cache = with_options = prefetch

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements as arrays."""
        return self.elements()

    def cardinality(self) -> Tensor:
        """How many elements there are; -1 for ever, -2 unknown."""
        size: Any = {None: -2, FOREVER: -1}.get(self.size, self.size)
        return Tensor(np.int64(size))


__all__, __getattr__ = fill(globals(), "tf.data", AUTOTUNE=-1)
