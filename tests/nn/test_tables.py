"""Layers of networks for tables: formulas in NumPy, what they measure, awkward columns, files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import nn, optim
from ranvier.errors import ArgumentError, DataError, ShapeError
from ranvier.nn.tables.numeric_embeddings import bin_edges

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(200, 3)) * [1.0, 50.0, 1e-3] + [0.0, 1e4, 0.0]).astype(np.float32)


# -- robust scaling ------------------------------------------------------------------------------


def test_robust_scaling_is_the_formula() -> None:
    layer = nn.RobustScale()
    layer.adapt(X)
    low, middle, high = np.quantile(X.astype(np.float64), [0.25, 0.5, 0.75], axis=0)
    u = (X - middle) / (high - low)
    np.testing.assert_allclose(layer(X).numpy(), u / np.sqrt(1 + (u / 3) ** 2), rtol=2e-3)
    assert abs(layer(X * 1e6).numpy()).max() <= 3 * (1 + 1e-6)


def test_quartiles_are_measured_in_float64() -> None:
    seconds = np.array([[1.7e9], [1.7e9 + 1], [1.7e9 + 2], [1.7e9 + 3], [1.7e9 + 4]])
    layer = nn.RobustScale(clip=None, dtype="float64")
    layer.adapt(seconds)
    assert layer(seconds).numpy()[:, 0].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]


def test_columns_without_quartiles() -> None:
    rare = np.zeros((100, 1))
    rare[3] = 1  # half the range instead of the quartiles
    layer = nn.RobustScale()
    layer.adapt(rare)
    assert layer([[1.0]]).item() == pytest.approx(2 / math.sqrt(1 + 4 / 9))
    constant = nn.RobustScale()
    constant.adapt(np.full((9, 2), 1 / 3))
    assert constant([[1 / 3, 7.0]]).tolist() == [[0.0, 0.0]]


def test_adapt_says_what_it_cannot_use() -> None:
    for layer in (nn.RobustScale(), nn.NTPDense(2), nn.PiecewiseLinearEmbedding()):
        layer.adapt([[1.0], [2.0]])
        with pytest.raises(DataError, match="NaN or infinity in row 1"):
            layer.adapt([[1.0], [math.nan]])
        with pytest.raises(ShapeError, match="2 features"):
            layer.adapt([[1.0, 2.0]])
    with pytest.raises(ArgumentError, match="clip=0"):
        nn.RobustScale(clip=0)


# -- numeric embeddings --------------------------------------------------------------------------


def test_the_periodic_embedding_is_its_formula() -> None:
    layer = nn.PeriodicEmbedding(output_dim=4, frequencies=5, sigma=0.7)
    x = X[:6] / [1, 1e4, 1e-3]
    out = layer(x).numpy().reshape(6, 3, 4)
    assert layer.phases is not None
    w, b, k, c = (t.numpy() for t in (layer.waves, layer.phases, layer.kernel, layer.bias))
    for i in range(3):
        waves = np.cos(2 * np.pi * x[:, i : i + 1] * w[i] + b[i])
        np.testing.assert_allclose(out[:, i, 1:], waves @ k[i] + c[i], rtol=1e-3, atol=2e-5)
    np.testing.assert_allclose(out[:, :, 0], x, rtol=1e-6)


def test_plr_is_its_formula() -> None:
    layer = nn.PeriodicEmbedding(output_dim=2, frequencies=3, plr=True)
    x = X[:4, :1]
    out = layer(x).numpy()
    angles = 2 * np.pi * x * layer.waves.numpy()[0]
    inner = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    expected = np.maximum(inner @ layer.kernel.numpy()[0] + layer.bias.numpy()[0], 0)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-6)


def test_the_piecewise_linear_embedding_is_its_formula() -> None:
    layer = nn.PiecewiseLinearEmbedding(output_dim=2, bins=4)
    x = RNG.normal(size=(101, 1))
    layer.adapt(x)
    layer.kernel.assign(RNG.normal(size=layer.kernel.shape))
    edges = np.quantile(x, [0, 0.25, 0.5, 0.75, 1])
    some = np.array([[edges[0] - 2], [edges[1]], [0.3], [edges[4] + 2]])
    v = (some - edges[:-1]) / np.diff(edges)
    v[:, 1:-1] = v[:, 1:-1].clip(0, 1)
    v[:, 0], v[:, -1] = v[:, 0].clip(None, 1), v[:, -1].clip(0, None)
    linear, bias = layer.linear.numpy()[0], layer.bias.numpy()[0]
    expected = some * linear + bias + v @ layer.kernel.numpy()[0]
    np.testing.assert_allclose(layer(some).numpy(), expected, rtol=2e-4, atol=1e-5)


def test_bins_of_awkward_columns() -> None:
    assert len(bin_edges(np.full(50, 3.3), 8)) == 1
    nearly = np.r_[np.zeros(49), 1e-12] + 5.0
    assert len(bin_edges(nearly, 8)) == 1
    two = bin_edges(np.r_[np.zeros(31), np.ones(30)], 8)
    assert two.tolist() == [0.0, 1.0]
    # Zeros in nine rows of ten leave the bins to the others.
    gains = np.r_[np.zeros(900), np.arange(1.0, 101.0)]
    assert len(bin_edges(gains, 16)) == 17
    assert bin_edges(gains, 16)[[0, 1, -1]].tolist() == [0.0, 1.0, 100.0]
    assert len(bin_edges(np.arange(20.0) % 4, 16)) == 4
    # Quantiles a rounding apart must not make a bin.
    close = np.sort(np.r_[np.linspace(0, 1, 50), 0.5 + 1e-9 * np.arange(50)])
    edges = bin_edges(close, 48)
    assert np.diff(edges).min() > 1e-7
    assert edges[0] == 0 and edges[-1] == 1
    layer = nn.PiecewiseLinearEmbedding(output_dim=2, bins=48)
    layer.adapt(np.stack([close, np.full(100, 3.3), np.r_[nearly, nearly]], axis=1))
    layer.kernel.assign(np.ones(layer.kernel.shape))
    assert abs(layer(np.array([[2.0, 1e6, 1e6]], np.float32)).numpy()).max() < 1e7


def test_embeddings_say_which_rows_they_take() -> None:
    for layer in (nn.PeriodicEmbedding(), nn.PiecewiseLinearEmbedding()):
        with pytest.raises(ShapeError, match="rows of numbers"):
            layer(np.zeros((2, 3, 4)))
    with pytest.raises(ArgumentError, match="sigma=0"):
        nn.PeriodicEmbedding(sigma=0)


# -- dense layers in neural tangent parametrization ----------------------------------------------


def test_a_dense_layer_in_neural_tangent_parametrization() -> None:
    layer: Any = nn.NTPDense(4, "relu")
    x = RNG.normal(size=(5, 9))
    z = layer(x).numpy()
    expected = np.maximum(x @ layer.kernel.numpy() / 3 + layer.bias.numpy(), 0)
    np.testing.assert_allclose(z, expected, rtol=1e-4, atol=1e-6)
    ranvier.seed(0)
    assert nn.NTPDense(400)(RNG.normal(size=(9, 300))).numpy().std() == pytest.approx(1, abs=0.1)


def test_first_weights_from_data() -> None:
    ranvier.seed(0)
    layer = nn.NTPDense(300)
    x = RNG.normal(5.0, 3.0, (400, 7))
    layer.adapt(x)
    assert layer.bias is not None
    z = layer(x).numpy()
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-4)
    # A bias is minus a mean of sums at rows: 0 lies where rows do.
    assert ((z.min(axis=0) < 0) & (z.max(axis=0) > 0)).all()
    assert 0.1 < z.mean(axis=0).std() < 0.9
    constant = nn.NTPDense(2)
    constant.adapt(np.ones((9, 3)))
    assert all(np.isfinite(w).all() for w in constant.get_weights())


# -- a share of an activation, output ranges -----------------------------------------------------


def test_a_parametric_activation_is_its_formula() -> None:
    layer = nn.ParametricActivation("mish")
    x = RNG.normal(size=(4, 3)).astype(np.float32)
    mish = x + (nn.activations.mish(x).numpy() - x)
    np.testing.assert_array_equal(layer(x).numpy(), mish)
    layer.alpha.assign([0.0, 0.5, 1.0])
    f = nn.activations.mish(x).numpy()
    np.testing.assert_allclose(layer(x).numpy(), x + [0, 0.5, 1] * (f - x), rtol=1e-5, atol=1e-6)


def test_an_output_range_holds_in_use_only() -> None:
    layer = nn.OutputRange()
    assert layer([[1e9]]).item() == 1e9
    layer.measure([[1.0], [3.0]])
    assert layer([[0.0], [2.0], [9.0]]).tolist() == [[1.0], [2.0], [3.0]]
    assert layer([[0.0], [9.0]], training=True).tolist() == [[0.0], [9.0]]


# -- a dropout rate that follows a schedule ------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", [nn.Dropout, nn.AlphaDropout])
def test_a_dropout_rate_follows_a_schedule(kind: Any, engine: str) -> None:
    layer = kind(optim.PiecewiseConstant([1], [0.5, 0.0]), seed=1)
    layer(np.ones((1, 2)))
    run = ranvier.compile(lambda x: layer(x, training=True), engine=engine)
    x = ranvier.ones((40, 50))
    dropped = [float((run(x).numpy() != 1).mean()) for _ in range(4)]
    assert dropped[0] > 0.3 and dropped[1] > 0.3
    assert dropped[2:] == [0.0, 0.0]
    assert layer.steps.item() == 4
    np.testing.assert_array_equal(layer(x).numpy(), x.numpy())
    assert layer.steps.item() == 4  # use does not count


def test_a_scheduled_dropout_is_saved(tmp_path: Path) -> None:
    dropout: Any = nn.Dropout(optim.FlatCos(0.4, 8))
    model = ranvier.Sequential([nn.RobustScale(input_shape=(3,)), dropout, nn.Dense(2)])
    model.adapt(X)
    model.compile("sgd", "mse")
    model.fit(X[:64], np.zeros((64, 2)), batch_size=16, epochs=1, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    dropout = again.layers[1]
    assert dropout.steps.item() == 4
    assert isinstance(dropout.rate, optim.FlatCos) and dropout.rate.total_steps == 8


# -- a whole network -----------------------------------------------------------------------------


def network() -> ranvier.Model:
    """Every layer of the room, connected."""
    ranvier.seed(0)
    numbers, flags = ranvier.Input((3,), name="numbers"), ranvier.Input((2,), name="flags")
    scaled = nn.RobustScale()(numbers)
    parts = [nn.PeriodicEmbedding()(scaled), nn.PiecewiseLinearEmbedding(2, bins=5)(scaled), flags]
    x = nn.Scale()(nn.concatenate(parts))
    x = nn.ParametricActivation("selu")(nn.NTPDense(8)(x))
    return ranvier.Model([numbers, flags], nn.OutputRange()(nn.NTPDense(1)(x)))


def test_a_model_adapts_its_layers_in_order() -> None:
    model = network()
    rows = {"numbers": X, "flags": RNG.integers(0, 2, (200, 2)).astype(np.float32)}
    model.adapt(rows)
    layers = {type(layer).__name__: layer for layer in model.layers}
    np.testing.assert_allclose(layers["RobustScale"].center.numpy(), np.median(X, 0), rtol=1e-5)
    assert layers["PiecewiseLinearEmbedding"].slopes.numpy().all()
    # Each is adapted to what the layers before it give when they are adapted.
    assert model(rows).numpy().std() == pytest.approx(1, abs=1e-3)
    with pytest.raises(DataError, match="NaN"):
        model.adapt({**rows, "numbers": np.full((200, 3), np.nan)})


def test_with_few_rows_the_first_layers_still_see_all() -> None:
    model = network()
    x = np.zeros((1000, 3), np.float32)
    x[500] = [1, 2, 3]  # not among the ten
    model.adapt({"numbers": x, "flags": x[:, :2] + np.arange(1000)[:, None] % 7}, rows=10)
    factor = next(v for v in model.layers if isinstance(v, nn.RobustScale)).factor.numpy()
    np.testing.assert_allclose(factor, [2, 1, 2 / 3], rtol=1e-6)


def test_engines_agree_and_files_keep_all(tmp_path: Path) -> None:
    rows = {"numbers": X, "flags": np.ones((200, 2), np.float32)}
    outs = []
    for engine in ("compiled", "reference"):
        model = network()
        model.adapt(rows)
        model.layers[-1].measure([[-0.5], [0.5]])
        model.compile(
            optim.AdamW(optim.CosLog4(0.02, 12), weight_decay=optim.FlatCos(0.1, 12)),
            "mse", engine=engine,
        )  # fmt: skip
        model.fit(rows, X[:, :1], batch_size=50, epochs=3, shuffle=False, verbose=0)
        outs.append(model.predict(rows))
    np.testing.assert_allclose(outs[0], outs[1], rtol=2e-4, atol=2e-5)
    assert abs(outs[0]).max() <= 0.5
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(rows), outs[1])
    assert again.optimizer.weight_decay.total_steps == 12


# -- members and levels --------------------------------------------------------------------------


def test_members_are_networks_of_their_own() -> None:
    ranvier.seed(0)
    scale, shared, heads = nn.MemberScale(3, parts=[2, 1]), nn.Dense(4, "relu"), nn.MemberDense(2)
    x = RNG.normal(size=(5, 3)).astype(np.float32)
    out = heads(shared(scale(x))).numpy()
    r, w, b = scale.scale.numpy(), heads.kernel.numpy(), heads.bias.numpy()
    assert (r[:, 0] == r[:, 1]).all() and (r[:, 0] != r[:, 2]).all()  # a column is scaled as one
    for m in range(3):
        alone = shared(x * r[m]).numpy() @ w[m] + b[m]
        np.testing.assert_allclose(out[:, m], alone, rtol=1e-4, atol=1e-5)
    signs = nn.MemberScale(50, signs=True)
    signs(x)
    assert set(signs.scale.numpy().ravel()) == {-1.0, 1.0}
    with pytest.raises(ArgumentError, match="2 features; rows have 3"):
        nn.MemberScale(2, parts=[1, 1])(x)
    with pytest.raises(ShapeError, match="members, inputs"):
        nn.MemberDense(2)(x)


@pytest.mark.parametrize("engine", ENGINES)
def test_rare_levels_are_hidden_in_training(engine: str) -> None:
    layer = nn.LevelDropout([9, 2, 9], strength=100.0)
    ids = np.stack([np.r_[np.full(900, 7), np.full(100, 2)], np.ones(1000), np.full(1000, 3)], 1)
    ids = ids.astype(np.int32)
    run = ranvier.compile(lambda x: layer(x, training=True), engine=engine)
    layer.adapt(ids)
    out = run(ranvier.tensor(ids)).numpy()
    assert ((out == ids) | (out == 0)).all()
    hidden = [(out[:900, 0] == 0).mean(), (out[900:, 0] == 0).mean(), (out[:, 1:] == 0).mean()]
    np.testing.assert_allclose(hidden, [0.1, 0.5, 1 / 11], atol=0.15)
    assert layer.rates.numpy()[[0, 8]].tolist() == [0, 1]
    np.testing.assert_array_equal(layer(ids).numpy(), ids)
    with pytest.raises(ArgumentError, match="strength=-1"):
        nn.LevelDropout([1], strength=-1)
    with pytest.raises(ShapeError, match="for 3 columns"):
        nn.LevelDropout([9, 2, 9]).adapt(ids[:, :2])
    with pytest.raises(DataError, match="column 0 has ids outside of 0 to 6"):
        nn.LevelDropout([7, 2, 9]).adapt(ids)
