"""Functions written in ops, with no gradient rule of their own: those that do arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ... import dtypes
from ...base.arguments import flag
from ...base.missing import answered
from ...errors import ArgumentError, DTypeError, ShapeError
from ...graph.sizes import same
from ...typing import ArrayLike, Axes, DTypeLike, V
from .. import elementwise as e
from ..check_index import check_index
from ..contraction import matmul
from ..creation import iota
from ..movement import permute_dims, reshape
from ..op import (
    apply,
    as_float,
    as_integer,
    as_tuple,
    as_values,
    broadcast,
    normal_axes,
    normal_axis,
    same_dtype,
)
from ..reduce import max, sum
from .shaping import expand_dims, moveaxis


@answered
def sigmoid(x: V | ArrayLike) -> V:
    """`1 / (1 + e ** -x)`; remembers x, so that cross-entropy is computed from the logits."""
    (x,) = as_values(x)
    out = e.sigmoid(x)
    out.remember_logits("sigmoid", x)
    return out


@answered
def relu(x: V | ArrayLike) -> V:
    """`max(x, 0)`; the gradient at 0 is 0, and NaN stays NaN.

    >>> import ranvier
    >>> ranvier.relu(ranvier.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    (x,) = as_values(x)
    return e.where(e.less_equal(x, 0), 0, x)


@answered
def softmax(x: V | ArrayLike, axis: Axes = -1) -> V:
    """`e ** x / sum(e ** x)` over `axis`, without overflow; over the last it remembers its logits.

    >>> import ranvier
    >>> ranvier.softmax(ranvier.tensor([1000.0, 1000.0]))
    tensor([0.5, 0.5])
    """
    (x,) = as_values(x)
    x = as_float(x)
    if not x.size:
        return x
    top = e.exp(x - max(e.detach(x), axis, keepdims=True))
    out = top / sum(top, axis, keepdims=True)
    # NOTE: losses take the last axis for the classes, so over another one x are not their logits.
    if normal_axes("softmax", axis, x.ndim) == (x.ndim - 1,):
        out.remember_logits("softmax", x)
    return out


@answered
def log_softmax(x: V | ArrayLike, axis: Axes = -1) -> V:
    """The logarithm of `softmax`, exact also where the softmax is 0 to all digits.

    >>> import ranvier
    >>> ranvier.log_softmax(ranvier.tensor([0.0, 1000.0]))
    tensor([-1000.,     0.])
    """
    (x,) = as_values(x)
    x = as_float(x)
    if not x.size:
        return x
    shifted = x - max(e.detach(x), axis, keepdims=True)
    return shifted - e.log(sum(e.exp(shifted), axis, keepdims=True))


@answered
def logsumexp(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False) -> V:
    """`log(sum(e ** x))` over `axis` (all axes by default), without overflow; of nothing -inf."""
    (x,) = as_values(x)
    x = as_float(x)
    if not x.size:
        return e.log(sum(x, axis, keepdims))
    keepdims = flag("logsumexp", "keepdims", keepdims)
    top = _finite(max(e.detach(x), axis, keepdims=True))
    out = e.log(sum(e.exp(x - top), axis, keepdims=True)) + top
    if keepdims:
        return out
    axes = normal_axes("logsumexp", axis, x.ndim)
    return sum(out, axes)  # each of these axes has size 1


def _finite(top: V) -> V:
    """`top` with 0 in place of infinities, because inf - inf is NaN."""
    return e.where(e.equal(e.abs(top), float("inf")), 0, top)


@answered
def clip(
    x: V | ArrayLike, low: V | ArrayLike | None = None, high: V | ArrayLike | None = None
) -> V:
    """x kept between `low` and `high`; the gradient outside is 0. A bound NaN gives NaN.

    >>> import ranvier
    >>> ranvier.clip(ranvier.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1. ,  0.5,  1. ])
    """
    (x,) = as_values(x)
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        raise ArgumentError(f"clip: low {low} is above high {high}")
    if low is not None:
        x = e.where(_or_nan(e.less(x, low), low), low, x)
    if high is not None:
        x = e.where(_or_nan(e.greater(x, high), high), high, x)
    return x


def _or_nan(outside: V, bound: V | ArrayLike) -> V:
    """Where `outside` holds, or the bound, of one or of many numbers, is NaN."""
    if isinstance(bound, int | float) and bound == bound:
        return outside
    return e.logical_or(outside, isnan(bound))


@answered
def square(x: V | ArrayLike) -> V:
    """`x * x`."""
    (x,) = as_values(x)
    return e.multiply(x, x)


@answered
def reciprocal(x: V | ArrayLike) -> V:
    """`1 / x`."""
    return e.divide(1.0, x)


@answered
def rsqrt(x: V | ArrayLike) -> V:
    """`1 / sqrt(x)`."""
    return e.divide(1.0, e.sqrt(x))


@answered
def tan(x: V | ArrayLike) -> V:
    """The tangent of x radians."""
    return e.sin(x) / e.cos(x)


@answered
def asin(x: V | ArrayLike) -> V:
    """The angle between -pi/2 and pi/2 whose sine is x; NaN outside -1 to 1."""
    return e.atan2(x, _other_leg(x))


@answered
def acos(x: V | ArrayLike) -> V:
    """The angle between 0 and pi whose cosine is x; NaN outside -1 to 1."""
    return e.atan2(_other_leg(x), x)


@answered
def atan(x: V | ArrayLike) -> V:
    """The angle between -pi/2 and pi/2 whose tangent is x."""
    return e.atan2(x, 1.0)


def _other_leg(x: V | ArrayLike) -> V:
    """`sqrt(1 - x ** 2)`, exact near 1."""
    (x,) = as_values(x)
    return e.sqrt((1.0 - x) * (1.0 + x))


@answered
def log2(x: V | ArrayLike) -> V:
    """The logarithm to base 2."""
    return e.log(x) * (1 / math.log(2))


@answered
def log10(x: V | ArrayLike) -> V:
    """The logarithm to base 10."""
    return e.log(x) * (1 / math.log(10))


@answered
def hypot(x: V | ArrayLike, y: V | ArrayLike) -> V:
    """`sqrt(x ** 2 + y ** 2)`, without overflow.

    >>> import ranvier
    >>> ranvier.hypot(ranvier.tensor([3.0, 3e30]), ranvier.tensor([4.0, 4e30]))
    tensor([5.e+00, 5.e+30])
    """
    x, y = broadcast("hypot", *[as_float(v) for v in same_dtype(*as_values(x, y))])
    infinite = e.logical_or(isinf(x), isinf(y))
    top = e.detach(e.maximum(e.abs(x), e.abs(y)))
    scale = e.where(e.logical_or(e.equal(top, 0), infinite), 1.0, top)
    length = scale * e.sqrt(square(x / scale) + square(y / scale))
    return e.where(infinite, float("inf"), length)


@answered
def sinh(x: V | ArrayLike) -> V:
    """The hyperbolic sine, `(e ** x - e ** -x) / 2`, exact near 0."""
    (x,) = as_values(x)
    x = as_float(x)
    return 0.5 * (e.expm1(x) - e.expm1(-x))


@answered
def cosh(x: V | ArrayLike) -> V:
    """The hyperbolic cosine, `(e ** x + e ** -x) / 2`."""
    (x,) = as_values(x)
    x = as_float(x)
    return 0.5 * (e.exp(x) + e.exp(-x))


@answered
def logaddexp(x: V | ArrayLike, y: V | ArrayLike) -> V:
    """`log(e ** x + e ** y)`, without overflow.

    >>> import ranvier
    >>> ranvier.logaddexp(ranvier.tensor(0.0), 1000.0)
    tensor(1000.)
    """
    x, y = broadcast("logaddexp", *[as_float(v) for v in same_dtype(*as_values(x, y))])
    top = _finite(e.detach(e.maximum(x, y)))
    # NOTE: both forms are the sum less 1, the first exact for x = top, the second for y = top.
    # Unlike formulas with |x - y| they keep second gradients at x = y.
    a, b = x - top, y - top
    less_one = e.where(e.greater_equal(x, y), e.expm1(a) + e.exp(b), e.exp(a) + e.expm1(b))
    return e.log1p(less_one) + top


@answered
def isnan(x: V | ArrayLike) -> V:
    """True where x is NaN."""
    (x,) = as_values(x)
    return e.not_equal(x, x)


@answered
def isinf(x: V | ArrayLike) -> V:
    """True where x is infinite."""
    (x,) = as_values(x)
    return e.equal(e.abs(x), float("inf")) if x.dtype.kind == "f" else e.not_equal(x, x)


@answered
def outer(x: V | ArrayLike, y: V | ArrayLike) -> V:
    """The products of each element of the vector x with each of the vector y."""
    x, y = as_values(x, y)
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"outer: expected two vectors, got shapes {x.shape} and {y.shape}")
    return expand_dims(x, 1) * expand_dims(y, 0)


