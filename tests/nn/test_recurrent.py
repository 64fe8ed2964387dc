"""Recurrent layers: Keras' numbers, masks, states from batch to batch, training, files."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import nn
from ranvier.errors import ArgumentError, ShapeError

CASES = {
    k: v for k, v in json.loads((GOLDEN / "recurrent.json").read_text()).items() if k != "torch"
}
VALUES = np.load(GOLDEN / "recurrent.npz")
KINDS = ["SimpleRNN", "LSTM", "GRU"]
LAYERS: dict[str, Any] = dict(nn.LAYERS)


def parts(case: str, name: str) -> list[Any]:
    """The golden arrays `name`_0, `name`_1, ... of a case."""
    found: list[Any] = []
    while f"{case}/{name}_{len(found)}" in VALUES:
        found.append(VALUES[f"{case}/{name}_{len(found)}"])
    return found


def layer_of(case: str) -> Any:
    config = dict(CASES[case]["config"])
    if "layer" in config:
        inner, settings = config["layer"]
        config["layer"] = LAYERS[inner](6, **settings)
        return nn.Bidirectional(**config)
    return LAYERS[CASES[case]["class"]](6, **config)


def function_of(case: str) -> tuple[Callable[..., Any], list[Any]]:
    """The layer of a case as a function of its inputs and weights, which gives a list."""
    layer, inputs, weights = layer_of(case), parts(case, "input"), parts(case, "weight")
    layer(inputs[0].astype(np.float32))
    names = list(layer.named_tensors())
    assert [layer.named_tensors()[n].shape for n in names] == [w.shape for w in weights]
    mask = CASES[case]["mask"]

    def function(x: Any, *given: Any) -> Any:
        states, values = given[: len(inputs) - 1], given[len(inputs) - 1 :]
        for name, w in zip(names, values, strict=True):
            *path, last = name.split(".")
            setattr(reduce(getattr, path, layer), last, w)
        x = x * 1.0
        x.mask = None if mask is None else ranvier.tensor(mask)
        out = layer(x, initial_state=list(states) or None)
        return out if isinstance(out, list) else [out]

    return function, [*inputs, *weights]


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_keras(case: str, engine: str) -> None:
    function, given = function_of(case)
    upstream = [ranvier.tensor(u) for u in parts(case, "upstream")]

    def run(*given: Any) -> Any:
        def weighed(*given: Any) -> Any:
            outs = function(*given)
            return sum(ranvier.sum(o * u) for o, u in zip(outs, upstream, strict=True))

        return function(*given), *ranvier.grad(weighed, tuple(range(len(given))))(*given)

    if engine != "eager":
        run = ranvier.compile(run, engine=engine)
    # NOTE: Keras computes some of these in float32, whatever its inputs are.
    near: dict[str, Any] = {"rtol": 2e-5, "atol": 2e-6}
    outs, *gradients = run(*[ranvier.tensor(a) for a in given])
    for out, right in zip(outs, parts(case, "output"), strict=True):
        np.testing.assert_allclose(out.numpy(), right, **near)
    expected = parts(case, "gradient") + parts(case, "weight_gradient")
    for i, (g, right) in enumerate(zip(gradients, expected, strict=True)):
        np.testing.assert_allclose(g.numpy(), right, **near, err_msg=str(i))


def numbers(*shape: int, seed: int = 0) -> Any:
    return ranvier.tensor(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_steps_beyond_the_mask_change_nothing(kind: str) -> None:
    layer = LAYERS[kind](4, return_sequences=True)
    x = numbers(2, 3, 5)
    short = layer(x).numpy()
    longer = ranvier.concat([x, numbers(2, 4, 5, seed=1)], 1)
    longer.mask = ranvier.tensor([[True] * 3 + [False] * 4] * 2)
    out = layer(longer)
    assert out.mask is longer.mask
    np.testing.assert_array_equal(out.numpy()[:, :3], short)
    np.testing.assert_array_equal(out.numpy()[:, 3:], np.repeat(short[:, 2:], 4, 1))
    layer.return_sequences = False
    assert layer(longer).mask is None
    np.testing.assert_array_equal(layer(longer).numpy(), short[:, -1])


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stateful_layer_goes_on_where_it_ended(kind: str, engine: str) -> None:
    layer = LAYERS[kind](4, return_sequences=True)
    x = numbers(2, 6, 5)
    whole = layer(x).numpy()
    layer.stateful = True
    call: Any = layer
    if engine != "eager":
        call = ranvier.compile(lambda x: layer(x), engine=engine)
    for _ in range(2):
        halves = [call(x[:, :3]).numpy(), call(x[:, 3:]).numpy()]
        np.testing.assert_allclose(np.concatenate(halves, 1), whole, rtol=1e-5, atol=1e-6)
        layer.reset_states()
    assert len(layer.named_tensors()) == 3
    layer(x)
    with pytest.raises(ShapeError, match="the last batch had 2 rows, this one has 3"):
        layer(numbers(3, 6, 5))
    layer.reset_states()
    assert layer(numbers(3, 6, 5)).shape == (3, 6, 4)


def test_both_directions_are_two_layers() -> None:
    layer = nn.Bidirectional(nn.LSTM(3, return_sequences=True))
    x = numbers(2, 5, 4)
    out = layer(x).numpy()
    np.testing.assert_array_equal(out[..., :3], layer.forward_layer(x).numpy())
    backward = layer.backward_layer
    np.testing.assert_array_equal(out[:, ::-1, 3:], backward(x).numpy())
    assert backward.go_backwards and backward.name == f"backward_{layer.forward_layer.name}"
    with pytest.raises(ArgumentError, match="both layers go the same way"):
        nn.Bidirectional(nn.LSTM(3), backward_layer=nn.LSTM(3))
    with pytest.raises(ArgumentError, match="expected a recurrent layer"):
        nn.Bidirectional(nn.Dense(3))


def test_a_layer_at_each_step() -> None:
    layer = nn.TimeDistributed(nn.Conv2D(2, 3))
    x = numbers(2, 3, 6, 6, 1)
    out = layer(x)
    assert out.shape == (2, 3, *layer.output_shape((3, 6, 6, 1))[1:])
    np.testing.assert_allclose(out.numpy()[:, 1], layer.layer(x[:, 1]).numpy(), atol=1e-6)


class Leaky(nn.Layer):
    """A cell of one's own with two states, the output being neither."""

    state_size = (3, 3)

    def forward(self, x: Any, states: Any) -> Any:
        a = 0.5 * states[0] + x
        b = ranvier.tanh(states[1] - a)
        return a * b, [a, b]


