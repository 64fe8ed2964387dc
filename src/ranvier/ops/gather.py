"""Reading and adding at places given by a tensor of positions.

Positions count from 0; a negative one counts from the end. The reference refuses positions outside
the axis; compiled code, which cannot stop in the middle, reads the nearest row and ignores what it
would have added.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph.node import Spec
from .creation import zeros_like
from .movement import broadcast_to
from .op import Op, apply, as_values, normal_axis, register


class Take(Op):
    """Slices of x along `axis` at the given positions.

    `x.shape[:axis] + indices.shape + x.shape[axis + 1:]` is the shape of the result.

    >>> import ranvier
    >>> ranvier.take(ranvier.tensor([10.0, 20.0, 30.0]), ranvier.tensor([2, 0]))
    tensor([30., 10.])
    """

    name = "take"
    kind = "gather"

    def __call__(self, x: Any, indices: Any, axis: int = 0) -> Any:
        (x,) = as_values(x)
        (indices,) = as_values(indices, like=x)
        return apply(self, x, indices, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        x, indices = specs
        axis = params["axis"]
        _whole(self.name, indices)
        return Spec(x.shape[:axis] + indices.shape + x.shape[axis + 1 :], x.dtype)

    def reference(self, x: Any, indices: Any, *, axis: int) -> Any:
        _inside(self.name, indices, x.shape[axis])
        return np.take(x, indices, axis)

    def gradient(self, grad: Any, out: Any, x: Any, indices: Any, *, axis: int) -> tuple[Any, ...]:
        return apply(scatter_add, zeros_like(x), indices, grad, axis=axis), None


class ScatterAdd(Op):
    """x with `updates` added at the given positions of `axis`; the transpose of `take`.

    Positions that occur twice receive both.
    """

    name = "scatter_add"
    kind = "gather"

    def __call__(self, x: Any, indices: Any, updates: Any, axis: int = 0) -> Any:
        x, updates = as_values(x, updates)
        (indices,) = as_values(indices, like=x)
        return apply(self, x, indices, updates, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        x, indices, updates = specs
        axis = params["axis"]
        _whole(self.name, indices)
        expected = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
        if updates.shape != expected or updates.dtype != x.dtype:
            raise ShapeError(
                f"scatter_add: updates are {updates}; expected {Spec(expected, x.dtype)}"
            )
        return x

    def reference(self, x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
        _inside(self.name, indices, x.shape[axis])
        out = np.array(x)
        rows = np.moveaxis(out, axis, 0)
        places = tuple(range(axis, axis + indices.ndim))
        np.add.at(rows, indices, np.moveaxis(updates, places, tuple(range(indices.ndim))))
        return out

    def gradient(
        self, grad: Any, out: Any, x: Any, indices: Any, updates: Any, *, axis: int
    ) -> tuple[Any, ...]:
        return grad, None, apply(take, grad, indices, axis=axis)


class TakeAlongAxis(Op):
    """One element for each position: `out[i, j] = x[i, indices[i, j]]` for the last axis.

    `indices` has the shape of x but for `axis`; size-1 axes are repeated.
    """

    name = "take_along_axis"
    kind = "gather"

    def __call__(self, x: Any, indices: Any, axis: int = -1) -> Any:
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

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        x, indices = specs
        _along(self.name, x, indices, params["axis"])
        return Spec(indices.shape, x.dtype)

    def reference(self, x: Any, indices: Any, *, axis: int) -> Any:
        _inside(self.name, indices, x.shape[axis])
        return np.take_along_axis(x, indices.astype(np.int64), axis)

    def gradient(self, grad: Any, out: Any, x: Any, indices: Any, *, axis: int) -> tuple[Any, ...]:
        return apply(scatter_add_along_axis, zeros_like(x), indices, grad, axis=axis), None


class ScatterAddAlongAxis(Op):
    """x with `updates[i, j]` added at `[i, indices[i, j]]`; the transpose of `take_along_axis`."""

    name = "scatter_add_along_axis"
    kind = "gather"

    def __call__(self, x: Any, indices: Any, updates: Any, axis: int = -1) -> Any:
        x, updates = as_values(x, updates)
        (indices,) = as_values(indices, like=x)
        return apply(self, x, indices, updates, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, *specs: Spec, **params: Any) -> Spec:
        x, indices, updates = specs
        _along(self.name, x, indices, params["axis"])
        if updates != Spec(indices.shape, x.dtype):
            raise ShapeError(
                f"{self.name}: updates are {updates}; expected {Spec(indices.shape, x.dtype)}"
            )
        return x

    def reference(self, x: Any, indices: Any, updates: Any, *, axis: int) -> Any:
        _inside(self.name, indices, x.shape[axis])
        out = np.array(x)
        places = list(np.indices(indices.shape, sparse=True))
        places[axis] = indices
        np.add.at(out, tuple(places), updates)
        return out

    def gradient(
        self, grad: Any, out: Any, x: Any, indices: Any, updates: Any, *, axis: int
    ) -> tuple[Any, ...]:
        return grad, None, apply(take_along_axis, grad, indices, axis=axis)


def _whole(op: str, indices: Spec) -> None:
    if indices.dtype.kind not in "iu":
        raise DTypeError(
            f"{op}: positions must be integers, not {indices.dtype}; use astype('int64')"
        )


def _inside(op: str, indices: Any, size: int) -> None:
    if indices.size and not (-size <= indices.min() and indices.max() < size):
        bad = indices[(indices < -size) | (indices >= size)].ravel()[0]
        raise ShapeError(f"{op}: position {bad} is outside an axis of size {size}")


def _along(op: str, x: Spec, indices: Spec, axis: int) -> None:
    _whole(op, indices)
    same = x.shape[:axis] + x.shape[axis + 1 :] == indices.shape[:axis] + indices.shape[axis + 1 :]
    if len(x.shape) != len(indices.shape) or not same:
        raise ShapeError(
            f"{op}: indices {indices.shape} and x {x.shape} differ outside axis {axis}"
        )


take = register(Take())
scatter_add = register(ScatterAdd())
take_along_axis = register(TakeAlongAxis())
scatter_add_along_axis = register(ScatterAddAlongAxis())
