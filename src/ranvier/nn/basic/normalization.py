"""Normalization formulas, for any axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ... import dtypes
from ...base.observer import note
from ...graph.sizes import float_of
from ...ops.composites.functions import rsqrt, square
from ...ops.elementwise import astype, detach, maximum
from ...ops.movement import narrow, reshape
from ...ops.reduce import mean, sum
from ...tensors.tensor import Tensor
from ...typing import Axes
from ..modes import real_rows


def as_float32(x: Tensor) -> Tensor:
    """x, in float32 if it is float16: sums of squares leave its range."""
    return astype(x, dtypes.float32) if x.dtype == dtypes.float16 else x


class Moments(NamedTuple):
    """What `batch_moments` measures."""

    start: Tensor
    shifted: Tensor
    mean: Tensor  # of what is shifted
    variance: Tensor
    size: Tensor | float  # how many numbers are behind each

    def of_sample(self) -> Tensor:
        """The variance divided by n - 1 instead of n; for one number the variance, which is 0."""
        n = self.size
        others = maximum(n - 1.0, 1.0) if isinstance(n, Tensor) else max(n - 1, 1)
        return self.variance * (n / others)


def batch_moments(x: Tensor, axes: Sequence[int], weight: Tensor | None = None) -> Moments:
    """`start`, `x - start`, and its mean and variance over `axes`, which stay with size 1.

    `start` is the mean of the first row alone. Near it one pass over x gives both sums,

        mean = sum(w (x - start)) / n,   variance = sum(w (x - start) ** 2) / n - mean ** 2

    and (start - mean) ** 2 <= rows * variance bounds what the subtraction can lose. As nothing
    depends on `start`, no gradient has to flow through it.
    """
    first = narrow(x, 0, 0, 1)
    size = math.prod(x.shape[a] for a in axes)
    count: Tensor | float
    if weight is None:
        start, count = mean(first, axes, keepdims=True), float_of(size)
    else:
        others = narrow(weight, 0, 0, 1)
        each = size / math.prod(weight.shape[a] for a in axes)
        seen = sum(others, axes, keepdims=True) * each
        start = sum(first * others, axes, keepdims=True) / maximum(seen, 1.0)
        count = maximum(sum(weight, axes, keepdims=True) * each, 1.0)
    start = detach(start)
    shifted = x - start
    weighted = shifted if weight is None else shifted * weight
    middle = sum(weighted, axes, keepdims=True) / count
    variance = sum(weighted * shifted, axes, keepdims=True) / count - square(middle)
    return Moments(start, shifted, middle, variance, count)


def normalized(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    epsilon: float,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, as one product and one sum for each
    element of x.
    """
    scale = rsqrt(variance + epsilon)
    if gamma is not None:
        scale = scale * gamma
    offset = -mean * scale
    return x * scale + (offset if beta is None else offset + beta)


def standardized(x: Tensor, axes: Axes, epsilon: float) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon)` over `axes`."""
    middle = mean(x, axes, keepdims=True)
    centered = x - middle
    variance = mean(square(centered), axes, keepdims=True)
    note("mean", middle)
    note("variance", variance)
    return centered * rsqrt(variance + epsilon)


def standardized_groups(x: Tensor, groups: int, epsilon: float) -> Tensor:
    """`standardized` over all axes of a row, within each of `groups` groups of the last axis."""
    shape = x.shape
    x = reshape(x, (*shape[:-1], groups, shape[-1] // groups))
    axes = (*range(1, len(shape) - 1), len(shape))
    return reshape(standardized(x, axes, epsilon), shape)


def root_mean_squared(x: Tensor, axes: Axes, epsilon: float) -> Tensor:
    """`x / sqrt(mean(x ** 2) + epsilon)` over `axes`."""
    size = mean(square(x), axes, keepdims=True)
    note("mean square", size)
    return x * rsqrt(size + epsilon)


def row_weights(x: Tensor, mask: Tensor | None) -> Tensor | None:
    """1 for what counts of x and 0 for the rest, with size 1 along the other axes; None: all."""
    real = real_rows()
    weight = (
        None
        if real is None
        else astype(reshape(real, (x.shape[0],) + (1,) * (x.ndim - 1)), x.dtype)
    )
    if mask is None or x.ndim < 3 or mask.shape != x.shape[:2]:
        return weight
    positions = astype(reshape(mask, mask.shape + (1,) * (x.ndim - 2)), x.dtype)
    return positions if weight is None else positions * weight
