"""Planted causes of NaN and infinity: op, layer, row and cause are named, weights are the last good
ones, however the model is written and whatever it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import nn
from ranvier.errors import NonFiniteError
from ranvier.nn.initializers import Constant

pytestmark = pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")

RNG = np.random.default_rng(0)
BAD = 37  # the row with the cause, in batch 3
X = RNG.normal(size=(64, 3)).astype(np.float32)
Y = X.sum(axis=1)
POSITIVE = np.abs(X) + 0.1


def with_row(x: np.ndarray, value: float) -> np.ndarray:
    x = x.copy()
    x[BAD] = value
    return x


class Planted(nn.Layer):
    """A layer of the user's own, with a mistake."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__(name="planted")
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def by_hand(x: Any) -> Any:
    return ranvier.exp(x) / ranvier.sum(ranvier.exp(x), axis=1, keepdims=True)


def standardized(x: Any) -> Any:
    centred = x - ranvier.mean(x, axis=1, keepdims=True)
    return centred / ranvier.std(x, axis=1, keepdims=True)


def half(x: Any) -> Any:
    narrow = ranvier.astype(x, "float16")
    return ranvier.astype(narrow * narrow, "float32")


def log_loss(y: Any, p: Any) -> Any:
    y = ranvier.reshape(y, p.shape)
    return ranvier.mean(-y * ranvier.log(p) - (1 - y) * ranvier.log(1 - p), axis=-1)


class Case(NamedTuple):
    layers: Callable[[], list[Any]]
    x: np.ndarray
    where: str
    cause: str
    row: int | None = BAD
    y: np.ndarray = Y
    loss: Any = "mse"
    optimizer: Callable[[], Any] = lambda: ranvier.optim.Adam(0.001)
    prepare: Callable[[Any], None] | None = None


def planted(function: Callable[[Any], Any]) -> Callable[[], list[Any]]:
    return lambda: [Planted(function)]


def slow() -> Any:
    return ranvier.optim.SGD(0.01)


def spoil_embedding(model: Any) -> None:
    weights = model.get_weights()
    next(w for w in weights if w.shape == (16, 4))[7] = np.nan
    model.set_weights(weights)


IDS = RNG.integers(0, 7, size=(64, 3)).astype(np.int32)
OWN = "layer 'planted' (Planted), operation {}"
GRADIENT = "layer 'planted' (Planted), in its gradient, operation {}"
CASES = {
    "logarithm of 0": Case(
        planted(ranvier.log), with_row(POSITIVE, 0), OWN.format("log"), "the logarithm of 0;"
    ),
    "logarithm of a negative number": Case(
        planted(ranvier.log), with_row(POSITIVE, -2), OWN.format("log"), "the logarithm of -2;"
    ),
    "square root at 0": Case(
        lambda: [nn.Dense(3, use_bias=False), Planted(lambda x: ranvier.sqrt(abs(x)))],
        with_row(X, 0), GRADIENT.format("divide"), "the gradient of a square root",
    ),
    "division by 0": Case(
        planted(lambda x: 1 / x), with_row(POSITIVE, 0), OWN.format("divide"), "a division by 0"
    ),
    "exponential": Case(
        planted(ranvier.exp), with_row(X, 200), OWN.format("exp"),
        "the exponential of 200, and in float32 that of 88.7 is the largest",
    ),
    "rate too high": Case(
        lambda: [nn.Dense(8)], X, "in the loss, operation multiply",
        "lower the learning rate 10000, e.g. to 0.01", None,
        optimizer=lambda: ranvier.optim.SGD(1e4),
    ),
    "bad input row": Case(
        lambda: [nn.Dense(8)], with_row(X, 1e30), "in the loss, operation multiply",
        "row 37 of x holds 1e+30 in x, where rows of this batch usually hold at most",
        optimizer=slow,
    ),
    "bad target": Case(
        lambda: [nn.Dense(8)], X, "in the loss, operation multiply",
        "row 37 of y holds 3e+38 in y", y=with_row(Y, 3e38), optimizer=slow,
    ),
    "wrong loss": Case(
        lambda: [nn.Dense(3, kernel_initializer=Constant(0.5))], with_row(POSITIVE, -9),
        "in the loss, operation log", "the logarithm of -", None, y=(Y > 0).astype(np.float32),
        loss=log_loss,
    ),
    "float16": Case(
        planted(half), with_row(X, 500), OWN.format("multiply float16"), "float16 ends at 65504"
    ),
    "softmax by hand": Case(
        planted(by_hand), with_row(X, 200), OWN.format("exp"), "as ranvier.softmax and logsumexp do"
    ),
    "norm of zeros": Case(
        lambda: [
            nn.Dense(3, use_bias=False),
            Planted(lambda x: ranvier.sqrt(ranvier.sum(x * x, axis=1, keepdims=True))),
        ],
        with_row(X, 0), GRADIENT.format("divide"), "add a small number under the root",
    ),
    "variance 0": Case(
        planted(standardized), with_row(X, 1), OWN.format("divide"),
        "a deviation of numbers that are all alike",
    ),
    "embedding with NaN": Case(
        lambda: [nn.Embedding(16, 4, name="table"), nn.Flatten()], with_row(IDS, 7),
        "table.embeddings before the step" , "[7, 0] and 3 more numbers came from", None,
        prepare=spoil_embedding,
    ),
    "power of a negative number": Case(
        planted(lambda x: x**0.5), with_row(POSITIVE, -1), OWN.format("power"),
        "power of the negative number -1",
    ),
    "recurrent network that explodes": Case(
        lambda: [
            nn.Dense(40, kernel_initializer=Constant(0.0), bias_initializer="ones"),
            nn.Reshape((40, 1)),
            nn.SimpleRNN(8, activation="linear", recurrent_initializer=Constant(2.0), name="cell"),
        ],
        X, "layer 'cell' (SimpleRNN), operation", "grow with each iteration of a loop", None,
    ),
}  # fmt: skip


