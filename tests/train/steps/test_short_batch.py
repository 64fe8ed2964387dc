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
from ranvier.compat import torch
from ranvier.errors import IndexRangeError, NonFiniteError, StateError
from ranvier.train.steps import predict as predicting

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


# How programs for PyTorch and TensorFlow say sizes.
SIZES: dict[str, Callable[[Any], Any]] = {
    "view": lambda x: torch.relu(x).reshape(x.shape[0], -1),
    "size": lambda x: torch.tanh(x).view(torch.tanh(x).size(0), -1),
    "zeros": lambda x: x + torch.zeros(x.shape[0], 3),
    "arange": lambda x: x + x[torch.arange(x.shape[0]), torch.argmax(x, dim=1)][:, None],
    "expand": lambda x: x * torch.ones(3).expand(x.shape[0], 3),
    "products": lambda x: torch.bmm(x[:, :, None], x[:, None]).reshape((-1, 9))[:, :3],
    "shape": lambda x: tf.reshape(x, (tf.shape(x)[0], -1)) + tf.zeros((tf.shape(x)[0], 3)),
}


@pytest.mark.parametrize("name", SIZES)
def test_sizes_of_other_libraries(name: str) -> None:
    model = Own(SIZES[name])
    model.first = nn.Dense(3, "tanh")
    model.compile("sgd", "mse", engine="reference")
    model.fit(X, Y, 4, verbose=0)
    out = model.predict(X, batch_size=4)
    np.testing.assert_allclose(out, in_batches(model, 9, 9), rtol=1e-4, atol=1e-6)
    assert {step.fills for step in _steps(model)} == {True}


# --- what else sees a short batch -----------------------------------------------------------------


class Adds(nn.Layer):
    """Adds a loss."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        self.add_loss(self.function(x))
        return x


@pytest.mark.parametrize(
    ("function", "fills"),
    [
        (lambda x: rv.sum(x * x, axis=1), True),
        (lambda x: rv.tensor([0.5]) * 2.0, True),
        (lambda x: rv.mean(x * x), False),
        (lambda x: rv.sum(rv.mean(x, axis=0) ** 2), False),
    ],
)
def test_added_losses(function: Any, fills: bool) -> None:
    """Of one for each row the mean over real rows counts; one of all rows is that of real ones."""
    model = rv.Sequential([nn.Dense(4, input_shape=(3,)), Adds(function)])
    model.compile("sgd", "mse", engine="reference")
    y = np.zeros((9, 4), "f4")
    expected = []
    for b in batches(9, 4):
        out = rv.tensor(in_batches(model, 9, 9)[b])
        added = np.mean(function(out).numpy())
        expected.append((added + np.mean(out.numpy() ** 2)) * len(out))
    assert model.evaluate(X, y, batch_size=4) == pytest.approx(sum(expected) / 9, rel=1e-5)
    model.fit(X, y, 4, verbose=0)
    assert {step.fills for step in _steps(model)} == {fills}


@pytest.mark.parametrize("engine", ENGINES)
def test_streams_end_in_their_own_rows(engine: str) -> None:
    one, other = (made("own", MIXING["mean"], engine) for _ in range(2))
    one.fit(iter([(X[b], Y[b]) for b in batches(9, 4)]), epochs=1, verbose=0)
    other.fit(X, Y, 4, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["mean", "norm"])
def test_train_on_batch_after_a_larger_one(name: str, engine: str) -> None:
    model, other = made("own", MIXING[name], engine), made("own", MIXING[name], "reference")
    for b in (slice(0, 8), slice(0, 3), slice(4, 9)):
        loss = model.train_on_batch(X[b], Y[b])[0]
        assert loss == pytest.approx(_epoch(other, X[b], Y[b], 9), rel=1e-4)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_members_of_ensembles(engine: str) -> None:
    def build() -> Any:
        return sequential(MIXING["mean"])

    members = rv.ensemble(build, 2)
    members.compile(rv.optim.SGD(0.1), "mse", engine=engine)
    x = X[:7]
    members.fit(x, Y[:7], batch_size=3, epochs=2, verbose=0)
    for member, out in zip(members.members, members.predict_members(x, 4), strict=True):
        np.testing.assert_allclose(out, in_batches(member, 7, 4), rtol=1e-4, atol=1e-6)
    each = members.evaluate_members(x, Y[:7], batch_size=3)["loss"]
    for member, loss in zip(members.members, each, strict=True):
        error = in_batches(member, 7, 3) - Y[:7]
        assert loss == pytest.approx(np.mean(error**2), rel=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_errors_in_a_short_batch_name_the_row(engine: str) -> None:
    model = rv.Sequential([Apply(MIXING["mean"]), nn.Dense(3, "softmax", input_shape=(3,))])
    model.compile("sgd", "sparse_categorical_crossentropy", engine=engine)
    labels = np.arange(7) % 3
    model.fit(X[:7], labels, 4, shuffle=False, verbose=0)
    bad = X[:7].copy()
    bad[5:] = 3e38
    with pytest.raises(NonFiniteError, match="batch 2"):
        model.fit(bad, labels, 4, shuffle=False, verbose=0)


def test_an_index_outside_in_a_short_batch() -> None:
    class Looks(rv.Model):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Dense(2)

        def forward(self, x: Any) -> Any:
            at = rv.astype(x[:, :1], "int64")
            return self.table(rv.take_along_axis(MIXING["mean"](x), at, axis=1))

    x = np.zeros((7, 3), "f4")
    for engine in ENGINES:
        model = Looks()
        model.compile("sgd", "mse", engine=engine)
        model.fit(x, Y[:7], 4, shuffle=False, verbose=0)
        outside = x.copy()
        outside[6, 0] = 5
        with pytest.raises(IndexRangeError) as error:
            model.fit(outside, Y[:7], 4, shuffle=False, verbose=0)
        assert any("row 6 of the data" in note for note in error.value.__notes__)


def test_outputs_that_are_no_rows() -> None:
    class Outputs(rv.Model):
        def forward(self, x: Any) -> Any:
            return {
                "twice": rv.concat([x, x]), "products": rv.permute_dims(x, (1, 0)) @ x,
                "number": rv.sum(x), "row": rv.mean(x, axis=0, keepdims=True),
            }  # fmt: skip

    model = Outputs()
    for rows in (1, 3, 4, 9):
        found = model.predict(X[:rows])
        for name, out in model(X[:rows]).items():
            np.testing.assert_allclose(found[name], out.numpy(), rtol=1e-5)
    with pytest.raises(StateError, match=r"\(\) for the first batch .* batch_size=None"):
        model.predict(X, batch_size=4)


def test_steps_for_single_numbers_of_rows_do_not_pile_up() -> None:
    model = made("own", MIXING["mean"], "reference")
    x = RNG.normal(size=(200, 3)).astype("f4")
    for rows in range(1, 100):
        model.predict(x[:rows])
    assert len(model._uses.steps) <= predicting._EXACT + 8
    np.testing.assert_allclose(model.predict(x[:3]), model(x[:3]).numpy(), rtol=1e-5)
    for rows in range(1, 40):
        model.train_on_batch(x[:40], np.zeros((40, 2)))
        model.train_on_batch(x[:rows], np.zeros((rows, 2)))
    (step,) = model._steps.made("train")[-1:]
    assert len(step._shorter) <= 8


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