@answered
def vecdot(x: V | ArrayLike, y: V | ArrayLike, axis: int = -1) -> V:
    """The sum of `x * y` over one axis, counted from the end.

    >>> import ranvier
    >>> ranvier.vecdot(ranvier.tensor([1.0, 2.0]), ranvier.tensor([3.0, 4.0]))
    tensor(11.)
    """
    x, y = as_values(x, y)
    if not x.ndim or not y.ndim:
        raise ShapeError(f"vecdot: shapes {x.shape} and {y.shape} need an axis to sum over")
    x, y = moveaxis(x, axis, -1), moveaxis(y, axis, -1)
    if not same(x.shape[-1], y.shape[-1]):
        raise ShapeError(f"vecdot: axis {axis} has sizes {x.shape[-1]} and {y.shape[-1]}")
    x, y = same_dtype(x, y)
    kind = dtypes.int64 if x.dtype == dtypes.bool_ else x.dtype
    # NOTE: the sum of small integers is int64; the product of vectors is of their own dtype.
    return e.astype(sum(e.multiply(*broadcast("vecdot", x, y)), -1), kind)


@answered
def tensordot(x: V | ArrayLike, y: V | ArrayLike, axes: int | Sequence[Axes] = 2) -> V:
    """Sums of products over the last `axes` axes of x and the first of y, or over lists of axes.

    >>> import ranvier
    >>> ranvier.tensordot(ranvier.ones((2, 3, 4)), ranvier.ones((4, 3, 5)), ((1, 2), (1, 0))).shape
    (2, 5)
    """
    x, y = as_values(x, y)
    if not isinstance(axes, tuple | list):
        count = as_integer("tensordot", "axes", axes, 0)
        axes = tuple(range(-count, 0)), tuple(range(count))
    if len(axes) != 2:
        raise ArgumentError(f"tensordot: axes={axes!r}; expected the axes of x and those of y")
    ours, theirs = as_tuple(axes[0]), as_tuple(axes[1])
    ours = tuple(normal_axis("tensordot", a, x.ndim) for a in ours)
    theirs = tuple(normal_axis("tensordot", a, y.ndim) for a in theirs)
    if not same([x.shape[a] for a in ours], [y.shape[a] for a in theirs]):
        raise ShapeError(
            f"tensordot: axes {ours} of {x.shape} and {theirs} of {y.shape} differ in size"
        )
    left = [a for a in range(x.ndim) if a not in ours]
    right = [a for a in range(y.ndim) if a not in theirs]
    summed = math.prod(x.shape[a] for a in ours)
    kept = [x.shape[a] for a in left], [y.shape[a] for a in right]
    rows = reshape(permute_dims(x, (*left, *ours)), (math.prod(kept[0]), summed))
    columns = reshape(permute_dims(y, (*theirs, *right)), (summed, math.prod(kept[1])))
    return reshape(matmul(rows, columns), (*kept[0], *kept[1]))


