"""Embeddings and masks: gathering, gradients, ids outside, losses and pools that pass over."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import losses, nn
from ranvier.errors import DataError

RANDOM = np.random.default_rng(0)
IDS = np.array([[3, 1, 0, 0], [2, 2, 4, 0], [1, 2, 3, 4]])
MASK = IDS != 0


def test_vectors_and_masks() -> None:
    layer = nn.Embedding(5, 3, mask_zero=True)
    out = layer(IDS)
    assert np.array_equal(out.numpy(), layer.embeddings.numpy()[IDS])
    assert np.array_equal(out.mask.numpy(), MASK)
    assert layer(IDS.astype(np.float32)).tolist() == out.tolist()
    assert nn.Embedding(5, 3)(IDS).mask is None
    assert nn.Embedding(5, 3, input_length=4).input_shape == (4,)
    config = json.loads(json.dumps(layer.get_config()))
    assert config["input_dim"] == 5
    assert json.loads(json.dumps(nn.Embedding.from_config(config).get_config())) == config


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
def test_gradients_add_up_at_each_id(engine: str) -> None:
    layer = nn.Embedding(5, 3)
    layer.ensure_built((4,))
    upstream = RANDOM.normal(size=(3, 4, 3)).astype(np.float32)

    def run(table: Any, ids: Any) -> Any:
        def weighed(table: Any) -> Any:
            layer.embeddings = table
            return ranvier.sum(layer(ids) * upstream)

        return ranvier.grad(weighed)(table)

    if engine != "eager":
        run = ranvier.compile(run, engine=engine)
    found = run(ranvier.zeros((5, 3)), ranvier.tensor(IDS)).numpy()
    expected = np.zeros((5, 3))
    np.add.at(expected, IDS, upstream)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_ids_outside_the_table_are_found_in_the_data(engine: str) -> None:
    model = ranvier.Sequential([nn.Embedding(5, 2, input_length=4), nn.Flatten(), nn.Dense(1)])
    model.compile("sgd", "mse", engine=engine)
    y = np.zeros((3, 1), np.float32)
    model.fit(IDS, y, verbose=0)
    assert model.predict(IDS).shape == (3, 1)
    wrong = IDS.copy()
    wrong[1, 2] = 7
    for use in (lambda: model.fit(wrong, y, verbose=0), lambda: model.predict(wrong)):
        with pytest.raises(DataError, match=r"row 1, position 2: id 7 is outside the table of 5"):
            use()
    with pytest.raises(DataError, match="id -1"):
        model.evaluate(IDS - 1, y)


def test_masking() -> None:
    x = RANDOM.normal(size=(3, 4, 2)).astype(np.float32)
    x[~MASK] = -1.0
    out = nn.Masking(-1.0)(x)
    assert np.array_equal(out.mask.numpy(), MASK)
    assert np.array_equal(out.numpy(), np.where(MASK[..., None], x, 0))


@pytest.mark.parametrize(("kind", "reduction"), [("Average", np.mean), ("Max", np.max)])
def test_pools_ignore_masked_steps(kind: str, reduction: Any) -> None:
    x = ranvier.tensor(RANDOM.normal(size=(4, 4, 2)).astype(np.float32))
    mask = np.vstack([MASK, [[False] * 4]])
    x.mask = ranvier.tensor(mask)
    rows = [reduction(a[m], axis=0) for a, m in zip(x.numpy()[:3], MASK, strict=True)]
    for keepdims in (False, True):
        out = getattr(nn, f"Global{kind}Pooling1D")(keepdims=keepdims)(x)
        assert out.shape == ((4, 1, 2) if keepdims else (4, 2)) and out.mask is None
        np.testing.assert_allclose(out.numpy().reshape(4, 2), [*rows, [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("end", ["softmax", None])
def test_losses_and_metrics_ignore_masked_positions(end: Any, engine: str) -> None:
    ranvier.seed(1)
    x, y = np.tile(IDS, (3, 1))[:7], RANDOM.integers(0, 6, (7, 4))
    mask, weight = x != 0, np.arange(1.0, 8.0)
    model = ranvier.Sequential(
        [nn.Embedding(5, 8, mask_zero=True, input_length=4), nn.Dense(6, activation=end)]
    )
    loss = losses.SparseCategoricalCrossentropy(from_logits=end is None)
    model.compile("sgd", loss, metrics=["accuracy"], engine=engine)
    z = model.predict(x).astype(np.float64)
    p = z if end else np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    each = -np.log(np.take_along_axis(p, y[..., None], -1)[..., 0])
    right = (p.argmax(-1) == y)[mask].mean()
    # As in Keras: the mean over the positions that the mask includes, weights on top.
    found = model.evaluate(x, y, batch_size=7)
    np.testing.assert_allclose(found, [each[mask].mean(), right], rtol=1e-5)
    found = model.evaluate(x, y, batch_size=7, sample_weight=weight)
    expected = (each * mask * weight[:, None]).sum() / mask.sum()
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)
    # The last batch of two rows is filled up with others, which do not count.
    found = model.evaluate(x, y, batch_size=5)
    parts = [each[:5][mask[:5]].mean() * 5, each[5:][mask[5:]].mean() * 2]
    np.testing.assert_allclose(found, [sum(parts) / 7, right], rtol=1e-5)


def test_sequences_as_long_as_there_are_classes_are_no_one_hot_rows() -> None:
    model = ranvier.Sequential([nn.Embedding(5, 3, input_length=5), nn.Dense(5)])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    y = np.array([[0, 1, 2, 3, 4], [4, 4, 0, 0, 0]])
    assert np.isfinite(model.evaluate(y, y))
    with pytest.raises(DataError, match="look one-hot"):
        losses.SparseCategoricalCrossentropy().check_targets(np.eye(5)[[1, 2]], 5)
