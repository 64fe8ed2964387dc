"""Gradients of outputs by inputs: PyTorch, finite differences, axioms of integrated gradients."""

from __future__ import annotations

from pathlib import Path
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
    occlusion,
    saliency,
    smooth_saliency,
)
from ranvier.errors import RanvierError

FOLDER = Path(__file__).parents[2] / "golden"
GOLDEN, CAPTUM = np.load(FOLDER / "attribution.npz"), np.load(FOLDER / "captum.npz")
rng = np.random.default_rng(0)


def golden_network() -> Any:
    model = ranvier.Sequential([nn.Dense(9, "tanh", input_shape=(7,)), nn.Dense(3)])
    model.set_weights([GOLDEN[name] for name in ("w1", "b1", "w2", "b2")])
    return model


def convolution(seed: int = 0) -> Any:
    ranvier.seed(seed)
    return ranvier.Sequential([
        nn.Conv2D(4, 3, activation="tanh", input_shape=(8, 8, 2)), nn.MaxPooling2D(2),
        nn.Flatten(), nn.Dense(5, "relu"), nn.Dense(3, "softmax"),
    ])  # fmt: skip


def words(length: int = 6) -> Any:
    ranvier.seed(0)
    return ranvier.Sequential([
        nn.Embedding(20, 4, mask_zero=True, name="words", input_shape=(length,)), nn.LSTM(5),
        nn.Dense(2, "softmax"),
    ])  # fmt: skip


IMAGES = rng.normal(size=(3, 8, 8, 2)).astype(np.float32)


def test_gradients_are_those_of_pytorch() -> None:
    model, x = golden_network(), GOLDEN["x"]
    for k in range(3):
        expected = GOLDEN["gradient"][k]
        np.testing.assert_allclose(saliency(model, x, output=k).values, np.abs(expected), atol=1e-5)
        np.testing.assert_allclose(
            gradient_x_input(model, x, output=k).values, x * expected, atol=1e-5
        )


def test_integrated_gradients_are_those_of_pytorch() -> None:
    a = integrated_gradients(golden_network(), GOLDEN["x"], output=1)
    np.testing.assert_allclose(a.values, GOLDEN["integrated"], atol=2e-5)
    np.testing.assert_allclose(a.outputs, GOLDEN["outputs"][:, 1], atol=1e-5)  # type: ignore


def test_gradients_of_a_convolution_against_finite_differences() -> None:
    model = convolution()
    got = saliency(model, IMAGES[:1], output=1)
    assert got.values.shape == (1, 8, 8)
    step = 1e-2
    for i, j in ((0, 0), (3, 4), (7, 2)):
        slopes = []
        for channel in range(2):
            up, down = IMAGES[:1].copy(), IMAGES[:1].copy()
            up[0, i, j, channel] += step
            down[0, i, j, channel] -= step
            difference = model.predict(up)[0, 1] - model.predict(down)[0, 1]
            slopes.append(abs(float(difference)) / (2 * step))
        assert abs(got.values[0, i, j] - max(slopes)) < 2e-3


@pytest.mark.parametrize("logits", [False, True])
def test_the_gap_of_integrated_gradients_is_below_one_percent(logits: bool) -> None:
    a = integrated_gradients(convolution(), IMAGES, logits=logits)
    assert a.kind == "image" and not a.notes
    assert a.convergence_gap < 0.01
    assert a.base_values is not None and a.outputs is not None
    np.testing.assert_allclose(
        a.base_values + a.values.sum(axis=(1, 2)), a.outputs, atol=0.01 * np.abs(a.outputs).max()
    )


def test_logits_are_what_the_softmax_reads() -> None:
    model = convolution()
    a = integrated_gradients(model, IMAGES, output=0, logits=True)
    before = ranvier.Sequential([*model.layers[:-1], nn.Dense(3)])
    before.ensure_built((8, 8, 2))
    before.layers[-1].set_weights(model.layers[-1].get_weights())
    np.testing.assert_allclose(a.outputs, before.predict(IMAGES)[:, 0], atol=1e-5)  # type: ignore


def test_a_linear_model_has_the_same_answer_by_every_method() -> None:
    w = np.array([[2.0], [-3.0], [0.5]])
    model = ranvier.Sequential([nn.Dense(1, use_bias=False, input_shape=(3,))])
    model.set_weights([w])
    x = rng.normal(size=(4, 3))
    for method in (gradient_x_input, integrated_gradients, occlusion):
        np.testing.assert_allclose(method(model, x).values, x * w[:, 0], atol=1e-5)


def test_too_few_steps_are_noted() -> None:
    def f(x: Any) -> Any:
        return ranvier.tanh(40 * x[:, 0] - 20)

    a = integrated_gradients(f, np.ones((1, 1)), steps=2)
    assert a.convergence_gap > 0.01 and "miss their output" in a.notes[0]
    assert integrated_gradients(f, np.ones((1, 1))).convergence_gap < 0.01


