"""Whether indices are inside their axis: the rule, the words, and ops that ask.

Gathers ask for themselves. `check_index` is for indices that something else is computed from: ids
of an Embedding, labels of a cross-entropy, several index arrays that become one. `check_integral`
comes before floats, as a table holds them, are cast to indices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, DTypeError, IndexRangeError
from ..graph.node import Spec, Value
from ..graph.sizes import exceeds, is_unknown, same
from ..typing import Array, ArrayLike, V
from .elementwise.comparison import astype
from .op import Gradients, Mapped, Op, apply, as_values, register


def check_integers(op: str, indices: Spec) -> None:
    """DTypeError for indices that are no integers."""
    if indices.dtype.kind not in "iu":
        raise DTypeError(
            f"{op}: indices must be integers, not {indices.dtype}; use astype('int64')"
        )


def check_inside(op: str, indices: Array, size: int, axis: int) -> None:
    """IndexRangeError for the first index that is outside an axis of `size`."""
    if is_unknown(size):
        return  # it is asked again when the number of rows is known
    if not indices.size or (-size <= indices.min() and indices.max() < size):
        return
    position = tuple(np.argwhere((indices < -size) | (indices >= size))[0])
    where = f" (indices[{', '.join(map(str, position))}])" if position else ""
    expected = f"expected {-size} to {size - 1}" if size else "it has no elements"
    error = IndexRangeError(
        f"{op}{': ' * bool(op)}index {indices[position]} is outside axis {axis} of size {size}"
        f"{where}; {expected}"
    )
    error.row_of = {len(indices): int(position[0])} if position else {}
    raise error


Refusal = Callable[[str, Array, int, int], None]  # of owner, indices, size and axis

# What says that indices are outside their axis, by what they are; layers and losses add to it.
REFUSALS: dict[str, Refusal] = {"index": check_inside}


def refuse_class(what: str, labels: Array, classes: int, axis: int = 0) -> None:
    """IndexRangeError for the first label that is not among the classes."""
    position = tuple(np.argwhere((labels < 0) | (labels >= classes))[0])
    where = f" (labels[{', '.join(map(str, position))}])" if position else ""
    raise IndexRangeError(
        f"{what}: label {labels[position]}{where} is none of the {classes} classes; "
        f"expected 0 to {classes - 1}"
    )


REFUSALS["class"] = refuse_class


class Check(Op):
    """Base of ops that hand on what they look at."""

    kind = "check"
    cost = 0

    def vmap(self, members: int, mapped: Mapped, x: V, **params: Any) -> V:
        out: V = apply(self, x, **params)
        return out


class CheckIndex(Check):
    """The indices themselves, each of them inside an axis of `size`, or an error.

    With `wrap` a negative index counts from the end, and its position from the start is the result;
    else it is outside. `what` the indices are (REFUSALS) and whose (`owner`) is for the error.
    """

    name = "check_index"

    def __call__(
        self,
        indices: V | ArrayLike,
        size: int,
        axis: int = 0,
        wrap: bool = True,
        what: str = "index",
        owner: str = "index",
    ) -> V:
        (indices,) = as_values(indices)
        kind = indices.dtype
        if kind.kind in "iu" and wrap and not exceeds(int(np.iinfo(kind).max) + 2, size):
            indices = astype(indices, dtypes.int64)
        return apply(self, indices, size=size, axis=axis, wrap=wrap, what=what, owner=owner)

    def infer(
        self, indices: Spec, *, size: int, axis: int, wrap: bool, what: str, owner: str
    ) -> Spec:
        if what not in REFUSALS:
            raise ArgumentError(f"{owner}: {what=}; known: {sorted(REFUSALS)}")
        check_integers(owner, indices)
        if same(size, 0) and 0 not in indices.shape:
            raise IndexRangeError(
                f"{owner}{': ' * bool(owner)}axis {axis} has size 0, so every index is "
                f"outside it; the indices have shape {indices.shape}"
            )
        return indices

    def reference(
        self, indices: Array, *, size: int, axis: int, wrap: bool, what: str, owner: str
    ) -> Array:
        low = -size if wrap else 0
        if indices.size and not (low <= indices.min() and indices.max() < size):
            REFUSALS[what](owner, indices, size, axis)
            raise IndexRangeError(f"{owner}: an index is outside axis {axis} of size {size}")
        if not wrap or indices.dtype.kind == "u":
            return indices
        return np.where(indices < 0, indices + np.asarray(size, indices.dtype), indices)

    def gradient(
        self,
        grad: Value,
        out: Value,
        indices: Value,
        *,
        size: int,
        axis: int,
        wrap: bool,
        what: str,
        owner: str,
    ) -> Gradients:
        return (None,)


# What says that numbers are no integers, by what they stand for; layers and losses add to it.
FRACTION_REFUSALS: dict[str, Callable[[str, Array], None]] = {}
_LARGEST = 2.0**53  # up to it every integer has a float64 of its own


def is_integral(x: Array) -> Array:
    """True where the numbers are integers that an int64 can hold.

    >>> is_integral(np.array([3.0, 1.5, np.nan, 1e300])).tolist()
    [True, False, False, False]
    """
    if x.dtype.kind in "iub":
        return np.ones(x.shape, np.bool_)
    with np.errstate(invalid="ignore"):
        return np.equal(x, np.floor(x)) & (np.abs(x) < _LARGEST)


class CheckIntegral(Check):
    """The numbers themselves, each of them an integer, or an error.

    `what` they stand for (FRACTION_REFUSALS) and whose they are (`owner`) is for the error.
    """

    name = "check_integral"

    def __call__(self, x: V | ArrayLike, what: str, owner: str) -> V:
        (x,) = as_values(x)
        if x.dtype.kind in "iub":
            return x
        return apply(self, x, what=what, owner=owner)

    def infer(self, x: Spec, *, what: str, owner: str) -> Spec:
        if what not in FRACTION_REFUSALS:
            raise ArgumentError(f"{owner}: {what=}; known: {sorted(FRACTION_REFUSALS)}")
        return x

    def reference(self, x: Array, *, what: str, owner: str) -> Array:
        if not is_integral(x).all():
            FRACTION_REFUSALS[what](owner, x)
            raise IndexRangeError(f"{owner}: expected integers")
        return x

    def gradient(self, grad: Value, out: Value, x: Value, *, what: str, owner: str) -> Gradients:
        return (None,)


check_index = register(CheckIndex())
check_integral = register(CheckIntegral())
