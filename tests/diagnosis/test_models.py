"""A diagnosis of every kind of model: whatever its form, it says something or nothing, and why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.diagnosis import CHECKS, Examination
from ranvier.nn import (
    LSTM,
    BatchNormalization,
    Conv2D,
    Dense,
    Embedding,
    Flatten,
    MultiHeadAttention,
    SimpleRNN,
)  # fmt: skip

RANDOM = np.random.default_rng(0)
ROWS = 48
X = RANDOM.normal(size=(ROWS, 5)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64)
SPARSE = "sparse_categorical_crossentropy"


class Functional(ranvier.Model):
    """Calls relu as a function, so that no argument of a layer names it."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = Dense(8)
        self.out = Dense(2, "softmax")

    def forward(self, x: Any) -> Any:
        return self.out(ranvier.relu(self.hidden(x)))


class WithLoss(ranvier.nn.Layer):
    def forward(self, x: Any) -> Any:
        self.add_loss(ranvier.mean(x**2))
        return x


def subclass() -> tuple[ranvier.Model, Any, Any]:
    model = Functional()
    model.compile("adam", SPARSE)
    return model, X, Y


def two_inputs_two_outputs() -> tuple[ranvier.Model, Any, Any]:
    a, b = ranvier.Input(shape=(5,), name="a"), ranvier.Input(shape=(3,), name="b")
    joined = ranvier.nn.Concatenate()([Dense(8, "tanh")(a), Dense(8, "relu")(b)])
    outputs = {"kind": Dense(2, "softmax")(joined), "size": Dense(1)(joined)}
    model = ranvier.Model(inputs=[a, b], outputs=outputs)
    model.compile("adam", {"kind": SPARSE, "size": "mse"})
    return model, {"a": X, "b": X[:, :3]}, {"kind": Y, "size": X[:, :1]}


def words() -> tuple[ranvier.Model, Any, Any]:
    ids = RANDOM.integers(1, 20, size=(ROWS, 12))
    model = ranvier.Sequential([Embedding(20, 4), LSTM(6), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model, ids, Y


def each_step() -> tuple[ranvier.Model, Any, Any]:
    x = RANDOM.normal(size=(ROWS, 12, 2)).astype(np.float32)
    model = ranvier.Sequential([SimpleRNN(6, return_sequences=True), Dense(3, "softmax")])
    model.compile("adam", SPARSE)
    return model, x, RANDOM.integers(0, 3, size=(ROWS, 12))


def images() -> tuple[ranvier.Model, Any, Any]:
    x = RANDOM.integers(0, 255, size=(ROWS, 8, 8, 1)).astype(np.uint8)
    layers = [Conv2D(4, 3, activation="relu"), BatchNormalization(), Flatten(), Dense(2, "softmax")]
    model = ranvier.Sequential(layers)
    model.compile("adam", SPARSE)
    return model, x, Y


def attention() -> tuple[ranvier.Model, Any, Any]:
    x = ranvier.Input(shape=(6, 4))
    out = Dense(1)(Flatten()(MultiHeadAttention(2, 4)(x, x)))
    model = ranvier.Model(inputs=x, outputs=out)
    model.compile("adam", "huber")
    return model, RANDOM.normal(size=(ROWS, 6, 4)).astype(np.float32), X[:, 0]


def no_targets() -> tuple[ranvier.Model, Any, Any]:
    model = ranvier.Sequential([Dense(4, "relu"), WithLoss()])
    model.compile("adam", None)
    return model, X, None


def half_precision() -> tuple[ranvier.Model, Any, Any]:
    layers = [Dense(8, "relu", dtype="mixed_float16"), Dense(1, dtype="mixed_float16")]
    model = ranvier.Sequential(layers)
    model.compile("adam", "mse")
    return model, X, X[:, 1]


def text_labels() -> tuple[ranvier.Model, Any, Any]:
    model = ranvier.Sequential([Dense(8, "relu"), Dense(2, "softmax")])
    model.compile("sgd", SPARSE, engine="reference")
    return model, X, np.array(["no", "yes"])[Y]


def own_loss() -> tuple[ranvier.Model, Any, Any]:
    model = ranvier.Sequential([Dense(8, "relu"), Dense(1)])
    model.compile(ranvier.optim.SGD(ranvier.optim.schedules.ExponentialDecay(0.1, 10, 0.9)),
                  lambda y, p: ranvier.mean((y - p) ** 4, axis=-1))  # fmt: skip
    return model, X, X[:, :1]


KINDS: list[Callable[[], tuple[ranvier.Model, Any, Any]]] = [
    subclass, two_inputs_two_outputs, words, each_step, images, attention, no_targets,
    half_precision, text_labels, own_loss,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_every_kind_of_model_can_be_diagnosed(make: Any) -> None:
    ranvier.seed(0)
    model, x, y = make()
    held = None if y is None else (x, y)
    model.fit(x, y, epochs=3, verbose=0, validation_data=held)
    diagnosis = model.diagnose(x, y, validation_data=held, new_data=x)
    assert {*diagnosis.checked, *diagnosis.not_checked} == {check.kind for check in CHECKS}
    assert len(diagnosis.html()) > 1000 and str(diagnosis)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_was_never_trained_can_be_diagnosed() -> None:
    model, x, y = subclass()
    diagnosis = model.diagnose(x, y)
    assert "no history" in diagnosis.not_checked["learning rate too low"]


def test_functions_are_seen_as_activations() -> None:
    model, x, y = subclass()
    model.fit(x, y, epochs=1, verbose=0)
    hidden = model.hidden
    assert isinstance(hidden, Dense) and hidden.bias is not None
    hidden.bias.assign(np.full(8, -99.0, np.float32))
    (finding,) = model.diagnose(x, y)["dead units"]
    assert repr(hidden.name) in finding.what


def test_columns_of_targets_far_apart_explain_nothing() -> None:
    """A constant answer explains none of the variance, wherever the means of columns lie."""
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 3)).astype(np.float32)
    y = random.normal([1000.0, 0.0], size=(200, 2)).astype(np.float32)
    model = ranvier.Sequential([ranvier.nn.Dense(2, input_shape=(3,))])
    model.compile("adam", "mse")
    e = Examination(model, x, y)
    targets = e.targets(e.some)
    assert targets is not None
    answers = np.tile(targets.mean(axis=0), (len(targets), 1))
    assert abs(e.errors_of(answers, targets).mean() - 1) < 1e-6


def test_losses_that_are_all_nan_are_no_curve() -> None:
    x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    model = ranvier.Sequential([ranvier.nn.Dense(1, input_shape=(3,))])
    model.compile("adam", "mse")
    model.diagnose(x, x.sum(1), history={"loss": [math.nan, math.nan]})


def test_a_part_of_the_model_called_history_stays() -> None:
    class Recommender(ranvier.Model):
        def __init__(self) -> None:
            super().__init__()
            self.history: Any = ranvier.nn.Dense(4)
            self.last = ranvier.nn.Dense(1)

        def forward(self, x: Any) -> Any:
            return self.last(self.history(x))

    x = np.ones((8, 3), np.float32)
    model = Recommender()
    model.compile("adam", "mse")
    model.fit(x, x[:, 0], verbose=0)
    assert isinstance(model.history, ranvier.nn.Dense) and model.predict(x).shape == (8, 1)
