"""Reductions: ops that make one number of many along axes."""

from __future__ import annotations

import builtins
import math
from typing import ClassVar

import numpy as np

from .. import dtypes
from ..base.arguments import flag
from ..base.missing import answered
from ..errors import ShapeError
from ..graph.node import Spec, Value
from ..graph.sizes import exceeds, float_of, same
from ..typing import Array, ArrayLike, Axes, Shape, V
from .creation import full
from .elementwise import astype, equal, not_equal, sqrt
from .movement import broadcast_to, concat, flip, narrow, permute_dims, reshape
from .op import (
    Gradients,
    Mapped,
    Op,
    apply,
    as_float,
    as_values,
    normal_axes,
    normal_axis,
    number,
    register,
)


class Reduce(Op):
    """Base of reductions over `axes`; the result has the other axes."""

    kind = "reduce"
    empty: ClassVar[bool] = True  # whether an empty axis has a value

    def __call__(self, x: V | ArrayLike, axis: Axes = None, keepdims: bool = False) -> V:
        (x,) = as_values(x)
        axes = normal_axes(self.name, axis, x.ndim)
        keepdims = flag(self.name, "keepdims", keepdims)
        out = apply(self, self._widen(x), axes=axes)
        return reshape(out, keep_shape(x.shape, axes)) if keepdims else out

    def _widen(self, x: V) -> V:
        return x

    def infer(self, x: Spec, *, axes: Shape) -> Spec:
        if not self.empty and builtins.any(same(x.shape[a], 0) for a in axes):
            raise ShapeError(f"{self.name}: nothing to reduce in shape {x.shape}, axis {axes}")
        return Spec(tuple(n for a, n in enumerate(x.shape) if a not in axes), x.dtype)

    def vmap(self, members: int, mapped: Mapped, x: V, *, axes: Shape) -> V:
        return apply(self, x, axes=tuple(a + 1 for a in axes))


class Sum(Reduce):
    """The sum over `axis` (all axes by default). Bools, uint8 and int32 are summed as int64.

    >>> import ranvier
    >>> ranvier.sum(ranvier.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    tensor([4., 6.])
    """

    name = "sum"

    def _widen(self, x: V) -> V:
        return x if x.dtype.kind == "f" else astype(x, dtypes.int64)

    def reference(self, x: Array, *, axes: Shape) -> Array:
        wide = np.float32 if x.dtype == np.float16 else x.dtype
        return np.asarray(np.sum(x, axes, dtype=wide), x.dtype)

    def gradient(self, grad: Value, out: Value, x: Value, *, axes: Shape) -> Gradients:
        return (spread(grad, x.shape, axes),)


class Prod(Reduce):
    """The product over `axis` (all axes by default)."""

    name = "prod"

    def _widen(self, x: V) -> V:
        return x if x.dtype.kind == "f" else astype(x, dtypes.int64)

    def reference(self, x: Array, *, axes: Shape) -> Array:
        wide = np.float32 if x.dtype == np.float16 else x.dtype
        return np.asarray(np.prod(x, axes, dtype=wide), x.dtype)

    def gradient(self, grad: Value, out: Value, x: Value, *, axes: Shape) -> Gradients:
        # NOTE: not out / x, which is 0 / 0 at a zero and loses second gradients at two of them.
        kept = tuple(a for a in range(x.ndim) if a not in axes)
        reduced = permute_dims(x, axes + kept)
        flat = reshape(reduced, (math.prod(reduced.shape[: len(axes)]), *out.shape))
        others = reshape(_before(flat) * flip(_before(flip(flat, 0)), 0), reduced.shape)
        back = tuple(int(a) for a in np.argsort(axes + kept))
        return (spread(grad, x.shape, axes) * permute_dims(others, back),)


class Max(Reduce):
    """The largest element over `axis`; NaN if there is one. Ties share the gradient equally."""

    name = "max"
    empty = False

    def reference(self, x: Array, *, axes: Shape) -> Array:
        out: Array = np.max(x, axes)
        return out

    def gradient(self, grad: Value, out: Value, x: Value, *, axes: Shape) -> Gradients:
        return (_share(grad, out, x, axes),)


class Min(Reduce):
    """The smallest element over `axis`; NaN if there is one. Ties share the gradient equally."""

    name = "min"
    empty = False

    def reference(self, x: Array, *, axes: Shape) -> Array:
        out: Array = np.min(x, axes)
        return out

    def gradient(self, grad: Value, out: Value, x: Value, *, axes: Shape) -> Gradients:
        return (_share(grad, out, x, axes),)


class _Arg(Op):
    """Base of the position of an extreme element along one axis (the first at a tie)."""

    kind = "reduce"

    def __call__(self, x: V | ArrayLike, axis: int | None = None, keepdims: bool = False) -> V:
        (x,) = as_values(x)
        keepdims = flag(self.name, "keepdims", keepdims)
        if axis is None:
            out = apply(self, reshape(x, (x.size,)), axis=0)
            return reshape(out, (1,) * x.ndim) if keepdims else out
        axis = normal_axis(self.name, axis, x.ndim)
        out = apply(self, x, axis=axis)
        return reshape(out, keep_shape(x.shape, (axis,))) if keepdims else out

    def infer(self, x: Spec, *, axis: int) -> Spec:
        if same(x.shape[axis], 0):
            raise ShapeError(f"{self.name}: nothing to choose from in shape {x.shape}, axis {axis}")
        return Spec(x.shape[:axis] + x.shape[axis + 1 :], dtypes.int64)

    def gradient(self, grad: Value, out: Value, x: Value, *, axis: int) -> Gradients:
        return (None,)

    def vmap(self, members: int, mapped: Mapped, x: V, *, axis: int) -> V:
        return apply(self, x, axis=axis + 1)


