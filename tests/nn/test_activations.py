"""Activations: values and derivatives beside PyTorch's, finite differences, names."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import GOLDEN
from ranvier.errors import ArgumentError
from ranvier.nn import activations

STORED = np.load(GOLDEN / "activations.npz")
VARIANTS = {
    "leaky_relu": partial(activations.leaky_relu, negative_slope=0.01),
    "leaky_relu_0.3": partial(activations.leaky_relu, negative_slope=0.3),
    "gelu_tanh": partial(activations.gelu, approximate=True),
}
ELEMENTS = sorted(
    key.removesuffix("/value") for key in STORED if key.endswith("/value") and "softmax" not in key
)


def value_and_gradient(function: Any, x: Any, upstream: Any) -> tuple[Any, Any]:
    leaf = ranvier.tensor(x, requires_grad=True)
    out = function(leaf)
    out.backward(ranvier.tensor(upstream))
    assert leaf.grad is not None
    return out.numpy(), leaf.grad.numpy()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ELEMENTS)
def test_values_and_derivatives(name: str, dtype: str) -> None:
    function = VARIANTS.get(name) or activations.get(name)
    x = STORED["x"].astype(dtype)
    if name == "exponential":
        x = x[x < 80]
    value, gradient = value_and_gradient(function, x, np.ones_like(x))
    rtol, atol = (1e-11, 1e-12) if dtype == "float64" else (3e-5, 2e-6)
    if name == "hard_sigmoid":
        rtol = max(rtol, 5e-8)  # PyTorch's 1/6 is a float32 number
    np.testing.assert_allclose(value, STORED[f"{name}/value"][: len(x)], rtol, atol)
    np.testing.assert_allclose(gradient, STORED[f"{name}/gradient"][: len(x)], rtol, atol)
    assert value.dtype == dtype


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_values_and_derivatives_by_rows(name: str) -> None:
    function = activations.get(name)
    value, gradient = value_and_gradient(function, STORED["rows"], STORED["upstream"])
    np.testing.assert_allclose(value, STORED[f"{name}/value"], 1e-11, 1e-12)
    np.testing.assert_allclose(gradient, STORED[f"{name}/gradient"], 1e-10, 1e-12)


@pytest.mark.parametrize("name", sorted(set(activations.NAMES) - {"step"}))
def test_derivatives_against_finite_differences(name: str) -> None:
    x = np.linspace(-4, 4, 17) + 0.013
    weight = np.random.default_rng(0).normal(size=17)
    function = activations.get(name)
    _, gradient = value_and_gradient(function, x, weight)
    h = 1e-6
    for i in range(17):
        near = [np.where(np.arange(17) == i, x + side, x) for side in (h, -h)]
        up, down = ((function(ranvier.tensor(v)).numpy() * weight).sum() for v in near)
        assert gradient[i] == pytest.approx((up - down) / (2 * h), rel=1e-5, abs=1e-8)


def test_extreme_inputs_stay_finite() -> None:
    x = np.array([-1e4, -1e30, 1e4, 0.0], np.float32)
    for name in sorted(set(activations.NAMES) - {"exponential", "step"}):
        value, gradient = value_and_gradient(
            activations.get(name), x[:, None], np.ones((4, 1), np.float32)
        )
        if name not in ("gelu", "hard_silu", "hard_swish"):
            assert np.isfinite(value).all(), name
        assert not np.isnan(gradient[[0, 2, 3]]).any(), name


@pytest.mark.parametrize("name", sorted(set(activations.NAMES) - {"step"}))
def test_nan_stays_nan(name: str) -> None:
    assert np.isnan(activations.get(name)(ranvier.tensor([[np.nan, 1.0]])).numpy()[0, 0])


def test_step_and_notes_of_logits() -> None:
    x = ranvier.tensor([[-1.0, 0.0, 2.0]])
    for name in ("step", "sigmoid", "softmax"):
        out = activations.get(name)(x)
        assert out.logits is not None
        assert out.logits[0] == name
        assert out.logits[1] is x
    assert activations.step(x).tolist() == [[0, 1, 1]]


def test_names() -> None:
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.name_of(activations.tanh) == "tanh"
    own = lambda x: x  # noqa: E731
    assert activations.get(own) is own
    assert activations.name_of(own) is own
    with pytest.raises(ArgumentError, match="unknown activation 'rellu'; did you mean 'relu'"):
        activations.get("rellu")
