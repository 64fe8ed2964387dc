"""Partial dependence of arrays: closed forms, grids, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier.attribution import partial_dependence
from ranvier.errors import RanvierError

X = np.random.default_rng(0).normal(size=(300, 3))


def test_of_a_sum_it_is_the_part_and_the_mean_of_the_rest() -> None:
    d = partial_dependence(lambda x: x[:, 1] ** 3 + x[:, 0], X, "x1", rows=300)
    np.testing.assert_allclose(d.average, d.grid**3 + X[:, 0].mean(), atol=1e-4)
    spread = d.individual - d.individual.mean(axis=0)
    np.testing.assert_allclose(spread, spread[:, :1] + 0 * spread, atol=1e-4)  # parallel lines


def test_interactions_are_seen_in_the_single_rows() -> None:
    d = partial_dependence(lambda x: x[:, 0] * x[:, 1], X, 0)
    slopes = (d.individual[:, -1] - d.individual[:, 0]) / (d.grid[-1] - d.grid[0])
    assert slopes.std() > 0.8 and abs(slopes.mean()) < 0.2


def test_few_values_are_all_shown() -> None:
    x = X.copy()
    x[:, 2] = np.round(x[:, 2])
    d = partial_dependence(lambda x: x[:, 2], x, 2)
    np.testing.assert_array_equal(d.grid, np.unique(x[:, 2]))
    assert "x2" in str(d) and d.plot().svg().startswith("<svg")


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"feature": "age"}, "feature"),
        ({"feature": 9}, "from 0"),
        ({"feature": 0, "points": 1}, "2"),
    ],
)
def test_errors_say_what_to_do(arguments: Any, message: str) -> None:
    with pytest.raises(RanvierError, match=message):
        partial_dependence(lambda x: x[:, 0], X, **arguments)
