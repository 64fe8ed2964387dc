"""In-place changes: `x += y`, `x.add_(y)`, `x[0] = y`.

Each computes the new values as an ordinary op does and hands them to `_in_place`, which puts them,
and the history they have, into the tensor itself (tensors/tensor.py).
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

from ..ops import elementwise
from ..ops.composites import indexing
from ..typing import ArrayLike
from .conversion import Readable


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
    def _in_place(self, name: str, new: Any) -> Self:
        """This tensor, holding the values and the history of `new`."""

    @abstractmethod
    def _beside(self, value: Any) -> Any:
        """`value` as a tensor that this one can take in."""

    def _augmented(self, name: str, new: Any) -> Self:
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

    def add_(self, other: Any, alpha: float = 1.0) -> Self:
        """`self += alpha * other`."""
        return self._in_place("add_", self + (other if alpha == 1 else other * alpha))

    def sub_(self, other: Any, alpha: float = 1.0) -> Self:
        """`self -= alpha * other`."""
        return self._in_place("sub_", self - (other if alpha == 1 else other * alpha))

    def mul_(self, other: Any) -> Self:
        """`self *= other`."""
        return self._in_place("mul_", self * other)

    def copy_(self, other: Any) -> Self:
        """The values of `other`, broadcast to this shape and cast to this dtype; gradients flow to
        `other`. `assign` does the same to the state of a model, without gradients.
        """
        return self._in_place("copy_", self._replaced(other))

    def fill_(self, value: Any) -> Self:
        """Set every element to `value`."""
        return self._in_place("fill_", self._replaced(value))

    def zero_(self) -> Self:
        """Set every element to 0."""
        return self._in_place("zero_", self._replaced(0))

    def _replaced(self, value: Any) -> Any:
        """`value` everywhere, with a gradient of 0 for what this tensor held."""
        value = self._beside(value)
        return elementwise.astype(elementwise.where(True, value, self), self.dtype)

    def __getitem__(self, key: Any) -> Any:
        return indexing.getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._in_place("x[...] = value", indexing.replaced(self, key, self._beside(value)))
