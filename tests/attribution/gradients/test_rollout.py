"""Attention roll-out: the weights are those of the layers, the product is that of the paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.attribution import attention_rollout
from ranvier.attribution.gradients.rollout import attention_weights
from ranvier.errors import RanvierError

IDS = np.array([[1, 2, 3, 4, 5], [5, 4, 3, 2, 0]])


class Two(ranvier.Model):
    """Two attention layers, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(9, 8, mask_zero=True)
        self.first = nn.MultiHeadAttention(num_heads=2, key_dim=4)
        self.second = nn.MultiHeadAttention(num_heads=2, key_dim=4)
        self.out = nn.Dense(2)

    def forward(self, x: Any) -> Any:
        x = self.embed(x)
        x = x + self.first(x, x)
        x = x + self.second(x, x)
        return self.out(ranvier.mean(x, 1))


def test_the_weights_are_those_that_the_layers_give() -> None:
    ranvier.seed(0)
    model = Two()
    model.predict(IDS)
    weights = attention_weights(model, IDS)
    assert [w.shape for w in weights] == [(2, 2, 5, 5)] * 2
    x = model.embed(IDS)
    out, first = model.first(x, x, return_attention_scores=True)
    _, second = model.second(x + out, x + out, return_attention_scores=True)
    np.testing.assert_allclose(weights[0], first.numpy(), atol=1e-6)
    np.testing.assert_allclose(weights[1], second.numpy(), atol=1e-6)
    assert weights[0][1, 0, 0, 4] == 0  # masked

    a = attention_rollout(model, IDS)
    mixed = [(w.mean(axis=1) + np.eye(5)) / 2 for w in (first.numpy(), second.numpy())]
    np.testing.assert_allclose(a.values, (mixed[1] @ mixed[0]).mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(a.values.sum(axis=1), 1, atol=1e-6)
    last = attention_rollout(model, IDS, position=4, residual=False)
    raw = second.numpy().mean(axis=1) @ first.numpy().mean(axis=1)
    np.testing.assert_allclose(last.values, raw[:, 4], atol=1e-6)


def test_transformer_blocks() -> None:
    ranvier.seed(0)
    model = ranvier.Sequential([
        nn.Embedding(9, 8, input_shape=(5,)), nn.TransformerEncoder(16, 2),
        nn.TransformerEncoder(16, 2), nn.GlobalAveragePooling1D(), nn.Dense(2),
    ])  # fmt: skip
    a = attention_rollout(model, IDS)
    assert "2 layers" in a.method and a.values.shape == (2, 5)


def test_a_network_without_attention() -> None:
    with pytest.raises(RanvierError, match="no attention layer"):
        attention_rollout(ranvier.Sequential([nn.Dense(2, input_shape=(3,))]), np.ones((1, 3)))
