"""Time series cut into windows: the inputs of a forecast, and its targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..base.arguments import as_integer
from ..base.missing import spelled
from ..errors import ArgumentError, DataError, ShapeError
from ..typing import Array, DataLike
from .conversion import as_array


@spelled
def windows(
    series: DataLike,
    length: int,
    horizon: int = 1,
    stride: int = 1,
    targets: int | Sequence[int] | None = None,
) -> tuple[Array, Array]:
    """Windows of `length` points and the `horizon` points that follow each: `(x, y)`.

    A series (time,) gives x (n, length) and y (n, horizon); one of several columns (time, k) gives
    x (n, length, k) and y (n, horizon, k), with `n = (time - length - horizon) // stride + 1`.
    `targets` are the columns to forecast: a number or a list of them; all by default.

    Both are views: window i shows the points of the series itself from `i * stride` on, so a
    thousand windows take no more memory than the series. Rows are copied when a batch is
    gathered. `fit` copies x as a whole; `fit(ranvier.data.stream_arrays(x, y))` does not.

    >>> x, y = windows(np.arange(6.0), length=3, horizon=2)
    >>> x.tolist(), y.tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [[3.0, 4.0], [4.0, 5.0]])
    """
    array = as_array(series, "series")
    for name, value in (("length", length), ("horizon", horizon), ("stride", stride)):
        as_integer("windows", name, value, 1)
    if array.ndim > 2:
        raise ShapeError(
            f"windows: the series has shape {array.shape}; expected (time,) or (time, columns)"
        )
    if len(array) < length + horizon:
        raise DataError(
            f"windows: {len(array)} points hold no window of {length} points and the {horizon} "
            "after it; take a shorter length or horizon, or a longer series"
        )
    wanted = array if targets is None else _columns(array, targets)
    x = sliding_view(array[: len(array) - horizon], length, stride)
    return x, sliding_view(wanted[length:], horizon, stride)[: len(x)]


@spelled
def seasonal_naive(x: DataLike, horizon: int, period: int) -> Array:
    """The baseline forecast: each point is what it was one period ago. (n, horizon[, k])

    `x` are windows (n, length[, k]) with at least `period` points; `period=1` repeats the last one.

    >>> seasonal_naive([[1.0, 2.0, 3.0, 4.0]], horizon=3, period=2)
    array([[3., 4., 3.]], dtype=float32)
    """
    array = as_array(x)
    as_integer("seasonal_naive", "horizon", horizon, 1)
    as_integer("seasonal_naive", "period", period, 1)
    if array.ndim < 2 or array.shape[1] < period:
        raise ShapeError(
            f"seasonal_naive: x has shape {array.shape}; expected windows (n, length) or "
            f"(n, length, columns) of at least {period} points, one period"
        )
    return array[:, array.shape[1] - period + np.arange(horizon) % period]


def sliding_view(array: Array, length: int, stride: int = 1, rate: int = 1) -> Array:
    """Every window of `length` points, each `rate` after the one before, as a view: (n, length) or
    (n, length, k).
    """
    reach = (length - 1) * rate + 1
    if length < 1 or reach > len(array):
        raise ArgumentError(
            f"a window of {length} points, each {rate} after the one before, reaches over {reach} "
            f"points; there are {len(array)}. Take a shorter window"
        )
    seen = np.lib.stride_tricks.sliding_window_view(array, reach, axis=0)[::stride, ..., ::rate]
    return np.moveaxis(seen, -1, 1)


def _columns(array: Array, targets: int | Sequence[int]) -> Array:
    """The columns to forecast; a view for a single one."""
    chosen = [targets] if isinstance(targets, int | np.integer) else list(targets)
    if array.ndim == 1:
        raise ArgumentError("windows: targets= chooses columns, but the series has only one")
    wrong = [c for c in chosen if not -array.shape[1] <= c < array.shape[1]]
    if wrong or not chosen:
        raise ArgumentError(
            f"windows: targets={targets!r}; expected columns from 0 to {array.shape[1] - 1}"
        )
    if len(chosen) == 1:
        at = chosen[0] % array.shape[1]
        return array[:, at : at + 1]
    return array[:, np.array(chosen)]
