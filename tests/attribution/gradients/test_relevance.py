"""Layer-wise relevance: the formula by hand, what is kept, and layers without a rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.attribution import layerwise_relevance
from ranvier.attribution.gradients.relevance import RULES
from ranvier.errors import ArgumentError

rng = np.random.default_rng(0)


def without_bias(*layers: Any) -> Any:
    ranvier.seed(0)
    return ranvier.Sequential(list(layers))


def test_two_dense_layers_by_hand() -> None:
    ranvier.seed(0)
    model = ranvier.Sequential([nn.Dense(6, "relu", input_shape=(4,)), nn.Dense(3, "softmax")])
    (w1, _), (w2, _) = (layer.get_weights() for layer in model.layers)
    b1, b2 = rng.normal(size=6), rng.normal(size=3)
    model.set_weights([w1, b1, w2, b2])
    x, epsilon, k = rng.normal(size=(1, 4)), 0.01, 2
    z1 = x @ w1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ w2 + b2

    def steady(z: Any) -> Any:
        return z + epsilon * np.where(z >= 0, 1.0, -1.0)

    r1 = a1[0] * w2[:, k] * z2[0, k] / steady(z2[0, k])
    r0 = (x.T * w1) @ (r1 / steady(z1[0]))
    a = layerwise_relevance(model, x, output=k, epsilon=epsilon)
    np.testing.assert_allclose(a.values[0], r0, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(a.outputs, z2[:, k], rtol=1e-5)  # type: ignore


NETWORKS = {
    "dense": lambda: without_bias(
        nn.Dense(8, "relu", use_bias=False, input_shape=(6, 6, 1)), nn.Flatten(),
        nn.Dense(2, use_bias=False),
    ),
    "convolution": lambda: without_bias(
        nn.Conv2D(4, 3, activation="relu", use_bias=False, input_shape=(6, 6, 1)),
        nn.AveragePooling2D(2), nn.Dropout(0.5), nn.Flatten(), nn.Dense(2, use_bias=False),
    ),
    "largest": lambda: without_bias(
        nn.ZeroPadding2D(1, input_shape=(6, 6, 1)),
        nn.Conv2D(4, 3, use_bias=False), nn.ReLU(), nn.MaxPooling2D(2),
        nn.GlobalMaxPooling2D(), nn.Dense(3, "softmax", use_bias=False),
    ),
    "separate": lambda: without_bias(
        nn.DepthwiseConv2D(3, use_bias=False, input_shape=(6, 6, 1)), nn.Activation("tanh"),
        nn.GlobalAveragePooling2D(), nn.Dense(1, "sigmoid", use_bias=False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_without_biases_relevance_is_kept(name: str) -> None:
    x = rng.normal(size=(3, 6, 6, 1)).astype(np.float32)
    a = layerwise_relevance(NETWORKS[name](), x, epsilon=1e-7)
    assert a.values.shape == (3, 6, 6)
    assert a.outputs is not None
    np.testing.assert_allclose(a.gap, 0, atol=2e-3 * np.abs(a.outputs).max())


def test_branches_and_models_inside_models() -> None:
    ranvier.seed(0)
    x = ranvier.Input((5,))
    inner = ranvier.Sequential([nn.Dense(4, "relu", use_bias=False, input_shape=(5,))])
    left, right = inner(x), nn.Dense(4, use_bias=False)(x)
    out = nn.Dense(1, use_bias=False)(nn.Concatenate()([nn.Add()([left, right]), right]))
    a = layerwise_relevance(ranvier.Model(x, out), rng.normal(size=(2, 5)), epsilon=1e-7)
    np.testing.assert_allclose(a.gap, 0, atol=1e-3)


def test_other_weights_give_another_map() -> None:
    x = rng.normal(size=(1, 6, 6, 1)).astype(np.float32)
    model = NETWORKS["convolution"]()
    before = layerwise_relevance(model, x, output=0).values.ravel()
    for layer in model.layers:
        layer.set_weights(
            [rng.permutation(w.ravel()).reshape(w.shape) for w in layer.get_weights()]
        )
    assert (
        abs(np.corrcoef(before, layerwise_relevance(model, x, output=0).values.ravel())[0, 1]) < 0.7
    )


@pytest.mark.parametrize("layer", [nn.LSTM(3), nn.LayerNormalization()], ids=["lstm", "norm"])
def test_a_layer_without_a_rule_is_named(layer: Any) -> None:
    model = ranvier.Sequential([nn.Dense(4, input_shape=(5, 3)), layer, nn.Flatten(), nn.Dense(1)])
    with pytest.raises(
        ArgumentError, match=rf"{layer.name} \({type(layer).__name__}\) has no rule"
    ):
        layerwise_relevance(model, np.ones((1, 5, 3)))


def test_a_subclass_with_its_own_forward_has_no_rule_of_its_base() -> None:
    class Doubled(nn.Dense):
        def forward(self, x: Any) -> Any:
            return super().forward(x) * 2

    model = ranvier.Sequential([Doubled(2, input_shape=(3,)), nn.Dense(1)])
    with pytest.raises(ArgumentError, match="Doubled"):
        layerwise_relevance(model, np.ones((1, 3)))


def test_models_that_cannot_be_gone_through() -> None:
    class Own(ranvier.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = nn.Dense(1)

        def forward(self, x: Any) -> Any:
            return self.out(x)

    with pytest.raises(ArgumentError, match="forward of its own"):
        layerwise_relevance(Own(), np.ones((1, 3)))
    x = ranvier.Input((3,))
    with pytest.raises(ArgumentError, match="outside a layer"):
        layerwise_relevance(ranvier.Model(x, nn.Dense(1)(x * 2.0)), np.ones((1, 3)))
    assert nn.Dense in RULES
