"""Columns that go together: numbers, categories, and numbers with categories."""

from __future__ import annotations

import numpy as np

from ranvier.attribution import correlated_groups
from ranvier.attribution.shapley.groups import associations

rng = np.random.default_rng(0)


def test_each_pair_of_kinds_is_found() -> None:
    number = rng.normal(size=400)
    level = np.where(number > 0, "high", "low")
    name = np.where(number > 0, "up", "down")
    noise = rng.choice(["a", "b", "c"], size=400)
    other = rng.normal(size=400)
    data = np.empty((400, 5), object)
    for i, column in enumerate((np.exp(number), level, name, noise, other)):
        data[:, i] = column
    strength = associations(data)
    assert strength[1, 2] > 0.99  # two names of one thing
    assert 0.8 < strength[0, 1] < 1  # a number and whether it is high
    assert strength[3].sum() - 1 < 0.4 and strength[4].sum() - 1 < 0.4
    np.testing.assert_array_equal(strength, strength.T)
    assert correlated_groups(["n", "l", "m", "x", "o"], data) == {"l + m": ["l", "m"]}


def test_missing_constant_and_free_text_columns_are_no_trouble() -> None:
    data = np.empty((60, 3), object)
    data[:, 0] = [None if i % 3 else float(i) for i in range(60)]
    data[:, 1] = 1.0
    data[:, 2] = [f"text {i}" for i in range(60)]
    assert correlated_groups(["a", "b", "c"], data) == {}


def test_a_few_rows_tell_nothing() -> None:
    assert correlated_groups(["a", "b"], np.array([[1.0, 1.0], [2.0, 2.0]])) == {}
