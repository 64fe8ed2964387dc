"""PyTorch's and Keras' names for embeddings, attention and Transformers: their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier.compat.torch as torch
from paths import GOLDEN
from ranvier.compat.tensorflow import keras
from ranvier.errors import ArgumentError

nn: Any = torch.nn
VALUES = np.load(GOLDEN / "attention.npz")
MASK = VALUES["torch/places"]


def loaded(module: Any, case: str) -> Any:
    """`module` in float64, with the weights of a golden case."""
    start = f"torch/{case}/weight/"
    state = {k.removeprefix(start): VALUES[k] for k in VALUES if k.startswith(start)}
    for name, p in module.named_parameters():
        owner, _, attribute = name.rpartition(".")
        inside = dict(module.named_modules())[owner]
        setattr(inside, attribute, torch.tensor(state.pop(name), requires_grad=True))
        assert p.shape == getattr(inside, attribute).shape
    assert not state
    return module


def same(module: Any, case: str, out: Any, inputs: list[Any]) -> None:
    """Output and gradients are PyTorch's."""
    close: Any = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(out.detach().numpy(), VALUES[f"torch/{case}/output"], **close)
    (out * torch.tensor(VALUES[f"torch/{case}/upstream"])).sum().backward()
    for i, x in enumerate(inputs):
        np.testing.assert_allclose(x.grad.numpy(), VALUES[f"torch/{case}/gradient_{i}"], **close)
    for name, p in module.named_parameters():
        expected = VALUES[f"torch/{case}/weight_gradient/{name}"]
        np.testing.assert_allclose(p.grad.numpy(), expected, **close, err_msg=name)


def inputs_of(case: str, count: int = 1) -> list[Any]:
    return [
        torch.tensor(VALUES[f"torch/{case}/input_{i}"], requires_grad=True) for i in range(count)
    ]


@pytest.mark.parametrize("case", ["multihead", "multihead_time_first"])
def test_multihead_attention(case: str) -> None:
    module = loaded(nn.MultiheadAttention(6, 2, batch_first=case == "multihead"), case)
    (x,) = inputs_of(case)
    out, weights = module(x, x, x, key_padding_mask=torch.tensor(MASK))
    same(module, case, out, [x])
    np.testing.assert_allclose(weights.detach().numpy(), VALUES[f"torch/{case}/weights"], 1e-9)


def test_multihead_attention_to_other_sizes() -> None:
    case = "multihead_cross"
    module = loaded(nn.MultiheadAttention(6, 2, kdim=4, vdim=7, batch_first=True), case)
    given = inputs_of(case, 3)
    same(module, case, module(*given, need_weights=False)[0], given)


@pytest.mark.parametrize("case", ["encoder", "encoder_norm_first"])
def test_encoder_layers(case: str) -> None:
    layer = nn.TransformerEncoderLayer(
        6, 2, 8, 0.0, "gelu", batch_first=True, norm_first=case != "encoder"
    )
    (x,) = inputs_of(case)
    layer = loaded(layer, case)
    same(layer, case, layer(x, src_key_padding_mask=torch.tensor(MASK)), [x])
    encoder = nn.TransformerEncoder(layer, num_layers=2)
    assert len(list(encoder.parameters())) == 2 * len(list(layer.parameters()))
    masked = torch.triu(torch.ones(5, 5), 1) > 0
    out = encoder(x, mask=masked).detach().numpy()
    with torch.no_grad():
        x[:, 4] = 0.0
    assert np.array_equal(encoder(x, mask=masked).detach().numpy()[:, :4], out[:, :4])


def test_embeddings() -> None:
    module = loaded(nn.Embedding(7, 3, padding_idx=2), "embedding")
    same(module, "embedding", module(torch.tensor(VALUES["torch/embedding/ids"])), [])
    assert not nn.Embedding(7, 3, padding_idx=2).weight[2].detach().numpy().any()
    frozen = nn.Embedding.from_pretrained(torch.ones(4, 2))
    assert not frozen.weight.requires_grad and frozen(torch.tensor([1])).tolist() == [[1.0, 1.0]]
    with pytest.raises(ArgumentError, match=r"ids.long\(\)"):
        module(torch.ones(2))


def test_products() -> None:
    given = inputs_of("product/bools", 3)
    mask = torch.tensor(VALUES["torch/product/bools/mask"])
    out = nn.functional.scaled_dot_product_attention(*given, attn_mask=mask)
    expected = VALUES["torch/product/bools/output"]
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-9)


def test_keras_names() -> None:
    layers: Any = keras.layers
    model = keras.Sequential(
        [
            layers.Embedding(20, 8, mask_zero=True, input_length=5),
            layers.GroupQueryAttention(4, 2, 1),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).integers(0, 20, (32, 5))
    assert len(model.fit(x, x[:, 0] % 2, verbose=0).history["loss"]) == 1
    x = np.ones((2, 3, 4), np.float32)
    out, weights = layers.MultiHeadAttention(num_heads=2, key_dim=2)(
        x, x, return_attention_scores=True
    )
    assert out.shape == (2, 3, 4) and weights.shape == (2, 2, 3, 3)
    assert layers.Attention()([x, x]).shape == layers.AdditiveAttention()([x, x]).shape == x.shape
    assert layers.Masking(1.0)(x).mask.tolist() == [[False] * 3] * 2
