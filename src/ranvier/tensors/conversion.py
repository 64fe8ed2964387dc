"""Conversion: numbers out of a tensor to NumPy, Python, other libraries and the screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from .. import dtypes
from ..base.missing import PACKAGE
from ..base.notebook import html_of
from ..errors import DTypeError, ShapeError
from ..ops.methods import Methods
from ..typing import Array, DTypeLike
from .from_numpy import array_function, array_ufunc, refuse_in_list

if TYPE_CHECKING:
    from ..ops.composites.indexing import Key

_PLAIN = (dtypes.float32, dtypes.int64, dtypes.bool_)


class Readable(Methods):
    """A value whose numbers can be looked at, once they are known."""

    __slots__ = ()
    __array_ufunc__ = array_ufunc
    __array_function__ = array_function
    functions: ClassVar[str] = PACKAGE  # the module whose functions keep gradients

    _data: Array | None
    _requires_grad: bool

    @property
    @abstractmethod
    def is_traced(self) -> bool:
        """Whether it stands for a node of a graph being traced."""

    @property
    @abstractmethod
    def requires_grad(self) -> bool:
        """Whether gradients flow to it or through it."""

    @abstractmethod
    def __getitem__(self, key: Key[Self]) -> Self: ...

    @abstractmethod
    def _number(self) -> Array:
        """The array, for Python to look at; what it decides then holds while the numbers do."""

    def numpy(self) -> Array:
        """The numbers as a NumPy array that shares this tensor's memory."""
        return self._number()

    def item(self) -> Any:
        """The only element as a Python number."""
        array = self._number()
        if array.size != 1:
            raise ShapeError(
                f"item: a tensor of shape {array.shape} holds {array.size} numbers, not one"
            )
        return array.item()

    def tolist(self) -> Any:
        """The numbers as nested lists."""
        return self._number().tolist()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if self._requires_grad:
            refuse_in_list(self)
        array = self._number()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"a {array.dtype} tensor cannot become {dtype} without a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        return self._number().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._number().__dlpack_device__()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise DTypeError(f"a {self.dtype} tensor is not an integer")
        return int(self.item())

    def __bool__(self) -> bool:
        array = self._number()
        if array.size != 1:
            raise ShapeError(
                f"the truth of a tensor of shape {array.shape} is not one answer; "
                "use .any() or .all()"
            )
        return bool(array.item())

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("a tensor without axes has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def _repr_html_(self) -> str | None:
        """What a notebook shows: the numbers, of a large tensor statistics and a histogram."""
        return html_of("tensor", self)

    def __repr__(self) -> str:
        if self._data is None:
            return f"tensor(<traced {self.spec}>)"
        text = np.array2string(self._data, separator=", ", prefix="tensor(", precision=4)
        notes = f", shape={self.shape}" if not self.size and self.ndim > 1 else ""
        notes += "" if self.dtype in _PLAIN else f", dtype={self.dtype.name}"
        if self._requires_grad:
            notes += ", requires_grad=True"
        return f"tensor({text}{notes})"

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self.size != 1:
            raise ShapeError(
                f"format {spec!r} is for one number; this tensor has shape {self.shape}. Print it "
                "whole, or choose an element"
            )
        return format(self.item(), spec)