@answered
def one_hot(labels: V | ArrayLike, classes: int, dtype: DTypeLike | None = None) -> V:
    """A new last axis that is 1 at the label's index and 0 elsewhere.

    IndexRangeError, eager and compiled, for a label that is none of the classes.

    >>> import ranvier
    >>> ranvier.one_hot(ranvier.tensor([2, 0]), 3)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    (labels,) = as_values(labels)
    classes = as_integer("one_hot", "classes", classes, 1)
    if labels.dtype.kind in "iu":
        labels = check_index(labels, classes, wrap=False, what="class", owner="one_hot")
    return one_hot_or_zeros(labels, classes, dtype)


def one_hot_or_zeros(labels: V | ArrayLike, classes: int, dtype: DTypeLike | None = None) -> V:
    """`one_hot`, with zeros for labels that are none of the classes, as in TensorFlow and JAX."""
    (labels,) = as_values(labels)
    if labels.dtype.kind not in "iu":
        raise DTypeError(f"one_hot: labels must be integers, not {labels.dtype}")
    shape = (*labels.shape, as_integer("one_hot", "classes", classes, 1))
    dtype = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
    count = apply(iota, like=labels, shape=shape, axis=labels.ndim, dtype=labels.dtype)
    return e.astype(e.equal(count, expand_dims(labels, -1)), dtype)
