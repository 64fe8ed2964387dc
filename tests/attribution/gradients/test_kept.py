"""What looks inside a network is compiled once, and again when the network is another."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.attribution import (
    grad_cam,
    gradient_x_input,
    integrated_gradients,
    layerwise_relevance,
    saliency,
)
from ranvier.attribution.gradients import differentiable, relevance

IMAGES = np.random.default_rng(0).normal(size=(3, 6, 6, 1)).astype(np.float32)
METHODS = [saliency, gradient_x_input, integrated_gradients, grad_cam, layerwise_relevance]


def network() -> Any:
    ranvier.seed(0)
    return ranvier.Sequential([
        nn.Conv2D(3, 3, activation="relu", name="maps", input_shape=(6, 6, 1)), nn.Flatten(),
        nn.Dense(3, "softmax", name="out"),
    ])  # fmt: skip


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each trace that an attribution makes."""
    seen: list[str] = []

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def trace(*args: Any, **kwargs: Any) -> Any:
            seen.append(real.__module__)
            return real(*args, **kwargs)

        return trace

    for module in (differentiable, relevance):
        monkeypatch.setattr(module, "trace", counted(module.trace))
    return seen


@pytest.mark.parametrize("method", METHODS)
def test_a_network_is_traced_once(method: Any, traced: list[str]) -> None:
    model = network()
    first = method(model, IMAGES).values
    assert len(traced) == 1
    np.testing.assert_array_equal(method(model, IMAGES).values, first)
    model.layers[-1].set_weights([2 * w for w in model.layers[-1].get_weights()])
    after = method(model, IMAGES).values  # weights are read where they are
    assert len(traced) == 1
    assert np.abs(after - first).max() > 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_a_changed_layer_is_traced_again(method: Any, traced: list[str]) -> None:
    model, other = network(), network()
    before = method(model, IMAGES).values
    model.layers[0].activation = other.layers[0].activation = "tanh"
    after = method(model, IMAGES).values
    assert len(traced) == 2
    np.testing.assert_array_equal(after, method(other, IMAGES).values)
    assert np.abs(after - before).max() > 1e-4


def test_every_engine_has_its_own() -> None:
    model = network()
    compiled = saliency(model, IMAGES).values
    ranvier.config(engine="reference")
    try:
        np.testing.assert_allclose(saliency(model, IMAGES).values, compiled, rtol=1e-4, atol=1e-6)
        assert len(model._explained) == 2
    finally:
        ranvier.config(engine="compiled")


def test_training_between_two_calls_counts() -> None:
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = saliency(model, IMAGES, output=0).values
    model.fit(IMAGES, np.array([0, 1, 2]), epochs=3, verbose=0)
    fresh = ranvier.Sequential.from_config(model.get_config())
    fresh.ensure_built((6, 6, 1))
    fresh.set_weights(model.get_weights())
    after = saliency(model, IMAGES, output=0).values
    np.testing.assert_array_equal(after, saliency(fresh, IMAGES, output=0).values)
    assert np.abs(after - before).max() > 0


def test_what_a_function_reads_is_read_again() -> None:
    """Nobody watches what a function of a user's own reads, so it is traced at each call."""
    by = [1.0]

    def f(x: Any) -> Any:
        return x[:, 0] * by[0]

    assert saliency(f, np.ones((1, 1))).values.item() == 1.0
    by[0] = 5.0
    assert saliency(f, np.ones((1, 1))).values.item() == 5.0


def test_it_goes_with_the_model_and_stays_behind_in_copies() -> None:
    model = network()
    saliency(model, IMAGES)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin._explained is None
        np.testing.assert_array_equal(saliency(twin, IMAGES).values, saliency(model, IMAGES).values)
    alive = weakref.ref(model)
    del model, twin
    gc.collect()
    assert alive() is None


def test_many_kinds_are_bounded() -> None:
    model = ranvier.Sequential([nn.Dense(1, input_shape=(2,))])
    for i in range(20):
        layerwise_relevance(model, np.ones((1, 2)), epsilon=1e-6 * (i + 1))
    assert model._explained is not None and len(model._explained) == 16
