"""Windows of a series: which points they hold, that they are views, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.data import seasonal_naive, windows
from ranvier.errors import ArgumentError, DataError, ShapeError


@pytest.mark.parametrize("stride", [1, 3])
def test_windows_hold_the_points_they_should(stride: int) -> None:
    series = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    x, y = windows(series, 8, 4, stride, targets=[2, 0])
    assert x.shape == ((40 - 12) // stride + 1, 8, 3) and y.shape == (len(x), 4, 2)
    for i in range(len(x)):
        start = i * stride
        np.testing.assert_array_equal(x[i], series[start : start + 8])
        np.testing.assert_array_equal(y[i], series[start + 8 : start + 12][:, [2, 0]])


def test_windows_are_views() -> None:
    series = np.zeros((100_000, 7), np.float32)
    x, y = windows(series, 336, 96, targets=-1)
    assert np.shares_memory(x, series) and np.shares_memory(y, series)
    assert x.shape == (99_569, 336, 7) and y.shape == (99_569, 96, 1)


def test_what_windows_cannot_be_cut_from() -> None:
    with pytest.raises(DataError, match="5 points hold no window of 4 points and the 2 after"):
        windows(np.zeros(5), 4, 2)
    with pytest.raises(ArgumentError, match="stride=0"):
        windows(np.zeros(5), 2, stride=0)
    with pytest.raises(ArgumentError, match="columns from 0 to 1"):
        windows(np.zeros((5, 2)), 2, targets=2)
    with pytest.raises(ArgumentError, match="only one"):
        windows(np.zeros(5), 2, targets=0)
    with pytest.raises(ShapeError, match=r"\(time, columns\)"):
        windows(np.zeros((5, 2, 2)), 2)


def test_the_seasonal_forecast() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 12, 1)
    found = seasonal_naive(x, 5, 4)
    assert found[..., 0].tolist() == [[8, 9, 10, 11, 8], [20, 21, 22, 23, 20]]
    with pytest.raises(ShapeError, match="at least 13 points"):
        seasonal_naive(x, 5, 13)
