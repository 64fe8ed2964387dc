"""Padding by NumPy's modes, and rounding: values, gradients, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier.errors import ArgumentError, ShapeError
from ranvier.ops.composites.padding import MODES
from ranvier.ops.composites.rounding import round_decimals, truncate_divide

X = np.random.default_rng(0).normal(size=(3, 4))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("widths", [((2, 1), (0, 3)), ((0, 0), (1, 0)), 1, 0], ids=str)
def test_pad_as_numpy(mode: Any, widths: Any, engine: str) -> None:
    def padded(x: Any) -> Any:
        return ranvier.pad(x, widths, mode)

    function = ranvier.compile(padded) if engine != "reference" else padded
    np.testing.assert_array_equal(function(ranvier.tensor(X)).numpy(), np.pad(X, widths, mode))
    assert ranvier.gradcheck(padded, [X])


@pytest.mark.parametrize("value", [2.5, -1, -np.inf])
def test_pad_with_a_value(value: float) -> None:
    expected = np.pad(X, ((1, 0), (0, 2)), constant_values=value)
    np.testing.assert_array_equal(ranvier.pad(X, ((1, 0), (0, 2)), value=value).numpy(), expected)


def test_negative_widths_cut_off() -> None:
    assert (
        ranvier.pad(X, ((-1, 2), (0, -2))).tolist() == np.pad(X[1:, :2], ((0, 2), (0, 0))).tolist()
    )
    assert ranvier.pad(X, ((0, 0), (-1, 1)), "wrap").tolist() == np.c_[X[:, 1:], X[:, 1]].tolist()


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        (((1, 1),), ShapeError, r"widths \(1, 1\) do not fit shape \(3, 4\)"),
        ((1, "mirror"), ArgumentError, "mode='mirror'; expected one of constant, reflect"),
        ((1, "edge", 3.0), ArgumentError, "value=3.0 is for mode='constant'"),
        ((((3, 0), (0, 0)), "reflect"), ShapeError, "axis 0 of size 3 .* at most 2 on each side"),
        ((((-4, 0), (0, 0)),), ShapeError, "cuts off more than axis 0"),
    ],
    ids=str,
)
def test_pad_says_what_does_not_fit(arguments: Any, kind: Any, text: str) -> None:
    with pytest.raises(kind, match=text):
        ranvier.pad(X, *arguments)


@pytest.mark.parametrize("decimals", [0, 1, 2, -1])
def test_round_decimals_as_numpy(decimals: int) -> None:
    x = np.array([0.25, -0.35, 12.345, -67.5, 15.0])
    np.testing.assert_allclose(round_decimals(x, decimals).numpy(), np.round(x, decimals))


def test_truncate_divide_goes_towards_0() -> None:
    x, y = np.array([7, -7, 6, -6, 0]), np.array([2, 2, -4, 3, 5])
    assert truncate_divide(x, y).tolist() == np.trunc(x / y).tolist()
    assert truncate_divide(x / 2, y).tolist() == np.trunc(x / 2 / y).tolist()
