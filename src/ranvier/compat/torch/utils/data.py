"""`torch.utils.data`: data sets in memory and batches of them, cut out of whole arrays at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .... import random
from ....errors import ArgumentError, DataError, unknown_name
from ....tensors.tensor import Tensor as RanvierTensor
from ...table import fill
from ..tensor import Tensor, of

_FOR_SPEED = (
    "num_workers", "pin_memory", "timeout", "worker_init_fn", "prefetch_factor",
    "persistent_workers",
)  # fmt: skip


class Dataset:
    """Base of data sets of one's own: write `__len__` and `__getitem__`."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError


class TensorDataset(Dataset):
    """Rows of several tensors of the same length.

    >>> data = TensorDataset(Tensor([[1], [2], [3]]), Tensor([4, 5, 6]))
    >>> [y.tolist() for _, y in DataLoader(data, batch_size=2)]
    [[4.0, 5.0], [6.0]]
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(of(x) for x in tensors)
        if len({len(x) for x in self.tensors}) != 1:
            raise DataError(
                "TensorDataset: the tensors have different numbers of rows: "
                f"{', '.join(str(len(x)) for x in self.tensors)}"
            )

    def __getitem__(self, index: Any) -> Any:
        return tuple(x[index] for x in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])

    def rows(self, indices: Any) -> Any:
        """The rows at `indices` (an array or a slice) as new tensors."""
        return [Tensor._wrap(np.array(x.numpy()[indices])) for x in self.tensors]


class Subset(Dataset):
    """Some rows of a data set."""

    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset, self.indices = dataset, np.asarray(indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[int(self.indices[index])]

    def __len__(self) -> int:
        return len(self.indices)

    def rows(self, indices: Any) -> Any:
        """The rows at `indices` of this subset."""
        return _rows(self.dataset, self.indices[indices])


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = None) -> list[Subset]:
    """Parts of these lengths (or shares) in random order."""
    sizes = list(lengths)
    if all(isinstance(n, float) for n in sizes):
        sizes = [int(share * len(dataset)) for share in sizes]
        sizes[0] += len(dataset) - sum(sizes)
    if sum(sizes) != len(dataset):
        raise ArgumentError(f"random_split: {sizes} do not add up to {len(dataset)} rows")
    ends = np.cumsum(sizes)[:-1].astype(int)
    parts = np.split((generator or random).permutation(len(dataset)).numpy(), ends)
    return [Subset(dataset, part) for part in parts]


class DataLoader:
    """Batches of a data set; a new random order in each pass with `shuffle`."""

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        generator: Any = None,
        **speed: Any,
    ) -> None:
        for name in speed:
            if name not in _FOR_SPEED:
                raise unknown_name("argument of DataLoader", name, _FOR_SPEED)
        if batch_size < 1:
            raise ArgumentError(f"DataLoader: batch_size={batch_size}; expected at least 1")
        self.dataset, self.batch_size = dataset, batch_size
        self.shuffle, self.drop_last = shuffle, drop_last
        self._source = generator or random

    def __len__(self) -> int:
        rows = len(self.dataset)
        return rows // self.batch_size if self.drop_last else -(-rows // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        # NOTE: the order is drawn now and not with the first batch, which `fit` takes in a thread.
        count, size = len(self.dataset), self.batch_size
        order = self._source.permutation(count).numpy() if self.shuffle else np.arange(count)
        starts = range(0, len(self) * size, size)
        return (_rows(self.dataset, order[start : start + size]) for start in starts)


def _rows(dataset: Any, indices: Any) -> Any:
    """The rows at `indices`, stacked."""
    if isinstance(dataset, TensorDataset | Subset):
        return dataset.rows(indices)
    return _stacked([dataset[int(i)] for i in indices])


def _stacked(rows: list[Any]) -> Any:
    if isinstance(rows[0], tuple | list):
        return [_stacked(list(column)) for column in zip(*rows, strict=True)]
    if isinstance(rows[0], dict):
        return {key: _stacked([row[key] for row in rows]) for key in rows[0]}
    arrays = [row.numpy() if isinstance(row, RanvierTensor) else row for row in rows]
    return of(arrays) if not isinstance(arrays[0], np.ndarray) else Tensor._wrap(np.stack(arrays))


__all__, __getattr__ = fill(globals(), "torch.utils.data")