def sequential(layers: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    return ranvier.Sequential([nn.Input(shape, dtype=dtype), *layers])


def functional(layers: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    x = out = ranvier.Input(shape, dtype=dtype)
    for layer in layers:
        out = layer(out)
    return ranvier.Model(x, out)


class Subclassed(ranvier.Model):
    """The layers one after the other, in a forward of one's own."""

    def __init__(self, layers: Sequence[Any]) -> None:
        super().__init__()
        self.parts = list(layers)

    def forward(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def subclassed(layers: Sequence[Any], shape: tuple[int, ...], dtype: Any) -> Any:
    return Subclassed(layers)


def trained(case: Case, form: Any, engine: str, stream: bool = False) -> Any:
    """The model before it breaks, and the call that breaks it."""
    ranvier.seed(0)
    model = form([*case.layers(), nn.Dense(1, name="end")], case.x.shape[1:], case.x.dtype)
    model.compile(case.optimizer(), case.loss, engine=engine)
    model.ensure_built(case.x.shape[1:])
    if case.prepare is not None:
        case.prepare(model)
    x, y = case.x, case.y
    if stream:
        return model, lambda: model.fit(
            ranvier.data.stream_arrays(x, y), None, 16, 9, 0, shuffle=False
        )
    return model, lambda: model.fit(x, y, 16, 9, 0, shuffle=False)


@pytest.mark.parametrize("form", [sequential, functional, subclassed])
@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_named(name: str, form: Any) -> None:
    case = CASES[name]
    model, fit = trained(case, form, "reference")
    with pytest.raises(NonFiniteError) as caught:
        fit()
    text = str(caught.value)
    assert case.where in text and case.cause in text, text
    if case.row is not None:
        assert f"rows {case.row} of x" in text and "epoch 1, batch 3" in text, text
        assert "test_planted_causes.py:" in text or "planted" not in text or "gradient" in text
    if case.prepare is None:
        assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize("name", ["logarithm of 0", "bad input row", "norm of zeros", "variance 0"])
@pytest.mark.parametrize("threads", [1, 2])
def test_compiled_code_says_the_same_and_keeps_the_weights(name: str, threads: int) -> None:
    case = CASES[name]
    before = ranvier.config()["threads"]
    ranvier.config(threads=threads)
    try:
        model, fit = trained(case, sequential, ENGINES[0])
        with pytest.raises(NonFiniteError) as caught:
            fit()
        good, _ = trained(case, sequential, ENGINES[0])
        good.fit(case.x[:32], case.y[:32], 16, 1, 0, shuffle=False)  # the two batches before it
    finally:
        ranvier.config(threads=before)
    assert case.where in str(caught.value) and case.cause in str(caught.value)
    for a, b in zip(model.get_weights(), good.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["logarithm of 0", "square root at 0", "bad target"])
def test_rows_of_a_stream_are_those_of_the_batch(name: str) -> None:
    case = CASES[name]
    _, fit = trained(case, sequential, "reference", stream=True)
    with pytest.raises(NonFiniteError) as caught:
        fit()
    text = str(caught.value)
    assert case.where in text and f"rows {BAD - 32} of the batch" in text, text
    assert "batch 3" in text and case.cause.replace("row 37 of y", "row 5 of the batch") in text


def test_a_gradient_with_as_many_rows_as_the_batch_names_none() -> None:
    """16 features, 16 rows: the gradient of the kernel is (16, 1), and its rows are features."""
    x = np.full((64, 16), 2e19, np.float32)
    model = ranvier.Sequential([nn.Dense(1, kernel_initializer="zeros", use_bias=False)])
    model.compile(ranvier.optim.SGD(1e-30), lambda y, p: ranvier.reshape(p, (16,)) * 2e19)
    with pytest.raises(NonFiniteError) as caught:
        model.fit(x, np.ones(64), 16, 1, 0, shuffle=False)
    assert "of x" not in str(caught.value).partition("Likely")[0]
