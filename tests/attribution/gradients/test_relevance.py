"""Layer-wise relevance: the formula by hand, what is kept, and layers without a rule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.attribution import layerwise_relevance
from ranvier.attribution.gradients.relevance_rules import RULES
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


@pytest.mark.parametrize(
    "layer", [nn.LSTM(3), nn.TransformerEncoder(4, 1)], ids=["lstm", "transformer"]
)
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


KEPT = {
    "layer normalization": lambda: without_bias(
        nn.Dense(6, use_bias=False, input_shape=(5, 3)),
        nn.LayerNormalization(center=False), nn.GlobalAveragePooling1D(),
        nn.Dense(2, use_bias=False),
    ),
    "up and down": lambda: without_bias(
        nn.Reshape((5, 1, 3), input_shape=(5, 3)), nn.UpSampling2D(2),
        nn.SeparableConv2D(4, 2, use_bias=False), nn.Conv2DTranspose(3, 2, use_bias=False),
        nn.AdaptiveAveragePooling2D(2), nn.Flatten(), nn.RepeatVector(2), nn.Flatten(),
        nn.Dense(2, use_bias=False),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_more_layers_keep_relevance(name: str) -> None:
    a = layerwise_relevance(KEPT[name](), rng.normal(size=(3, 5, 3)), epsilon=1e-7)
    assert a.outputs is not None
    np.testing.assert_allclose(a.gap, 0, atol=5e-3 * np.abs(a.outputs).max())


@pytest.mark.parametrize("kind", ["single", "heads", "causal"])
def test_attention_hands_relevance_to_what_it_finds(kind: str) -> None:
    """With the weights p as constants the output is linear in the value: R_s = sum_t p_ts v_s g."""
    ranvier.seed(0)
    x = ranvier.Input((4, 3))
    if kind == "heads":
        found = nn.MultiHeadAttention(2, 3, use_bias=False)(x, x)
    else:
        found = nn.Attention()([x, x], use_causal_mask=kind == "causal")
    out = nn.Dense(1, use_bias=False)(nn.Flatten()(found))
    rows = rng.normal(size=(2, 4, 3)).astype(np.float32)
    a = layerwise_relevance(ranvier.Model(x, out), rows, epsilon=1e-7)
    assert a.outputs is not None
    np.testing.assert_allclose(a.gap, 0, atol=1e-3 * np.abs(a.outputs).max())
    if kind == "causal":
        w = out.node.op.layer.get_weights()[0].reshape(4, 3)
        score = np.where(np.tri(4, dtype=bool), rows[0] @ rows[0].T, -np.inf)
        p = np.exp(score - score.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        expected = np.einsum("ts,sk,tk->sk", p, rows[0], w)
        np.testing.assert_allclose(a.values[0], expected, atol=1e-4)


def test_words_have_the_relevance_of_their_vectors_and_filling_has_none() -> None:
    ranvier.seed(0)
    model = ranvier.Sequential([
        nn.Embedding(20, 4, mask_zero=True, input_shape=(6,)), nn.GlobalAveragePooling1D(),
        nn.Dense(2, use_bias=False),
    ])  # fmt: skip
    ids = np.array([[3, 5, 7, 0, 0, 0], [1, 2, 3, 4, 5, 6]])
    a = layerwise_relevance(model, ids, output=1)
    assert a.kind == "text" and a.values.shape == (2, 6)
    assert (a.values[0, 3:] == 0).all() and (a.values[0, :3] != 0).all()
    np.testing.assert_allclose(a.gap, 0, atol=1e-3)


def test_a_product_has_as_much_from_each_factor() -> None:
    x = ranvier.Input((2,))
    gate, signal = nn.Dense(3, use_bias=False)(x), nn.Dense(3, use_bias=False)(x)
    model = ranvier.Model(x, nn.Dense(1, use_bias=False)(nn.Multiply()([gate, signal])))
    a = layerwise_relevance(model, rng.normal(size=(3, 2)), epsilon=1e-7)
    np.testing.assert_allclose(a.gap, 0, atol=1e-3)


def test_the_docs_list_the_layers_with_a_rule() -> None:
    page = (Path(__file__).parents[3] / "docs" / "attribution.md").read_text(encoding="utf-8")
    table = page.partition("| layers | how relevance is shared out |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    assert {cls.__name__ for cls in RULES} <= named, {c.__name__ for c in RULES} - named
    lacking = page.partition("no rule: ")[2].partition(".")[0]
    for name in re.findall(r"`(\w+)`", lacking):
        kind = getattr(nn, name)
        assert not any(c in RULES and c.forward is kind.forward for c in kind.__mro__), name
