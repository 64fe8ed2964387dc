"""In-place changes: `x += y`, `x.add_(y)`, `x[0] = y`.

Each computes the new values as an ordinary op does and hands them to `_in_place`, which puts them,
and the history they have, into the tensor itself (tensors/versions.py).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Self, cast

import numpy as np

from ..ops import elementwise
from ..ops.composites import indexing
from ..typing import ArrayLike
from .conversion import Readable

if TYPE_CHECKING:
    from ..ops.composites.indexing import Key


class InPlace(Readable):
    """A value that can be changed where it stands.

    As in PyTorch: a leaf that requires a gradient is changed only under `no_grad()`; any other
    tensor takes the history of its new values, so that the next gradient is that of what it holds.
    The result of an op is a value of its own: changing `x[0]`, `x.T` or `x.reshape(...)` after it
    was made does not change x. What shares memory is `detach()`, `.data`, `numpy()`, and a function
    that has nothing to do, such as `reshape` to the same shape, which gives x itself.
    """

    __slots__ = ()

    @abstractmethod
    def _in_place(self, name: str, new: Self) -> Self:
        """This tensor, holding the values and the history of `new`."""

    @abstractmethod
    def _beside(self, value: Self | ArrayLike) -> Self:
        """`value` as a tensor that this one can take in."""

    def _augmented(self, name: str, new: Self) -> Self:
        """What `x += y` leaves in x: the same tensor, changed."""
        return self._in_place(name, new)

    def __iadd__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("+=", self + other)

    def __isub__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("-=", self - other)

    def __imul__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("*=", self * other)

    def __itruediv__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("/=", self / other)

    def __ifloordiv__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("//=", self // other)

    def __imod__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("%=", self % other)

    def __ipow__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("**=", self**other)

    def __iand__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("&=", self & other)

    def __ior__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("|=", self | other)

    def __ixor__(self, other: Self | ArrayLike) -> Self:
        return self._augmented("^=", self ^ other)

    # NOTE: no __imatmul__: `x @= w` makes x the name of the product, as in PyTorch.

    def add_(self, other: Self | ArrayLike, alpha: float = 1.0) -> Self:
        """`self += alpha * other`."""
        return self._in_place("add_", self + self._scaled(other, alpha))

    def sub_(self, other: Self | ArrayLike, alpha: float = 1.0) -> Self:
        """`self -= alpha * other`."""
        return self._in_place("sub_", self - self._scaled(other, alpha))

    def _scaled(self, other: Self | ArrayLike, alpha: float) -> Self | ArrayLike:
        if alpha == 1:
            return other
        if isinstance(other, int | float | np.ndarray | np.number):
            return other * alpha
        return self._beside(other) * alpha

    def mul_(self, other: Self | ArrayLike) -> Self:
        """`self *= other`."""
        return self._in_place("mul_", self * other)

    def copy_(self, other: Self | ArrayLike) -> Self:
        """The values of `other`, broadcast to this shape and cast to this dtype; gradients flow to
        `other`. `assign` does the same to the state of a model, without gradients.
        """
        return self._in_place("copy_", self._replaced(other))

    def fill_(self, value: Self | ArrayLike) -> Self:
        """Set every element to `value`."""
        return self._in_place("fill_", self._replaced(value))

    def zero_(self) -> Self:
        """Set every element to 0."""
        return self._in_place("zero_", self._replaced(0))

    def _replaced(self, value: Self | ArrayLike) -> Self:
        """`value` everywhere, with a gradient of 0 for what this tensor held."""
        value = self._beside(value)
        new = elementwise.where(True, value, self)
        return cast("Self", elementwise.astype(new, self.dtype))

    def __getitem__(self, key: Key[Self]) -> Self:
        return indexing.getitem(self, key)

    def __setitem__(self, key: Key[Self], value: Self | ArrayLike) -> None:
        self._in_place("x[...] = value", indexing.replaced(self, key, self._beside(value)))
