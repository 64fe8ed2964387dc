"""Permutation importance: closed forms, metrics, groups, tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.attribution import permutation_importance
from ranvier.errors import RanvierError

rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 3))


def test_the_squared_error_grows_by_twice_the_variance_of_the_part() -> None:
    a = permutation_importance(
        lambda x: 3 * x[:, 0] + x[:, 1], X, 3 * X[:, 0] + X[:, 1],
        metric=lambda t, p: float(((t - p) ** 2).mean()), repeats=5,
    )  # fmt: skip
    assert not a.about_rows and a.errors is not None
    np.testing.assert_allclose(a.values, [18, 2, 0], atol=0.7)
    low, high = a.interval(0.999)
    assert low[0] < 18 * X[:, 0].var() < high[0] and a.values[2] == a.errors[2] == 0


def test_features_of_a_group_are_shuffled_together() -> None:
    def f(x: Any) -> Any:
        return x[:, 0] - x[:, 1]

    x = X.copy()
    x[:, 1] = x[:, 0]
    alone = permutation_importance(f, x, f(x))
    together = permutation_importance(f, x, f(x), groups={"pair": [0, 1]})
    assert together.feature_names == ("pair", "x2")
    assert alone.values[0] > 1 and together.values[0] == 0  # they change as one


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_scores_of_numbers(metric: str) -> None:
    a = permutation_importance(lambda x: x[:, 0], X, X[:, 0], metric=metric)
    assert a.values[0] > 0.5 and (a.values[1:] == 0).all()
    assert metric in a.method


def test_classes_are_measured_by_log_loss() -> None:
    y = (X[:, 0] > 0).astype(np.int64)

    def f(x: Any) -> Any:
        return 1 / (1 + np.exp(-5 * x[:, 0]))

    for model in (f, lambda x: np.stack([1 - f(x), f(x)], axis=1)):
        a = permutation_importance(model, X, y)
        assert "log_loss" in a.method and a.values[0] > 1 and a.values[1] == 0
    assert "accuracy" in permutation_importance(f, X, y, metric="accuracy").method


def test_a_network_of_ours() -> None:
    model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(3,))])
    model.set_weights([np.array([[1.0], [0.0], [2.0]]), np.zeros(1)])
    a = permutation_importance(model, X, X[:, 0] + 2 * X[:, 2])
    assert list(a.importance()) == ["x2", "x0", "x1"]


def test_nothing_given_is_changed_and_seeds_count() -> None:
    before = X.copy()
    first, again, other = (
        permutation_importance(lambda x: x[:, 0], X, X[:, 0], seed=seed).values
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "y is missing"),
        ({"y": np.ones(5)}, "5 targets for 2,000 rows"),
        ({"y": X[:, 0], "metric": "f2"}, "metric"),
        ({"y": X[:, 0], "repeats": 0}, "at least 1"),
    ],
)
def test_errors_say_what_to_do(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(RanvierError, match=message):
        permutation_importance(lambda x: x[:, 0], X, **arguments)