class ArgMax(_Arg):
    """The position of the largest element; of the first NaN if there is one."""

    name = "argmax"

    def reference(self, x: Array, *, axis: int) -> Array:
        return np.asarray(np.argmax(x, axis), np.int64)


class ArgMin(_Arg):
    """The position of the smallest element; of the first NaN if there is one."""

    name = "argmin"

    def reference(self, x: Array, *, axis: int) -> Array:
        return np.asarray(np.argmin(x, axis), np.int64)


class CumulativeSum(Op):
    """Running sums along one axis: element i is the sum of elements 0 to i."""

    name = "cumulative_sum"
    kind = "scan"

    def __call__(self, x: V | ArrayLike, axis: int = -1) -> V:
        (x,) = as_values(x)
        x = x if x.dtype.kind == "f" else astype(x, dtypes.int64)
        return apply(self, x, axis=normal_axis(self.name, axis, x.ndim))

    def infer(self, x: Spec, *, axis: int) -> Spec:
        return x

    def reference(self, x: Array, *, axis: int) -> Array:
        wide = np.float32 if x.dtype == np.float16 else x.dtype
        return np.cumsum(x, axis, dtype=wide).astype(x.dtype)

    def gradient(self, grad: Value, out: Value, x: Value, *, axis: int) -> Gradients:
        return (flip(cumulative_sum(flip(grad, axis), axis), axis),)

    def vmap(self, members: int, mapped: Mapped, x: V, *, axis: int) -> V:
        return apply(self, x, axis=axis + 1)


def keep_shape(shape: Shape, axes: Shape) -> Shape:
    """`shape` with size 1 at `axes`."""
    return tuple(1 if a in axes else n for a, n in enumerate(shape))


def spread(x: V, shape: Shape, axes: Shape) -> V:
    """The reduced x repeated along `axes` to `shape`: the transpose of a sum."""
    return broadcast_to(reshape(x, keep_shape(shape, axes)), shape)


def _before(x: V) -> V:
    """For each index of axis 0 the product of all before it, in log2(n) multiplications."""

    def later(x: V, by: int) -> V:
        ones = apply(full, like=x, value=1, shape=(by, *x.shape[1:]), dtype=x.dtype)
        return concat([ones, narrow(x, 0, 0, n - by)])

    n, by = x.shape[0], 1
    if n == 0:
        return x
    x = later(x, 1)
    while by < n:
        x, by = x * later(x, by), 2 * by
    return x


def _share(grad: V, out: V, x: V, axes: Shape) -> V:
    chosen = astype(equal(x, spread(out, x.shape, axes)), x.dtype)
    return spread(grad / sum(chosen, axes), x.shape, axes) * chosen


sum = register(Sum())
prod = register(Prod())
max = register(Max())
min = register(Min())
argmax = register(ArgMax())
argmin = register(ArgMin())
cumulative_sum = register(CumulativeSum())


@answered
def mean(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False) -> V:
    """The mean over `axis` (all axes by default); integers are averaged as float32, and the mean
    of nothing is NaN.

    >>> import ranvier
    >>> ranvier.mean(ranvier.tensor([1.0, 2.0, 6.0]))
    tensor(3.)
    """
    (x,) = as_values(x)
    count = math.prod(x.shape[a] for a in normal_axes("mean", axis, x.ndim))
    keepdims = flag("mean", "keepdims", keepdims)
    if x.dtype == dtypes.float16:  # NOTE: the sum may exceed what float16 holds
        return astype(mean(astype(x, dtypes.float32), axis, keepdims), dtypes.float16)
    return sum(as_float(x), axis, keepdims) / float_of(count)


@answered
def var(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False, correction: float = 0.0) -> V:
    """The variance over `axis`: mean squared distance from the mean, over `count - correction`.

    NaN where `count` is not above `correction`.

    >>> import ranvier
    >>> ranvier.var(ranvier.tensor([1.0, 3.0]))
    tensor(1.)
    """
    (x,) = as_values(x)
    count = math.prod(x.shape[a] for a in normal_axes("var", axis, x.ndim))
    keepdims = flag("var", "keepdims", keepdims)
    correction = number("var", "correction", correction)
    if x.dtype == dtypes.float16:
        return astype(var(astype(x, dtypes.float32), axis, keepdims, correction), dtypes.float16)
    deviation = x - mean(x, axis, keepdims=True)
    left = count - correction
    return sum(deviation * deviation, axis, keepdims) / (
        math.nan if exceeds(0, left) or same(left, 0) else float_of(left)
    )


@answered
def std(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False, correction: float = 0.0) -> V:
    """The standard deviation over `axis`: the square root of `var`."""
    return sqrt(var(x, axis, keepdims, correction))


@answered
def count_nonzero(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False) -> V:
    """How many elements over `axis` differ from 0."""
    (x,) = as_values(x)
    keepdims = flag("count_nonzero", "keepdims", keepdims)
    return sum(not_equal(x, 0), axis, keepdims)


@answered
def any(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False) -> V:
    """True where at least one element over `axis` is true."""
    (x,) = as_values(x)
    keepdims = flag("any", "keepdims", keepdims)
    return sum(not_equal(x, 0), axis, keepdims) > 0


@answered
def all(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False) -> V:
    """True where every element over `axis` is true."""
    (x,) = as_values(x)
    keepdims = flag("all", "keepdims", keepdims)
    return sum(equal(x, 0), axis, keepdims) < 1
