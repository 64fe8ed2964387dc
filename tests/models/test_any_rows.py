"""Every model ready to use as one graph for any number of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import models
from ranvier.errors import StateError, UnknownSizeError
from ranvier.executors import executor
from ranvier.graph.batch_plan import ONCE
from ranvier.graph.check import check
from ranvier.graph.interpret import evaluate
from ranvier.graph.with_rows import has_rows, instantiate
from ranvier.nn.modes import training_mode
from ranvier.tracing.trace import trace

RNG = np.random.default_rng(0)


def floats(*shape: int) -> Any:
    return RNG.normal(size=(7, *shape)).astype(np.float32)


def ids(*shape: int, high: int = 9) -> Any:
    return RNG.integers(0, high, (7, *shape))


# A way to make each model, and 7 rows for it.
MODELS: dict[str, tuple[Callable[[], Any], list[Any]]] = {
    "convolutional_autoencoder": (
        lambda: models.convolutional_autoencoder((8, 8, 1), 3, (4, 8)), [floats(8, 8, 1)],
    ),
    "char_lstm": (lambda: models.char_lstm(9, 8, 6), [ids(6)]),
    "dense_autoencoder": (lambda: models.dense_autoencoder(6, 2), [floats(6)]),
    "gpt": (lambda: models.gpt(9, 1, 2, 8, 6), [ids(6)]),
    "lenet5": (lambda: models.lenet5((28, 28, 1)), [floats(28, 28, 1)]),
    "linear_regression": (lambda: models.linear_regression(4), [floats(4)]),
    "logistic_regression": (lambda: models.logistic_regression(4, 3), [floats(4)]),
    "lstm_classifier": (lambda: models.lstm_classifier(9, 2, 4, 4), [ids(6)]),
    "lstm_forecaster": (lambda: models.lstm_forecaster(6, 2), [floats(6, 1)]),
    "mlp": (lambda: models.mlp(4, 3, (5,)), [floats(4)]),
    "mlp_forecaster": (lambda: models.mlp_forecaster(6, 2), [floats(6, 1)]),
    "perceptron": (lambda: models.perceptron(4), [floats(4)]),
    "resnet": (lambda: models.resnet((1, 1), 4, 3, (8, 8, 3)), [floats(8, 8, 3)]),
    "seq2seq": (lambda: models.seq2seq(9, 9, 4), [ids(5), ids(4)]),
    "spiking_classifier": (lambda: models.spiking_classifier(4, 3, (5,), 3), [floats(4)]),
    "temporal_cnn": (
        lambda: models.temporal_cnn(6, 2, filters=4, dilations=(1, 2)), [floats(6, 1)],
    ),
    "text_cnn": (lambda: models.text_cnn(9, 2, 12), [ids(12)]),
    "MatrixFactorization": (lambda: models.MatrixFactorization(9, 9), [ids(2)]),
    "NeuralRecommender": (lambda: models.NeuralRecommender(9, 9), [ids(2)]),
    "VariationalAutoencoder": (lambda: models.VariationalAutoencoder(6), [floats(6)]),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_one_graph_for_any_number_of_rows(name: str) -> None:
    make, rows = MODELS[name]
    model = make()
    model(*map(ranvier.tensor, rows))
    graph = check(model.forward_graph())
    assert has_rows(graph)
    for n in (1, 3, 7):
        some = [x[:n] for x in rows]
        fixed = check(instantiate(graph, n))
        with training_mode(False):
            traced = trace(model.forward, [(x.shape, x.dtype.name) for x in some])[0]
        weights = [t._array() for t in traced.captured]
        assert [v.spec for v in fixed.results] == [v.spec for v in traced.graph.results]
        arrays = [x.astype(v.dtype) for x, v in zip(some, fixed.inputs, strict=False)]
        found = evaluate(fixed, [*arrays, *weights])
        expected = evaluate(traced.graph, [*arrays, *weights])
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_graph_runs_on_the_compiled_executor() -> None:
    model = models.mlp(4, 3, (5,))
    x = floats(4)
    graph = instantiate(model.forward_graph(), 7)
    run = executor("compiled").build(graph, ONCE)
    weights = {t.name: t.numpy() for t in model.state_tensors()}
    arrays = [x, *[weights[node.name] for node in graph.inputs[1:]]]
    (out,) = run.run(arrays)
    np.testing.assert_array_equal(out, model.predict(x))


def test_graphs_that_there_are_not() -> None:
    with pytest.raises(StateError, match="before the model is built"):
        ranvier.Sequential([ranvier.nn.Dense(2)]).forward_graph()

    class Counting(ranvier.Model):
        def forward(self, x: Any) -> Any:
            return x if x.shape[0] > 1 else -x

    model = Counting()
    model(floats(3))
    with pytest.raises(UnknownSizeError, match="`rows > 1` has no answer"):
        model.forward_graph()


def test_inputs_have_their_names() -> None:
    a, b = ranvier.Input((3,), name="a"), ranvier.Input((2,), dtype="int32", name="b")
    model = ranvier.Model([a, b], ranvier.concat([a, b], axis=1) * 2.0)
    text = str(model.forward_graph()).splitlines()[0]
    assert text == "graph(a: float32[rows,3], b: int32[rows,2]):"
