"""The last, short batch: the numbers of just its rows, whatever the model does with rows.

Models of each kind, layers of the table, losses, metrics: `predict` is `model(x)` batch by batch,
`evaluate` the mean over the batches, and `fit` a loop written by hand over the same batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier as rv
from layer_table import TAKES
from ranvier import losses, metrics, nn
from ranvier.base.config import ENGINES
from ranvier.compat import tensorflow as tf

RNG = np.random.default_rng(0)
X = RNG.normal(size=(9, 3)).astype("f4")
Y = RNG.normal(size=(9, 2)).astype("f4")

# What mixes rows, or knows how many there are.
MIXING: dict[str, Callable[[Any], Any]] = {
    "mean": lambda x: x - rv.mean(x, axis=0, keepdims=True),
    "number": lambda x: x / x.shape[0],
    "softmax": lambda x: rv.softmax(x, axis=0),
    "flip": lambda x: rv.flip(x, 0),
    "variance": lambda x: x / (1 + rv.var(x, axis=0)),
    "last": lambda x: x + x[-1:],
    "products": lambda x: 0.1 * x @ rv.permute_dims(x, (1, 0)) @ x,
    "columns": lambda x: rv.permute_dims(rv.softmax(rv.permute_dims(x, (1, 0)), axis=1), (1, 0)),
    "norm": lambda x: x / (1 + rv.sum(x * x)),
    "reversed sums": lambda x: rv.flip(rv.cumulative_sum(rv.flip(x, 0), axis=0), 0),
}
# What goes row by row.
BY_ROW: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: rv.softmax(x, axis=1),
    "sums": lambda x: rv.cumulative_sum(x, axis=0),  # of the rows before
    "first": lambda x: x - x[:1],
    "mean": lambda x: x - rv.mean(x, axis=1, keepdims=True),
    "reshaped": lambda x: rv.reshape(rv.tanh(rv.reshape(x, (-1,))), x.shape),
}
PYTHON: dict[str, Callable[[Any], Any]] = {  # asks for the number while it is traced
    "len": lambda x: x / len(x),
    "int": lambda x: x * (1.0 if int(x.shape[0]) % 2 else 2.0),
}


ALL = {
    **{f"mixing {k}": f for k, f in MIXING.items()},
    **{f"by row: {k}": f for k, f in BY_ROW.items()},
    **{f"in Python: {k}": f for k, f in PYTHON.items()},
}


class Apply(nn.Layer):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def sequential(f: Any) -> Any:
    return rv.Sequential([nn.Dense(4, "tanh", input_shape=(3,)), Apply(f), nn.Dense(2)])


def functional(f: Any) -> Any:
    x = rv.Input((3,))
    try:
        y = f(nn.Dense(4, "tanh")(x))
    except rv.errors.RanvierError:
        y = Apply(f)(nn.Dense(4, "tanh")(x))
    return rv.Model(x, nn.Dense(2)(y))


class Own(rv.Model):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function
        self.first, self.last = nn.Dense(4, "tanh"), nn.Dense(2)

    def forward(self, x: Any) -> Any:
        return self.last(self.function(self.first(x)))


def keras(f: Any) -> Any:
    x = tf.keras.Input((3,))
    h = tf.keras.layers.Dense(4, activation="tanh")(x)
    return tf.keras.Model(x, tf.keras.layers.Dense(2)(tf.keras.layers.Lambda(f)(h)))


MODELS: dict[str, Callable[[Any], Any]] = {
    "sequential": sequential, "functional": functional, "own": Own, "keras": keras,
}  # fmt: skip


OFTEN = {"mixing mean", "mixing number", "by row: softmax", "in Python: len"}
CASES = pytest.mark.parametrize(
    ("name", "kind", "engine"),
    [
        pytest.param(
            name, kind, engine,
            marks=[] if name in OFTEN or (kind, engine) == ("functional", "reference")
            else pytest.mark.slow,
        )
        for name in ALL for kind in MODELS for engine in ENGINES
    ],
)  # fmt: skip


def made(kind: str, f: Any, engine: str) -> Any:
    rv.seed(0)
    model = MODELS[kind](f)
    model.compile(rv.optim.SGD(0.1), "mse", metrics=["mae"], engine=engine)
    with rv.no_grad():
        model(X)
    return model


def batches(rows: int, size: int) -> Iterator[slice]:
    return (slice(i, min(i + size, rows)) for i in range(0, rows, size))


def in_batches(model: Any, rows: int, size: int) -> Any:
    with rv.no_grad():
        parts = [np.array(model(X[b], training=False).numpy()) for b in batches(rows, size)]
    return np.concatenate(parts)


@CASES
def test_predict_is_the_model_batch_by_batch(name: str, kind: str, engine: str) -> None:
    model = made(kind, ALL[name], engine)
    for rows, size in [(n, None) for n in range(1, 10)] + [(9, 4), (7, 5), (8, 4), (3, 8)]:
        expected = in_batches(model, rows, size or rows)
        for _ in range(2):  # the second time by what is known
            how = {} if size is None else {"batch_size": size}
            out = model.predict(X[:rows], **how)
            np.testing.assert_allclose(out, expected, rtol=2e-5, atol=2e-6)


@CASES
def test_evaluate_and_fit_are_a_loop_by_hand(name: str, kind: str, engine: str) -> None:
    rows, size = (9, 4) if engine == "compiled" else (7, 3)
    model, other = made(kind, ALL[name], engine), made(kind, ALL[name], "reference")
    x, y = X[:rows], Y[:rows]
    error = in_batches(other, rows, size) - y
    found = model.evaluate(x, y, batch_size=size)
    np.testing.assert_allclose(found, [np.mean(error**2), np.mean(np.abs(error))], rtol=1e-5)
    history = model.fit(x, y, size, epochs=3, shuffle=False, verbose=0).history
    losses = [_epoch(other, x, y, size) for _ in range(3)]
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-4)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-5)


def _epoch(model: Any, x: Any, y: Any, size: int) -> float:
    """Gradient descent by hand, batch by batch; the mean loss."""
    total = 0.0
    for b in batches(len(x), size):
        parameters = model.parameters()
        for p in parameters:
            p.grad = None
        loss = rv.mean((model(x[b], training=True) - y[b]) ** 2)
        loss.backward()
        with rv.no_grad():
            for p in parameters:
                p.assign(p - 0.1 * p.grad)
        total += loss.item() * len(x[b])
    return total / len(x)


@pytest.mark.parametrize("name", ALL)
def test_which_batches_are_filled_up(name: str) -> None:
    model = made("own", ALL[name], "reference")
    model.fit(X, Y, 4, verbose=0)
    model.evaluate(X, Y, 4)
    model.predict(X, batch_size=4)
    steps = _steps(model)
    assert len(steps) == 3
    assert {step.fills for step in steps} == {name.startswith("by row")}


def _steps(model: Any) -> list[Any]:
    made = [*model._steps.made("train"), *model._steps.made("test")]
    uses = [] if model._uses is None else model._uses.steps.values()
    return made + [step for many in uses for step in many.made]


# --- layers, losses, metrics ----------------------------------------------------------------------

AS_ONE = {"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract", "Dot"}
AS_ONE |= {"Attention", "AdditiveAttention"}


def with_layer(name: str) -> tuple[Any, list[Any]]:
    """A model with a layer of the table, and data for it."""
    data, make = TAKES[name]
    arrays = data if isinstance(data, list) else [data]
    xs = [a.astype("f4") if a.dtype.kind == "f" else a for a in arrays]
    inputs = [rv.Input(a.shape[1:], dtype=str(a.dtype)) for a in xs]
    layer = make()
    if name == "Normalize":
        layer.adapt(xs[0])
    out = layer(inputs) if name in AS_ONE else layer(*inputs)
    model = rv.Model(inputs, nn.Dense(2)(nn.Flatten()(out)))
    model.compile("sgd", "mse", metrics=["mae"], engine="reference")
    return model, xs


@pytest.mark.parametrize("name", TAKES)
def test_layers_go_row_by_row_or_know_which_rows_count(name: str) -> None:
    """So no layer of the package needs a second graph for the last batch."""
    model, xs = with_layer(name)
    x = xs if len(xs) > 1 else xs[0]
    model.fit(x, np.zeros((4, 2), "f4"), 3, verbose=0)
    model.evaluate(x, np.zeros((4, 2), "f4"), 3)
    model.predict(x, batch_size=3)
    steps = _steps(model)
    assert len(steps) == 3 and all(step.fills for step in steps)


# By the form of the targets: what the model ends in, targets, and the losses of that form.
FORMS: dict[str, tuple[int, str | None, Any, list[str]]] = {
    "real": (2, None, Y, ["mse", "mae", "huber", "log_cosh", "half_squared_error"]),
    "positive": (2, "softplus", np.abs(Y), ["poisson"]),
    "binary": (1, "sigmoid", (Y[:, :1] > 0).astype("f4"), ["binary_crossentropy"]),
    "signs": (1, None, np.sign(Y[:, :1]), ["hinge", "squared_hinge", "perceptron"]),
    "labels": (3, "softmax", np.arange(9) % 3, ["sparse_categorical_crossentropy"]),
    "one_hot": (3, "softmax", np.eye(3, dtype="f4")[np.arange(9) % 3],
                ["categorical_crossentropy", "kl_divergence"]),
}  # fmt: skip


def _fitting(form: str) -> list[Any]:
    """All metrics that take targets of this form."""
    form = {"positive": "real", "signs": "binary"}.get(form, form)
    made = [metrics.get(name) for name in dict.fromkeys(metrics.NAMES.values())]
    distances = form == "labels"
    return [
        m
        for m in made
        if form in m.fits
        and not (distances and "real" in m.fits)
        and (m.name != "auc" or form == "binary")
    ]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("form", "loss"), [(f, name) for f, (*_, names) in FORMS.items() for name in names]
)
def test_losses_and_metrics_know_which_rows_count(form: str, loss: str, weighted: bool) -> None:
    units, last, y, _ = FORMS[form]
    results = []
    for size in (9, 4):
        rv.seed(0)
        model = rv.Sequential([nn.Dense(units, last, input_shape=(3,))])
        chosen = _fitting(form)
        model.compile("sgd", loss, metrics=chosen, engine="reference")
        weight = np.arange(1.0, 10.0) if weighted else None
        results.append(model.evaluate(X, y, size, sample_weight=weight))
        model.fit(X, y, size, sample_weight=weight, verbose=0)
        assert all(step.fills for step in _steps(model))
    if form != "signs":
        np.testing.assert_allclose(results[0], results[1], rtol=1e-5)


def test_the_table_has_every_loss() -> None:
    named = {losses.NAMES[name] for *_, names in FORMS.values() for name in names}
    assert named == set(losses.CLASSES.values())
