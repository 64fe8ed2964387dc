"""Gather and scatter: reading and adding where a tensor of indices says.

An index counts from 0; a negative one counts from the end. An index outside the axis is an
IndexRangeError, eager and compiled alike: a compiled step looks at all indices before it changes
anything, and stops (passes/checks.py).
"""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..errors import IndexRangeError, ShapeError
from ..graph.node import Spec, Value
from ..graph.sizes import same
from ..typing import Array, ArrayLike, V
from .check_index import check_index, check_inside, check_integers
from .creation import iota, zeros_like
from .elementwise.comparison import astype
from .movement import broadcast_to, moved, reshape
from .op import Gradients, Mapped, Op, apply, as_values, for_members, normal_axis, register


class Take(Op):
    """Slices of x along `axis` at the given indices.

    `x.shape[:axis] + indices.shape + x.shape[axis + 1:]` is the shape of the result.

    >>> import ranvier
    >>> ranvier.take(ranvier.tensor([10.0, 20.0, 30.0]), ranvier.tensor([2, 0]))
    tensor([30., 10.])
    """

    name = "take"
    kind = "gather"
    cost = 3

    def __call__(self, x: V | ArrayLike, indices: V | ArrayLike, axis: int = 0) -> V:
        (x,) = as_values(x)
        (indices,) = as_values(indices, like=x)
        return apply(self, x, indices, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, x: Spec, indices: Spec, *, axis: int) -> Spec:
        _fits(self.name, indices, x, axis)
        return Spec(x.shape[:axis] + indices.shape + x.shape[axis + 1 :], x.dtype)

    def reference(self, x: Array, indices: Array, *, axis: int) -> Array:
        check_inside(self.name, indices, x.shape[axis], axis)
        return np.take(x, indices, axis)

    def gradient(
        self, grad: Value, out: Value, x: Value, indices: Value, *, axis: int
    ) -> Gradients:
        return apply(scatter_add, zeros_like(x), indices, grad, axis=axis), None

    def vmap(self, members: int, mapped: Mapped, x: V, indices: V, *, axis: int) -> V:
        if not mapped[1]:
            return apply(self, x, indices, axis=axis + 1)
        if not mapped[0]:
            return moved(apply(self, x, indices, axis=axis), axis, 0)
        # The tables of the members stand one behind the other; each member reads its own.
        rows = _in_one_table(x, axis)
        out = apply(self, rows, _of_members(self.name, indices, x.shape[axis + 1], axis), axis=0)
        for a in range(axis):  # the axes before `axis` come before those of the indices
            out = moved(out, indices.ndim + a, 1 + a)
        return out


