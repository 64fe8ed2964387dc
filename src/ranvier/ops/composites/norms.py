"""Norms of vectors, and the cosine between them."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...typing import ArrayLike, Axes, V
from .. import elementwise as e
from ..op import as_float, as_values, broadcast, same_dtype
from ..reduce import max, min, sum


def vector_norm(x: V | ArrayLike, axis: Axes = None, keepdims: bool = False, order: float = 2) -> V:
    """`sum(|x| ** order) ** (1 / order)` over `axis` (all axes by default).

    Order inf is the largest `|x|`, -inf the smallest, 0 the number of elements that differ from 0.
    The gradient at 0 is 0.

    >>> import ranvier
    >>> vector_norm(ranvier.tensor([3.0, -4.0])), vector_norm(ranvier.tensor([3.0, 0.0]), order=0)
    (tensor(5.), tensor(1.))
    """
    (x,) = as_values(x)
    x = as_float(x)
    if order == 0:
        return sum(e.astype(e.not_equal(x, 0), x.dtype), axis, keepdims)
    size = e.abs(x)
    if abs(order) == math.inf:
        return (max if order > 0 else min)(size, axis, keepdims)
    if order == 1:
        return sum(size, axis, keepdims)
    if order == 2:
        return _apart_from_0(e.sqrt, sum(x * x, axis, keepdims))
    powers = _apart_from_0(lambda v: e.power(v, order), size, 0.0 if order > 0 else math.inf)
    total = sum(powers, axis, keepdims)
    return _apart_from_0(lambda v: e.power(v, 1 / order), total, 0.0 if order > 0 else math.inf)


def _apart_from_0(function: Callable[[V], V], x: V, at_0: float = 0.0) -> V:
    """`function(x)`, and `at_0` where x is 0: a gradient there would be 0 times infinity."""
    zero = e.equal(x, 0)
    return e.where(zero, at_0, function(e.where(zero, 1, x)))


def cosine_similarity(
    x: V | ArrayLike, y: V | ArrayLike, axis: int = -1, epsilon: float = 1e-8
) -> V:
    """`x . y / (|x| |y|)` over `axis` of their common shape; lengths below `epsilon` count as that.

    >>> import ranvier
    >>> cosine_similarity(ranvier.tensor([[1.0, 0.0]]), ranvier.tensor([[3.0, 4.0], [0.0, 2.0]]))
    tensor([0.6, 0. ])
    """
    x, y = broadcast("cosine_similarity", *[as_float(v) for v in same_dtype(*as_values(x, y))])
    lengths = [e.maximum(vector_norm(v, axis), epsilon) for v in (x, y)]
    return sum(x * y, axis) / (lengths[0] * lengths[1])
