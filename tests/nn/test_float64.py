"""The dtype policy "float64": every layer computes in it; models train and are saved in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from layer_table import OTHERS, ROWS, SERIES, TAKES
from ranvier import Sequential, losses, nn
from ranvier.errors import ArgumentError
from ranvier.optim import AdamW

RNG = np.random.default_rng(0)
D: dict[str, Any] = {"dtype": "float64"}


@pytest.fixture(autouse=True)
def _float32_again() -> Iterator[None]:
    yield
    ranvier.set_dtype_policy("float32")


def test_every_layer_is_here() -> None:
    mine = {n for n, c in nn.LAYERS.items() if c.__module__.startswith("ranvier.")}
    assert mine - set(OTHERS.split()) == set(TAKES)


def check(layer: Any, x: Any) -> None:
    """Built on x, it has no weight and its graph no value in another float dtype."""
    given = x if isinstance(x, list) else [x]
    call = (lambda *xs: layer(list(xs))) if isinstance(x, list) else layer
    out = call(*given)
    outs = out if isinstance(out, list | tuple) else [out]
    assert all(o.dtype == np.float64 for o in outs)
    assert all(t.dtype.kind != "f" or t.dtype == np.float64 for t in layer.state_tensors())
    graph = ranvier.compile(call).graph(*[ranvier.tensor(a) for a in given])
    narrow = [n for n in graph.nodes if n.dtype in (np.float32, np.float16)]
    assert not narrow, narrow


@pytest.mark.parametrize("name", TAKES)
def test_a_layer_computes_in_float64(name: str) -> None:
    x, make = TAKES[name]
    layer = make(**D)
    check(layer, x)
    with nn.training_mode(True):
        out = layer(x)
        for o in out if isinstance(out, list | tuple) else [out]:
            assert o.dtype == np.float64
    again = type(layer).from_config(layer.get_config())
    assert again.dtype_policy == "float64"
    check(again, x)


@pytest.mark.parametrize("name", TAKES)
def test_a_layer_made_under_the_policy_computes_in_float64(name: str) -> None:
    x, make = TAKES[name]
    ranvier.set_dtype_policy("float64")
    layer = make()
    ranvier.set_dtype_policy("float32")
    check(layer, x)


LOSSES = [c for c in vars(losses).values() if isinstance(c, type) and issubclass(c, losses.Loss)]


@pytest.mark.parametrize("kind", [c for c in LOSSES if c.__module__ != losses.Loss.__module__])
def test_a_loss_computes_in_float64(kind: Any) -> None:
    message = np.array([[0.2, 0.3, 0.5]] * 4)
    true: Any = np.array([[0.0, 1.0, 0.0]] * 4)
    if "Sparse" in kind.__name__:
        true = np.array([1, 0, 2, 1])
    if "Binary" in kind.__name__:
        message, true = message[:, :1], true[:, :1]
    loss = kind()
    graph = ranvier.compile(lambda p, y: loss(y, p)).graph(message, true)
    assert graph.outputs[0].dtype == np.float64
    assert not [n for n in graph.nodes if n.dtype in (np.float32, np.float16)]


def network(**options: Any) -> list[Any]:
    return [
        nn.Dense(8, "tanh", **options),
        nn.BatchNormalization(**options),
        nn.Dense(1, **options),
    ]


def trained(model: Any, engine: str = "compiled") -> Any:
    model.compile(AdamW(0.01, weight_decay=0.1), "mse", metrics=["mae"], engine=engine)
    x = np.random.default_rng(1).normal(size=(96, 6))
    y = x[:, :1] * 2 - x[:, 1:2] + 1e-9
    weight = np.linspace(0.1, 1.0, 96)
    history = model.fit(x, y, sample_weight=weight, epochs=3, batch_size=32, verbose=0)
    return x, y, history


def test_training_is_the_same_on_both_engines_to_float64() -> None:
    results = []
    for engine in ENGINES:
        ranvier.seed(0)
        model = Sequential(network(**D))
        x, _, history = trained(model, engine)
        results.append([*model.get_weights(), model.predict(x), history.history["loss"]])
        assert all(a.dtype == np.float64 for a in results[-1][:-1])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)


def test_inputs_targets_and_weights_keep_their_digits() -> None:
    ranvier.set_dtype_policy("float64")
    model = Sequential([nn.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.array([[1.0 + 1e-12], [3.0]]), np.array([1.0, 3.0])
    assert model.evaluate(x, y)[1] == pytest.approx(0.5e-12, rel=1e-3)
    np.testing.assert_array_equal(model.predict(x), x)
    np.testing.assert_array_equal(model.predict(x), x)  # by the quick way
    for kind in (np.float32, np.int64, np.float64):
        for _ in range(3):
            got = model.predict(x.astype(kind))
            np.testing.assert_array_equal(got, x.astype(kind).astype(np.float64))
            assert got.dtype == np.float64
    np.testing.assert_array_equal(model(x).numpy(), x)
    np.testing.assert_array_equal(model(x.tolist()).numpy(), x)
    heavy = model.evaluate(x, y, sample_weight=[1.0, 0.0])
    assert heavy[0] == pytest.approx(0.5e-24, rel=1e-3)


def test_a_connected_model() -> None:
    a, b = ranvier.Input((6,)), ranvier.Input((6,))
    model = ranvier.Model([a, b], nn.Dense(1, **D)(nn.Add(**D)([a, b])) * 2.0)
    assert model.predict([ROWS, ROWS]).dtype == np.float64
    exact = (ROWS + ROWS) @ model.get_weights()[0] * 2
    np.testing.assert_allclose(model.predict([ROWS, ROWS]), exact, rtol=1e-13)


@pytest.mark.parametrize("globally", [False, True])
def test_a_saved_model_stays_float64(tmp_path: Path, globally: bool) -> None:
    if globally:
        ranvier.set_dtype_policy("float64")
    model = Sequential(network(**({} if globally else D)))
    x, y, _ = trained(model)
    ranvier.set_dtype_policy("float32")
    model.save(tmp_path / "m.ranvier")
    again = ranvier.load(tmp_path / "m.ranvier")
    assert [a.dtype for a in again.get_weights()] == [np.float64] * len(model.get_weights())
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    for m in (model, again):
        ranvier.seed(3)
        m.fit(x, y, epochs=1, verbose=0)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert again.optimizer.learning_rate.item() == 0.01


def test_layers_inside_follow_the_argument_of_the_outer_one() -> None:
    encoder = nn.TransformerEncoder(8, 2, **D)
    encoder(SERIES)
    assert {t.dtype.name for t in encoder.state_tensors()} == {"float64"}


def test_errors() -> None:
    with pytest.raises(ArgumentError, match="unknown dtype policy 'float63'; did you mean"):
        nn.Dense(1, dtype="float63")
    assert ranvier.dtype_policy() == "float32"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "r2", "huber", "log_cosh"])
def test_metrics_of_float64_are_float64(engine: str, name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=40)
    ranvier.set_dtype_policy("float64")
    try:
        model = ranvier.Sequential([nn.Dense(1, input_shape=(3,))])
    finally:
        ranvier.set_dtype_policy("float32")
    model.compile("sgd", "mse", weighted_metrics=[name], engine=engine)
    found = model.evaluate(x, y, 16, sample_weight=np.ones(40))[1]
    expected = ranvier.metrics.get(name)(y[:, None], model.predict(x))
    far = model.predict(x)[:, 0] - y
    exact = {"mae": np.abs(far).mean(), "mse": (far**2).mean(), "rmse": (far**2).mean() ** 0.5}
    assert found == pytest.approx(exact.get(name, expected), rel=1e-14)