class ScatterAdd(Op):
    """x with `updates` added at the given indices of `axis`; the transpose of `take`.

    Positions that occur twice receive both.
    """

    name = "scatter_add"
    kind = "gather"
    cost = 3

    def __call__(
        self, x: V | ArrayLike, indices: V | ArrayLike, updates: V | ArrayLike, axis: int = 0
    ) -> V:
        x, updates = as_values(x, updates)
        (indices,) = as_values(indices, like=x)
        return apply(self, x, indices, updates, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, x: Spec, indices: Spec, updates: Spec, *, axis: int) -> Spec:
        _fits(self.name, indices, x, axis)
        expected = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
        if updates.shape != expected or updates.dtype != x.dtype:
            raise ShapeError(
                f"scatter_add: updates are {updates}; expected {Spec(expected, x.dtype)}"
            )
        return x

    def reference(self, x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
        check_inside(self.name, indices, x.shape[axis], axis)
        out = np.array(x)
        rows = np.moveaxis(out, axis, 0)
        axes = tuple(range(axis, axis + indices.ndim))
        np.add.at(rows, indices, np.moveaxis(updates, axes, tuple(range(indices.ndim))))
        return out

    def gradient(
        self, grad: Value, out: Value, x: Value, indices: Value, updates: Value, *, axis: int
    ) -> Gradients:
        return grad, None, apply(take, grad, indices, axis=axis)

    def vmap(self, members: int, mapped: Mapped, x: V, indices: V, updates: V, *, axis: int) -> V:
        own = mapped[0], mapped[2]
        x, updates = for_members(members, own, x, updates)
        if not mapped[1]:
            return apply(self, x, indices, updates, axis=axis + 1)
        for _ in range(axis):  # the axes before `axis` come after those of the indices
            updates = moved(updates, 1, indices.ndim + axis - 1)
        rows = _in_one_table(x, axis)
        where = _of_members(self.name, indices, x.shape[axis + 1], axis)
        out = apply(self, rows, where, updates, axis=0)
        front = (members, x.shape[axis + 1], *x.shape[1 : axis + 1], *x.shape[axis + 2 :])
        return moved(reshape(out, front), 1, axis + 1)


class TakeAlongAxis(Op):
    """One element for each position: `out[i, j] = x[i, indices[i, j]]` for the last axis.

    `indices` has the shape of x but for `axis`; size-1 axes are repeated.
    """

    name = "take_along_axis"
    kind = "gather"
    cost = 3

    def __call__(self, x: V | ArrayLike, indices: V | ArrayLike, axis: int = -1) -> V:
        (x,) = as_values(x)
        (indices,) = as_values(indices, like=x)
        axis = normal_axis(self.name, axis, x.ndim)
        if indices.ndim == x.ndim:
            shape = tuple(
                i if a == axis else n
                for a, (n, i) in enumerate(zip(x.shape, indices.shape, strict=True))
            )
            indices = broadcast_to(indices, shape)
        return apply(self, x, indices, axis=axis)

    def infer(self, x: Spec, indices: Spec, *, axis: int) -> Spec:
        _along(self.name, x, indices, axis)
        return Spec(indices.shape, x.dtype)

    def reference(self, x: Array, indices: Array, *, axis: int) -> Array:
        check_inside(self.name, indices, x.shape[axis], axis)
        return np.take_along_axis(x, indices.astype(np.int64), axis)

    def gradient(
        self, grad: Value, out: Value, x: Value, indices: Value, *, axis: int
    ) -> Gradients:
        return apply(scatter_add_along_axis, zeros_like(x), indices, grad, axis=axis), None

    def vmap(self, members: int, mapped: Mapped, x: V, indices: V, *, axis: int) -> V:
        return apply(self, *for_members(members, mapped, x, indices), axis=axis + 1)


class ScatterAddAlongAxis(Op):
    """x with `updates[i, j]` added at `[i, indices[i, j]]`; the transpose of `take_along_axis`."""

    name = "scatter_add_along_axis"
    kind = "gather"
    cost = 3

    def __call__(
        self, x: V | ArrayLike, indices: V | ArrayLike, updates: V | ArrayLike, axis: int = -1
    ) -> V:
        x, updates = as_values(x, updates)
        (indices,) = as_values(indices, like=x)
        return apply(self, x, indices, updates, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, x: Spec, indices: Spec, updates: Spec, *, axis: int) -> Spec:
        _along(self.name, x, indices, axis)
        if updates != Spec(indices.shape, x.dtype):
            raise ShapeError(
                f"{self.name}: updates are {updates}; expected {Spec(indices.shape, x.dtype)}"
            )
        return x

    def reference(self, x: Array, indices: Array, updates: Array, *, axis: int) -> Array:
        check_inside(self.name, indices, x.shape[axis], axis)
        out = np.array(x)
        axes: list[Array] = list(np.indices(indices.shape, sparse=True))
        axes[axis] = indices
        np.add.at(out, tuple(axes), updates)
        return out

    def gradient(
        self, grad: Value, out: Value, x: Value, indices: Value, updates: Value, *, axis: int
    ) -> Gradients:
        return grad, None, apply(take_along_axis, grad, indices, axis=axis)

    def vmap(self, members: int, mapped: Mapped, x: V, indices: V, updates: V, *, axis: int) -> V:
        return apply(self, *for_members(members, mapped, x, indices, updates), axis=axis + 1)


def _in_one_table(x: V, axis: int) -> V:
    """(members, .., n, ..) as (members * n, ..): what `axis` counts, one member after the other."""
    x = moved(x, axis + 1, 1)
    return reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))


def _of_members(op: str, indices: V, n: int, axis: int) -> V:
    """Indices (members, ..) into tables of n rows each, as indices into all of them."""
    inside: V = check_index(astype(indices, dtypes.int64), n, axis, owner=op)
    shape = (indices.shape[0], *(1 for _ in indices.shape[1:]))
    first = apply(iota, like=indices, shape=shape, axis=0, dtype=dtypes.int64) * n
    return inside + broadcast_to(first, indices.shape)


def _fits(op: str, indices: Spec, x: Spec, axis: int) -> None:
    """Refuse indices that no numbers in them could make right."""
    check_integers(op, indices)
    if same(x.shape[axis], 0) and 0 not in indices.shape:
        raise IndexRangeError(
            f"{op}: axis {axis} of x has size 0, so every index is outside it; x has shape "
            f"{x.shape}, indices {indices.shape}"
        )


def _along(op: str, x: Spec, indices: Spec, axis: int) -> None:
    others = (s[:axis] + s[axis + 1 :] for s in (x.shape, indices.shape))
    if len(x.shape) != len(indices.shape) or not same(*others):
        check_integers(op, indices)
        raise ShapeError(
            f"{op}: indices {indices.shape} and x {x.shape} differ outside axis {axis}"
        )
    _fits(op, indices, x, axis)


take = register(Take())
scatter_add = register(ScatterAdd())
take_along_axis = register(TakeAlongAxis())
scatter_add_along_axis = register(ScatterAddAlongAxis())
