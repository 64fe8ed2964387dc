"""SHAP values: the axioms, closed forms, the package shap, and errors that hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.attribution import shap_values
from ranvier.attribution.shapley.exact import shapley
from ranvier.errors import RanvierError
from ranvier.typing import Array

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "attribution.npz")
METHODS = ("exact", "permutation", "kernel")
rng = np.random.default_rng(0)


def golden_network(x: Array) -> Array:
    hidden = np.tanh(x @ GOLDEN["w1"] + GOLDEN["b1"])
    return np.asarray(hidden @ GOLDEN["w2"] + GOLDEN["b2"])


def network(features: int) -> Any:
    ranvier.seed(0)
    layers = [
        ranvier.nn.Dense(16, "relu", input_shape=(features,)),
        ranvier.nn.Dense(16, "tanh"),
        ranvier.nn.Dense(1),
    ]
    return ranvier.Sequential(layers)


def as_float64(f: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda x: f(np.asarray(x, np.float64))


# --- agreement ----------------------------------------------------------------------------------


def test_exact_values_are_those_of_the_package_shap() -> None:
    a = shap_values(golden_network, GOLDEN["x"], GOLDEN["background"], output="all")
    assert a.method == "SHAP values (exact)"
    np.testing.assert_allclose(a.values, GOLDEN["exact/values"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(a.base_values, GOLDEN["exact/base"], atol=1e-5)  # type: ignore
    np.testing.assert_allclose(a.outputs, GOLDEN["outputs"], atol=1e-5)  # type: ignore
    np.testing.assert_allclose(a.values, GOLDEN["kernel/values"], rtol=1e-4, atol=1e-5)


def test_sampled_values_agree_with_the_package_shap() -> None:
    for method in ("permutation", "kernel"):
        a = shap_values(
            golden_network, GOLDEN["x"], GOLDEN["background"], output=1, method=method, rounds=400
        )
        low, high = a.interval(0.9999)
        expected = GOLDEN["exact/values"][:, :, 1]
        assert ((low <= expected) & (expected <= high)).all(), method
        assert a.errors is not None and a.errors.max() < 0.05


@pytest.mark.parametrize("features", [1, 2, 5, 9])
def test_exact_values_sum_to_the_output_of_a_network(features: int) -> None:
    model = network(features)
    x, background = rng.normal(size=(4, features)), rng.normal(size=(30, features))
    a = shap_values(model, x, background)
    predicted = model.predict(x.astype(np.float32))[:, 0]
    assert a.base_values is not None
    np.testing.assert_allclose(a.base_values + a.values.sum(axis=1), predicted, atol=1e-5)
    base = model.predict(background.astype(np.float32)).mean()
    np.testing.assert_allclose(a.base_values, base, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_all_methods_sum_to_the_output(method: Any) -> None:
    x, background = rng.normal(size=(2, 8)), rng.normal(size=(12, 8))
    a = shap_values(network(8), x, background, method=method)
    np.testing.assert_allclose(a.gap, 0, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_of_a_linear_model_the_values_are_its_terms(method: Any) -> None:
    w = np.array([2.0, -1.0, 0.5, 0.0])
    x, background = rng.normal(size=(3, 4)), rng.normal(size=(20, 4))
    a = shap_values(lambda x: x @ w, x, background, method=method)
    np.testing.assert_allclose(a.values, w * (x - background.mean(axis=0)), atol=1e-5)


# --- the axioms of Shapley ----------------------------------------------------------------------


def test_symmetry_dummy_and_linearity() -> None:
    def f(x: Array) -> Array:
        return np.asarray(x[:, 0] * x[:, 1] + np.sin(x[:, 2]))

    def g(x: Array) -> Array:
        return np.asarray(np.maximum(x[:, 2], x[:, 0]))

    x = np.array([[1.5, 1.5, 0.3, 9.0]])
    background = rng.normal(size=(10, 4))
    background[:, 1] = background[:, 0]
    mine = shap_values(f, x, background).values[0]
    assert abs(mine[0] - mine[1]) < 1e-6  # symmetry
    assert mine[3] == 0  # a dummy
    both = shap_values(lambda x: 2 * f(x) - 3 * g(x), x, background).values[0]
    np.testing.assert_allclose(
        both, 2 * mine - 3 * shap_values(g, x, background).values[0], atol=1e-5
    )


def test_a_feature_that_is_equal_in_all_rows_has_no_part() -> None:
    calls = []

    def f(x: Array) -> Array:
        calls.append(len(x))
        return np.asarray(x.prod(axis=1))

    background = rng.normal(size=(5, 10))
    x = background[:1].copy()
    x[0, :2] += 1.0
    a = shap_values(f, x, background[:1])
    assert (a.values[0, 2:] == 0).all() and a.values[0, 0] != 0
    assert sum(calls) < 10  # two features differ: four coalitions, not 1,024
    np.testing.assert_allclose(a.gap, 0, atol=1e-6)


def test_shapley_of_a_known_game() -> None:
    # The glove game: one left glove (player 0), two right ones; a pair is worth 1.
    worth = np.array([[0.0], [0], [0], [1], [0], [1], [0], [1]])
    np.testing.assert_allclose(shapley(worth).ravel(), [2 / 3, 1 / 6, 1 / 6])


# --- errors that hold ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method, rounds", [("permutation", 4), ("permutation", 16), ("kernel", 200)]
)
def test_sampled_values_lie_within_their_stated_error(method: Any, rounds: int) -> None:
    w = rng.normal(size=(8, 12))
    v = rng.normal(size=12)

    def f(x: Array) -> Array:
        return np.asarray(np.tanh(x @ w) @ v + x[:, 0] * x[:, 1])

    x, background = rng.normal(size=(1, 8)), rng.normal(size=(10, 8))
    exact = shap_values(as_float64(f), x, background, method="exact").values
    inside = []
    for seed in range(100):
        a = shap_values(as_float64(f), x, background, method=method, rounds=rounds, seed=seed)
        low, high = a.interval(0.95)
        inside.append((low <= exact) & (exact <= high))
    # Every value in 95 of 100 repetitions; the count of a single one varies by about 2.
    assert np.mean(inside) >= 0.95
    assert np.mean(inside, axis=0).min() >= 0.90


def test_errors_shrink_with_the_root_of_the_rounds() -> None:
    x, background = rng.normal(size=(1, 12)), rng.normal(size=(10, 12))
    model = network(12)
    few, many = (
        shap_values(model, x, background, method="permutation", rounds=n).errors for n in (8, 128)
    )
    assert few is not None and many is not None
    assert 3 < few.mean() / many.mean() < 5.3


def test_more_than_sixteen_features_are_sampled() -> None:
    x, background = rng.normal(size=(1, 20)), rng.normal(size=(10, 20))
    a = shap_values(lambda x: x.sum(axis=1) ** 2, x, background)
    assert "permutation" in a.method and a.errors is not None
    np.testing.assert_allclose(a.gap, 0, atol=1e-4)


def test_the_same_seed_gives_the_same_bits() -> None:
    x, background = rng.normal(size=(1, 20)), rng.normal(size=(300, 20))
    first, second, other = (
        shap_values(lambda x: x.prod(axis=1), x, background, seed=seed).values for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


# --- features -----------------------------------------------------------------------------------


def test_groups_play_together() -> None:
    x, background = rng.normal(size=(1, 4)), rng.normal(size=(10, 4))

    def f(x: Array) -> Array:
        return np.asarray(x[:, 0] * x[:, 1] + x[:, 2] * x[:, 3])

    a = shap_values(f, x, background, groups={"first": [0, 1], "second": ["x2", "x3"]})
    assert a.feature_names == ("first", "second")
    expected = [
        x[0, i] * x[0, i + 1] - (background[:, i] * background[:, i + 1]).mean() for i in (0, 2)
    ]
    np.testing.assert_allclose(a.values[0], expected, atol=1e-5)


def test_correlated_columns_are_noted_and_grouped() -> None:
    column = rng.normal(size=(200, 1))
    x = np.concatenate(
        [column, column + 0.01 * rng.normal(size=(200, 1)), rng.normal(size=(200, 1))], 1
    )
    a = shap_values(lambda x: x.sum(axis=1), x[:1], x, feature_names=["a", "b", "c"])
    assert any("a, b go together" in note for note in a.notes)
    grouped = shap_values(
        lambda x: x.sum(axis=1), x[:1], x, feature_names=["a", "b", "c"], groups="correlated"
    )
    assert grouped.feature_names == ("a + b", "c")
    assert abs(grouped.values[0, 0] - a.values[0, :2].sum()) < 1e-5


def test_images_are_explained_by_patches() -> None:
    x = rng.normal(size=(2, 6, 6, 1)).astype(np.float32)

    def f(x: Array) -> Array:
        return np.asarray(x[:, :2, :2].sum(axis=(1, 2, 3)))

    a = shap_values(f, x, np.zeros_like(x[:1]), patch=2)
    assert a.kind == "image" and a.values.shape == (2, 3, 3)
    np.testing.assert_allclose(a.values[:, 0, 0], f(x), rtol=1e-5)
    assert (a.values.reshape(2, -1)[:, 1:] == 0).all()


def test_several_inputs_by_name() -> None:
    left, right = ranvier.Input((2,), name="left"), ranvier.Input((3,), name="right")
    joined = ranvier.nn.Concatenate()([left, right])
    model = ranvier.Model(inputs=[left, right], outputs=ranvier.nn.Dense(1)(joined))
    x = {"left": rng.normal(size=(1, 2)), "right": rng.normal(size=(1, 3))}
    zeros = {name: np.zeros_like(a) for name, a in x.items()}
    a = shap_values(model, x, zeros)
    assert a.feature_names == ("left[0]", "left[1]", "right[0]", "right[1]", "right[2]")
    kernel = model.layers[-1].kernel.numpy()[:, 0]
    terms = np.concatenate([x["left"][0], x["right"][0]]) * kernel
    np.testing.assert_allclose(a.values[0], terms, atol=1e-5)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: shap_values(network(3), np.ones((1, 3))), "background: 1 rows are too few"),
        (lambda: shap_values(lambda x: x, np.ones((1, 3)), np.ones((1, 3)), output=7), "3 outputs"),
        (lambda: shap_values(3, np.ones((1, 3))), "expected a model or a function"),
        (lambda: shap_values(lambda x: x.sum(), np.ones((1, 3)), np.ones((2, 3))), "for 1 rows"),
        (lambda: shap_values(lambda x: x, np.ones((1, 3)), np.ones((1, 4))), "have the shape"),
        (lambda: shap_values(lambda x: x, np.ones(3), np.ones((1, 3))), r"x\[:1\]"),
        (
            lambda: shap_values(
                lambda x: x[:, 0], np.ones((1, 30)), np.ones((1, 30)), method="exact"
            ),
            "2\\*\\*30",
        ),
        (
            lambda: shap_values(
                lambda x: x, np.ones((1, 3)), np.ones((1, 3)), groups={"a": [0], "b": [0]}
            ),
            "in two groups",
        ),
        (lambda: shap_values(lambda x: x, np.ones((1, 3)), method="lime"), "method"),  # type: ignore
    ],
)
def test_errors_say_what_to_do(call: Any, message: str) -> None:
    with pytest.raises(RanvierError, match=message):
        call()


def test_log_odds_on_request() -> None:
    """Of a sigmoid of a linear function the log-odds are linear, so their values are its terms."""
    w = np.array([1.0, -2.0, 0.5])

    def f(x: Array) -> Array:
        return 1 / (1 + np.exp(-(x @ w)))

    x, background = rng.normal(size=(3, 3)), rng.normal(size=(20, 3))
    a = shap_values(as_float64(f), x, background, logits=True)
    np.testing.assert_allclose(a.values, (x - background.mean(axis=0)) * w, atol=1e-5)
    np.testing.assert_allclose(a.gap, 0, atol=1e-5)
    np.testing.assert_allclose(a.outputs, x @ w, atol=1e-5)  # type: ignore
    grouped = shap_values(as_float64(f), x, background, logits=True, groups={"both": [0, 1]})
    np.testing.assert_allclose(grouped.values[:, 0], a.values[:, :2].sum(axis=1), atol=1e-5)
    with pytest.raises(RanvierError, match="no probabilities"):
        shap_values(lambda x: x[:, 0] * 5, x + 2, background, logits=True)