def test_tokens_are_explained_by_their_embedding() -> None:
    model = words()
    ids = np.array([[3, 5, 7, 2, 0, 0], [1, 2, 3, 4, 5, 6]])
    a = integrated_gradients(model, ids, output=0)
    assert a.kind == "text" and a.values.shape == (2, 6)
    assert (a.values[0, 4:] == 0).all() and (a.values[0, :4] != 0).all()  # masked
    assert a.convergence_gap < 0.01
    named = integrated_gradients(model, ids, output=0, layer="words")
    np.testing.assert_array_equal(named.values, a.values)
    assert saliency(model, ids).values.shape == (2, 6)


def test_maps_are_those_of_captum() -> None:
    model = ranvier.Sequential([
        nn.Conv2D(4, 3, activation="relu", name="maps", input_shape=(6, 6, 2)),
        nn.MaxPooling2D(2), nn.Flatten(), nn.Dense(6, "relu"), nn.Dense(3),
    ])  # fmt: skip
    model.set_weights([CAPTUM[name] for name in ("w0", "b0", "w1", "b1", "w2", "b2")])
    x = CAPTUM["x"]
    np.testing.assert_allclose(model.predict(x), CAPTUM["outputs"], atol=1e-5)
    largest = CAPTUM["saliency"].max(axis=-1)
    np.testing.assert_allclose(saliency(model, x, output=1).values, largest, atol=1e-5)
    integrated = integrated_gradients(model, x, output=1, steps=512).values
    np.testing.assert_allclose(integrated, CAPTUM["integrated"].sum(axis=-1), atol=2e-3)
    cam = grad_cam(model, x, layer="maps", output=1).values
    np.testing.assert_allclose(cam, CAPTUM["cam"][..., 0], atol=1e-5)
    relevance = layerwise_relevance(model, x, output=1, epsilon=1e-9).values
    np.testing.assert_allclose(relevance, CAPTUM["relevance"].sum(axis=-1), atol=1e-4)


# That of layer-wise relevance is in test_relevance.py.
MAPS = [saliency, smooth_saliency, gradient_x_input, integrated_gradients, grad_cam]


@pytest.mark.parametrize("method", MAPS)
def test_other_weights_give_another_map(method: Any) -> None:
    """The sanity check of Adebayo et al. 2018: a map that ignores the weights explains nothing."""
    model = convolution()
    before = method(model, IMAGES, output=0).values
    np.testing.assert_array_equal(method(model, IMAGES, output=0).values, before)
    layers = [layer for layer in model.layers if layer.get_weights()]
    for layer in reversed(layers):  # from the last layer to the first, as in the paper
        weights = layer.get_weights()
        layer.set_weights([rng.permutation(w.ravel()).reshape(w.shape) for w in weights])
    after = method(model, IMAGES, output=0).values
    told = 0
    for one, other in zip(before, after, strict=True):
        assert np.abs(one - other).max() > 0.1 * np.abs(one).max()
        if one.std() and other.std():  # the relu of Grad-CAM may leave nothing
            assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.7
            told += 1
    assert told


def test_more_rows_than_are_differentiated_together() -> None:
    x = rng.normal(size=(150, 7))
    model = golden_network()
    whole = saliency(model, x, output=0).values
    np.testing.assert_allclose(whole[-1:], saliency(model, x[-1:], output=0).values, atol=1e-6)


def test_smooth_saliency_says_how_sure_it_is() -> None:
    a = smooth_saliency(golden_network(), GOLDEN["x"], samples=200)
    b = smooth_saliency(golden_network(), GOLDEN["x"], samples=200, seed=1)
    assert a.errors is not None and b.errors is not None
    assert (np.abs(a.values - b.values) < 5 * np.hypot(a.errors, b.errors)).all()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: saliency(golden_network(), GOLDEN["x"], layer="nowhere"), "layer"),
        (lambda: saliency(golden_network(), GOLDEN["x"], logits=True), "softmax or sigmoid"),
        (lambda: saliency(golden_network(), GOLDEN["x"], output="all"), "one output"),
        (lambda: saliency(golden_network(), GOLDEN["x"], output=3), "3 outputs"),
        (
            lambda: integrated_gradients(golden_network(), GOLDEN["x"], np.ones(3)),
            "that of one row",
        ),
        (lambda: smooth_saliency(golden_network(), GOLDEN["x"], noise=0.0), "above 0"),
        (lambda: saliency(lambda x: ranvier.sum(x), np.ones((2, 3))), "expected \\(rows, ...\\)"),
        (lambda: saliency("model", np.ones((2, 3))), "function of tensors"),
    ],
)
def test_errors_say_what_to_do(call: Any, message: str) -> None:
    with pytest.raises(RanvierError, match=message):
        call()