@pytest.mark.parametrize("engine", ["eager", *ENGINES])
def test_a_cell_of_ones_own(engine: str) -> None:
    layer = nn.RNN(Leaky(), return_sequences=True)
    x = numbers(2, 4, 3)
    a = b = np.zeros((2, 3), np.float32)
    right = []
    for t in range(4):
        a = 0.5 * a + x.numpy()[:, t]
        b = np.tanh(b - a)
        right.append(a * b)
    call: Any = layer
    if engine != "eager":
        call = ranvier.compile(lambda x: layer(x), engine=engine)
    np.testing.assert_allclose(call(x).numpy(), np.stack(right, 1), rtol=1e-5, atol=1e-6)
    last = nn.RNN(Leaky())(x)
    np.testing.assert_allclose(last.numpy(), right[-1], rtol=1e-5, atol=1e-6)
    with pytest.raises(ArgumentError, match="Dense is no cell: it has no state_size"):
        nn.RNN(nn.Dense(3))


def test_a_stack_of_cells_is_a_stack_of_layers() -> None:
    stack = nn.RNN([nn.LSTMCell(4), nn.GRUCell(3)], return_sequences=True)
    x = numbers(2, 5, 3)
    out = stack(x).numpy()
    lstm, gru = nn.LSTM(4, return_sequences=True), nn.GRU(3, return_sequences=True)
    gru(lstm(x))
    lstm.set_weights(stack.cell.cells[0].get_weights())
    gru.set_weights(stack.cell.cells[1].get_weights())
    np.testing.assert_allclose(out, gru(lstm(x)).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_the_same_at_every_step(kind: str) -> None:
    layer = LAYERS[kind](4, dropout=0.5, recurrent_dropout=0.5, seed=0)
    x = ranvier.ones((3, 6, 5))
    np.testing.assert_array_equal(layer(x).numpy(), layer(x).numpy())
    one = layer(x, training=True).numpy()
    assert abs(one - layer(x).numpy()).max() > 1e-3
    assert abs(one - layer(x, training=True).numpy()).max() > 1e-3
    with pytest.raises(ArgumentError, match="dropout=1.0; expected the share to drop"):
        LAYERS[kind](4, dropout=1.0)


def model(kind: str) -> Any:
    ranvier.seed(0)
    layers = [
        nn.Embedding(9, 5, mask_zero=True),
        nn.Bidirectional(LAYERS[kind](6, return_sequences=True, dropout=0.2)),
        nn.TimeDistributed(nn.Dense(4, activation="relu")),
        LAYERS[kind](7, kernel_regularizer="l2"),
        nn.Dense(2),
    ]
    found = ranvier.Sequential(layers)
    found.compile("adam", loss=ranvier.losses.SparseCategoricalCrossentropy(from_logits=True))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_training_on_both_engines_and_files(kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.integers(1, 9, (50, 6))
    x[::3, 4:] = 0
    y = (x[:, 1] > 4).astype(np.int64)
    trained = {}
    for engine in ("compiled", "reference"):
        net = model(kind)
        net.engine = engine
        history = net.fit(x, y, batch_size=16, epochs=3, verbose=0)
        trained[engine] = net.get_weights()
        assert history.history["loss"][-1] < history.history["loss"][0]
    for a, b in zip(trained["compiled"], trained["reference"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)
    net.save(tmp_path / "net")
    again = ranvier.load(tmp_path / "net")
    np.testing.assert_array_equal(again.predict(x), net.predict(x))
    one = net.predict(x[:1])
    np.testing.assert_allclose(one, net.predict(x)[:1], rtol=1e-5, atol=1e-6)


def test_what_does_not_fit_is_reported() -> None:
    with pytest.raises(ShapeError, match=r"expected sequences, \(batch, time, features\)"):
        nn.LSTM(3)(numbers(2, 3))
    with pytest.raises(ArgumentError, match="1 initial states given; its cell has 2"):
        nn.LSTM(3)(numbers(2, 4, 5), initial_state=[numbers(2, 3)])
    with pytest.raises(ArgumentError, match="units=0"):
        nn.GRU(0)


def test_the_forget_bias_begins_at_one() -> None:
    layer = nn.LSTM(3)
    layer(numbers(2, 4, 5))
    assert layer.bias is not None
    assert layer.bias.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
    q = layer.recurrent_kernel.numpy()
    np.testing.assert_allclose(q @ q.T, np.eye(3), atol=1e-6)
