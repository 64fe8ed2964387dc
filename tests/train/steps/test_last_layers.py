"""Every loss with every kind of last layer: the right ones learn, the wrong ones are refused."""

from __future__ import annotations

import math
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import losses, nn
from ranvier.errors import ArgumentError, DataError, RanvierWarning
from ranvier.losses.last_layer import last_layer
from ranvier.tracing.trace import Traced, trace

ROWS, FEATURES, CLASSES = 48, 4, 3
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(ROWS, FEATURES)).astype(np.float32)
LABELS = np.argmax(X[:, :CLASSES], axis=1)
YES = (X[:, 0] > 0).astype(np.float32)

TARGETS: dict[str, Any] = {
    "sparse_categorical_crossentropy": LABELS,
    "categorical_crossentropy": np.eye(CLASSES, dtype=np.float32)[LABELS],
    "kl_divergence": np.eye(CLASSES, dtype=np.float32)[LABELS],
    "binary_crossentropy": YES,
    "poisson": YES,
    "hinge": YES * 2 - 1,
    "squared_hinge": YES * 2 - 1,
    "perceptron": YES * 2 - 1,
    "mean_squared_error": YES,
    "half_squared_error": YES,
    "mean_absolute_error": YES,
    "huber": YES,
    "log_cosh": YES,
}
PROBABLE = ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy")
SIGNED = ("hinge", "squared_hinge", "perceptron")

# What ends a model: None is no activation.
ENDS = (
    None, "relu", "tanh", "sigmoid", "softmax", "softplus", "exponential", "leaky_relu", "elu",
    "gelu", "silu", "relu6", "hard_sigmoid", "softsign", "log_softmax",
)  # fmt: skip


def outputs_of(loss: str) -> int:
    return 1 if np.ndim(TARGETS[loss]) == 1 and "sparse" not in loss else CLASSES


def expected(loss: str, end: str | None) -> str:
    """ "learns", "logits" (learns, with a warning), "refused" (by the layer), "looked at"."""
    outputs = outputs_of(loss)
    if end == "softmax" and outputs == 1:
        return "refused"
    if loss == "binary_crossentropy":
        fine: tuple[Any, ...] = ("sigmoid", "hard_sigmoid")
        return "learns" if end in fine else "logits" if end is None else "looked at"
    if loss in PROBABLE:
        if end == "sigmoid":
            return "refused"
        # The softmax of log_softmax(z) is the softmax of z.
        logits = end in (None, "log_softmax")
        return "learns" if end == "softmax" else "logits" if logits else "looked at"
    if loss == "kl_divergence":
        if end in ("sigmoid", None, "log_softmax"):
            return "refused"
        return "learns" if end == "softmax" else "looked at"
    if loss == "poisson":
        nonnegative = ("relu", "relu6", "sigmoid", "softplus", "exponential", "hard_sigmoid")
        return "learns" if end in nonnegative else "looked at"
    if loss in SIGNED:
        low = ("relu", "relu6", "sigmoid", "softplus", "exponential", "hard_sigmoid")
        return "refused" if end in low else "learns"
    return "learns"


def model_of(loss: Any, end: str | None, units: int, engine: str | None = None) -> Any:
    ranvier.seed(3)
    last = nn.Dense(units, activation=end)
    model = ranvier.Sequential([nn.Dense(8, activation="tanh"), last])
    model.compile("adam", loss, metrics=["accuracy"], engine=engine)
    return model


CASES = [
    (loss, end)
    for loss in sorted(TARGETS)
    for end in ENDS
    if end != "log_softmax" or outputs_of(loss) > 1  # of one output it is always 0
]


def test_every_loss_is_among_the_cases() -> None:
    assert set(TARGETS) == {cls.name for cls in losses.CLASSES.values()}


@pytest.mark.parametrize(("loss", "end"), CASES)
def test_every_loss_with_every_last_layer(loss: str, end: str | None) -> None:
    y = TARGETS[loss]
    wanted = expected(loss, end)
    model = model_of(loss, end, outputs_of(loss), engine="reference")
    model.build((FEATURES,))
    before = model.get_weights()
    if wanted in ("refused", "looked at"):
        with pytest.raises(ArgumentError if wanted == "refused" else DataError) as error:
            model.fit(X, y, epochs=2, batch_size=ROWS, verbose=0)
        assert loss in str(error.value)
        assert "activation" in str(error.value) or "tanh" in str(error.value)
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        with pytest.raises((ArgumentError, DataError), match=loss):
            model.evaluate(X, y)
        return
    if wanted == "logits":
        with pytest.warns(RanvierWarning, match="takes its numbers as logits") as warned:
            history = model.fit(X, y, epochs=1, batch_size=ROWS, verbose=0)
            model.fit(X, y, batch_size=ROWS, verbose=0)
            model.evaluate(X, y)
        assert len(warned) == 1, "it is said once"
        assert model.loss.from_logits is True
    else:
        history = model.fit(X, y, epochs=1, batch_size=ROWS, verbose=0)
    assert math.isfinite(history.history["loss"][0])


@pytest.mark.parametrize("loss", PROBABLE)
def test_logits_are_the_same_as_probabilities(loss: str, tmp_path: Path) -> None:
    """Loss, gradient, metrics and classes of a model without its activation, beside those with."""
    y, end = TARGETS[loss], {"binary_crossentropy": "sigmoid"}.get(loss, "softmax")
    metrics: list[Any] = ["accuracy", "precision", "recall", "f1", loss]
    metrics += ["auc", ranvier.metrics.BinaryAccuracy("at_0.7", 0.7)] if end == "sigmoid" else []
    found: list[Any] = []
    for last in (None, end):
        model = model_of(loss, last, outputs_of(loss))
        model.compile("sgd", loss, metrics=metrics, engine="reference")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RanvierWarning)
            history = model.fit(X, y, epochs=8, batch_size=8, verbose=0, shuffle=False)
        found.append((history.history, model.evaluate(X, y), model.predict_classes(X), model))
    for name in found[0][0]:
        np.testing.assert_allclose(found[0][0][name], found[1][0][name], rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-4)
    np.testing.assert_array_equal(found[0][2], found[1][2])
    # The file keeps the decision.
    model = found[0][3]
    model.save(tmp_path / "m.safetensors")
    back = ranvier.load(tmp_path / "m.safetensors")
    assert back.loss.from_logits is True
    np.testing.assert_allclose(back.evaluate(X, y), found[0][1], rtol=1e-6)
    np.testing.assert_array_equal(back.predict_classes(X), found[0][2])


def test_predict_classes_knows_logits_before_any_training() -> None:
    model = model_of("binary_crossentropy", None, 1)
    with pytest.warns(RanvierWarning, match="logits"):
        classes = model.predict_classes(X)
    np.testing.assert_array_equal(classes, model.predict(X)[:, 0] > 0)


@pytest.mark.parametrize("end", [None, "sigmoid", "hard_sigmoid"])
@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.filterwarnings("ignore::ranvier.errors.RanvierWarning")
def test_predict_classes_looks_at_the_end_once(
    end: str | None, trained: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    model: Any = model_of("binary_crossentropy", end, 1)
    if trained:
        model.fit(X, YES, verbose=0)
    first = model.predict_classes(X)
    traced: list[object] = []
    kept = Traced.__init__

    def counted(self: Any, *args: Any, **options: Any) -> None:
        traced.append(self)
        kept(self, *args, **options)

    monkeypatch.setattr(Traced, "__init__", counted)
    for _ in range(3):
        np.testing.assert_array_equal(model.predict_classes(X), first)
    copied = pickle.loads(pickle.dumps(model))
    assert not traced
    # Another end, or another loss, is looked at.
    for other in ("sigmoid", None, "sigmoid"):
        model.layers[-1].activation = other
        above = 0.5 if other else 0.0
        np.testing.assert_array_equal(model.predict_classes(X), model.predict(X)[:, 0] > above)
    model.compile("sgd", "hinge", engine="reference")
    np.testing.assert_array_equal(model.predict_classes(X), model.predict(X)[:, 0] > 0.0)
    np.testing.assert_array_equal(copied.predict_classes(X), first)


class Own(ranvier.Model):
    """A subclass with a forward of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Dense(8, activation="tanh"), nn.Dense(CLASSES)

    def forward(self, x: Any) -> Any:
        return self.out(self.hidden(x)) / 2.0


def functional(end: Any) -> Any:
    x = ranvier.Input((FEATURES,))
    return ranvier.Model(x, end(nn.Dense(8, activation="tanh")(x)))


HIDDEN_LOGITS: dict[str, Any] = {
    "subclass": Own,
    "functional": lambda: functional(nn.Dense(CLASSES)),
    "functional, scaled": lambda: functional(lambda h: nn.Dense(CLASSES)(h) * 0.5 + 1.0),
    "residual": lambda: functional(lambda h: nn.Dense(CLASSES)(h) + nn.Dense(CLASSES)(h)),
    "concatenated": lambda: functional(
        lambda h: ranvier.concat([nn.Dense(1)(h), nn.Dense(2)(h)], axis=1)
    ),
    "dropout": lambda: functional(lambda h: nn.Dropout(0.5)(nn.Dense(CLASSES)(h))),
    "reshape": lambda: functional(lambda h: nn.Reshape((CLASSES,))(nn.Dense(CLASSES)(h))),
    "flatten": lambda: functional(lambda h: nn.Flatten()(nn.Reshape((1, 3))(nn.Dense(3)(h)))),
    "normalized": lambda: functional(lambda h: nn.BatchNormalization()(nn.Dense(CLASSES)(h))),
    "model inside": lambda: functional(ranvier.Sequential([nn.Dense(CLASSES, input_shape=(8,))])),
    "linear": lambda: functional(nn.Dense(CLASSES, activation="linear")),
    "pooled": lambda: functional(
        lambda h: nn.GlobalAveragePooling1D()(nn.Dense(3)(nn.Reshape((2, 4))(h)))
    ),
}


@pytest.mark.parametrize("kind", sorted(HIDDEN_LOGITS))
def test_logits_are_recognized_behind(kind: str) -> None:
    model = HIDDEN_LOGITS[kind]()
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], engine="reference")
    with pytest.warns(RanvierWarning, match="takes its numbers as logits"):
        model.fit(X, LABELS, verbose=0)
    assert model.loss.from_logits is True


HIDDEN_SHARES: dict[str, Any] = {
    "reshape": lambda: functional(lambda h: nn.Reshape((3,))(nn.Dense(3, "softmax")(h))),
    "mixture": lambda: functional(
        lambda h: 0.5 * nn.Dense(3, "softmax")(h) + 0.5 * nn.Dense(3, "softmax")(h)
    ),
    "own softmax": lambda: functional(
        lambda h: (lambda z: ranvier.exp(z) / ranvier.exp(z).sum(-1, keepdims=True))(nn.Dense(3)(h))
    ),
}


@pytest.mark.parametrize("kind", sorted(HIDDEN_SHARES))
def test_probabilities_are_recognized_behind(kind: str) -> None:
    model = HIDDEN_SHARES[kind]()
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], engine="reference")
    model.fit(X, LABELS, verbose=0)
    assert model.loss.from_logits is None


@pytest.mark.parametrize("kind", ["reshape", "time", "plain", "sigmoid"])
def test_twice_a_softmax_is_refused(kind: str) -> None:
    end = nn.Dense(CLASSES, "sigmoid" if kind == "sigmoid" else "softmax")
    if kind == "reshape":
        model = functional(lambda h: nn.Reshape((3,))(end(h)))
    elif kind == "time":
        model = functional(lambda h: nn.TimeDistributed(end)(nn.Reshape((1, 8))(h)))
    else:
        model = functional(end)
    y = LABELS[:, None] if kind == "time" else LABELS
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.raises(ArgumentError, match="remove one of the two"):
        model.fit(X, y, verbose=0)


def test_a_softmax_of_probabilities_is_refused() -> None:
    model = functional(lambda h: nn.Softmax()(nn.Dense(CLASSES, "softmax")(h)))
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(ArgumentError, match="remove one of the two"):
        model.fit(X, LABELS, verbose=0)


@pytest.mark.parametrize("loss", ["mean_squared_error", "binary_crossentropy", "hinge"])
def test_a_softmax_of_one_number_is_refused(loss: str) -> None:
    for end in (
        nn.Dense(1, "softmax"),
        lambda h: nn.Softmax(axis=1)(nn.Reshape((1, 2))(nn.Dense(2)(h))),
    ):
        model = functional(end)
        y = TARGETS[loss][:, None] if isinstance(end, nn.Dense) else np.ones((ROWS, 1, 2))
        model.compile("adam", loss)
        with pytest.raises(ArgumentError, match="always 1"):
            model.fit(X, y, verbose=0)


@pytest.mark.parametrize("loss", PROBABLE)
def test_labels_beyond_the_outputs_are_refused(loss: str) -> None:
    for units in (1, 2, 5) if loss != "binary_crossentropy" else (2, 5):
        if loss.startswith("sparse") and units == 5:
            continue  # classes that do not occur are allowed
        end = "sigmoid" if loss == "binary_crossentropy" else "softmax"
        model = model_of(loss, end, units)
        with pytest.raises((ArgumentError, DataError, ranvier.errors.ShapeError)):
            model.fit(X, TARGETS[loss], verbose=0)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_numbers_that_stop_being_probabilities_are_found_in_native_code(engine: str) -> None:
    """Looked at in every step: here only one row of a late batch is wrong, in a late epoch."""
    x = np.full((64, 1), 0.5, np.float32)
    x[61] = 1.2
    row = ranvier.Input((1,))
    model = ranvier.Model(row, ranvier.clip(nn.Dense(1, kernel_initializer="ones")(row), 0, 9.0))
    model.compile(ranvier.optim.SGD(0.0), "binary_crossentropy", engine=engine)
    model.fit(x[:60], np.ones(60), batch_size=4, epochs=30, verbose=0)
    for verb in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(DataError, match="1 row of the predictions holds no probabilities"):
            verb(x, np.ones(64))


def test_weightless_rows_may_be_anything() -> None:
    x = np.full((8, 1), 0.5, np.float32)
    x[3] = 5.0
    row = ranvier.Input((1,))
    model = ranvier.Model(row, ranvier.clip(nn.Dense(1, kernel_initializer="ones")(row), 0, 9.0))
    model.compile(ranvier.optim.SGD(0.0), "binary_crossentropy", engine="reference")
    weight = np.ones(8)
    weight[3] = 0.0
    model.fit(x, np.ones(8), sample_weight=weight, verbose=0)


@pytest.mark.parametrize("loss", [*PROBABLE, "kl_divergence", "poisson"])
def test_eager_losses_look_at_the_numbers(loss: str) -> None:
    y = TARGETS[loss][:5]
    shape = (5,) if outputs_of(loss) == 1 else (5, CLASSES)
    bad = np.full(shape, -2.0, np.float32)
    for p in (bad, ranvier.tensor(bad), bad.tolist()):
        with pytest.raises(DataError, match=f"{loss}: 5 rows of the predictions hold"):
            losses.get(loss)(y, p)
    w = ranvier.tensor(np.ones((FEATURES, *shape[1:]), np.float32), requires_grad=True)
    if loss in PROBABLE:  # the history of z says that it is a product
        z = ranvier.tensor(X[:5]) @ w
        with pytest.warns(RanvierWarning, match="taken as logits"):
            taken = losses.get(loss)(y, z)
        meant = losses.CLASSES[type(losses.get(loss)).__name__](from_logits=True)(y, z)  # type: ignore[call-arg]
        assert taken.item() == meant.item()


def test_verify_says_it() -> None:
    model = model_of("sparse_categorical_crossentropy", None, CLASSES, "reference")
    with pytest.warns(RanvierWarning, match="logits"):
        report = model.verify(X, LABELS, verbose=0)
    assert report.ok
    assert "reads the output as logits" in str(report)
    model = model_of("sparse_categorical_crossentropy", "relu", CLASSES, "reference")
    with pytest.raises(DataError, match="holds? no probabilities"):
        model.verify(X, LABELS, verbose=0)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_compiled_functions_look_at_the_numbers_too(engine: str) -> None:
    """A step of the user's own: it ends before it changes anything."""
    for name in (*PROBABLE, "kl_divergence", "poisson"):
        loss, w = losses.get(name), ranvier.tensor(np.ones((2, 1)), requires_grad=True)
        y = ranvier.tensor(TARGETS[name][:2])
        shape = (2,) if outputs_of(name) == 1 else (2, CLASSES)

        @ranvier.compile(engine=engine)
        def step(p: Any, y: Any, loss: Any = loss, w: Any = w) -> Any:
            value = loss(y, ranvier.abs(p) * ranvier.sign(p))
            with ranvier.no_grad():
                w.assign(w * 2)
            return value

        good = np.full(shape, 1 / 3, np.float32)
        step(ranvier.tensor(good), y)
        good[1] = -0.5
        with pytest.raises(DataError, match=f"{name}: 1 row of the predictions hold"):
            step(ranvier.tensor(good), y)
        assert w.tolist() == [[2.0], [2.0]]


def test_several_outputs_are_decided_each() -> None:
    x = ranvier.Input((FEATURES,))
    h = nn.Dense(8, activation="tanh")(x)
    ends = {"a": nn.Dense(CLASSES)(h), "b": nn.Dense(CLASSES, activation="softmax")(h)}
    model = ranvier.Model(x, ends)
    model.compile(
        "adam", "sparse_categorical_crossentropy", {"a": ["accuracy"]}, engine="reference"
    )
    with pytest.warns(RanvierWarning, match="output 'a' ends in a layer without activation"):
        model.fit(X, {"a": LABELS, "b": LABELS}, verbose=0)
    assert model.loss["a"].from_logits is True
    assert model.loss["b"].from_logits is None


def test_a_gpt_with_the_string_loss_learns_logits() -> None:
    ids = np.random.default_rng(0).integers(0, 11, (16, 9)).astype(np.int32)
    x, y = ids[:, :-1], ids[:, 1:]
    scores = []
    for loss in (
        "sparse_categorical_crossentropy",
        losses.SparseCategoricalCrossentropy(from_logits=True),
    ):
        ranvier.seed(1)
        model = ranvier.models.gpt(11, 1, 2, 16, context=8)
        model.compile("adam", loss, engine="reference")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RanvierWarning)
            scores.append(model.fit(x, y, epochs=2, verbose=0).history["loss"])
    assert scores[0] == scores[1]
    assert scores[0][-1] > 1.0


def test_a_history_of_many_paths_takes_no_time() -> None:
    def deep(x: Any, w: Any) -> Any:
        out = x @ w
        for _ in range(50):
            out = out * ranvier.sigmoid(out) + ranvier.tanh(out)
        assert last_layer(out).kind == "other"
        return out

    trace(deep, [((2, 4), np.float32), ((4, 3), np.float32)])


@pytest.mark.parametrize(
    ("function", "kind", "low", "high"),
    [
        (lambda z: z, "linear", -math.inf, math.inf),
        (lambda z: -z * 2.0 + 1.0, "linear", -math.inf, math.inf),
        (lambda z: z / 3.0, "linear", -math.inf, math.inf),
        (lambda z: z.sum(axis=1), "linear", -math.inf, math.inf),
        (ranvier.softmax, "softmax", 0, 1),
        (ranvier.sigmoid, "sigmoid", 0, 1),
        (lambda z: ranvier.softmax(z, axis=0), "other", 0, 1),
        (lambda z: ranvier.softmax(z).reshape((2, 3, 1)), "other", 0, 1),
        (lambda z: 1 - ranvier.exp(-ranvier.exp(z)), "other", -math.inf, 1),
        (lambda z: 0.5 + 0.5 * ranvier.tanh(z), "other", 0, 1),
        (lambda z: ranvier.clip(z, 0, 1), "other", 0, 1),
        (ranvier.relu, "other", 0, math.inf),
        (lambda z: z * ranvier.sigmoid(z), "other", -math.inf, math.inf),
        (lambda z: ranvier.softmax(z) @ ranvier.softmax(ranvier.ones((3, 3))), "other", 0, 9e999),
        (lambda z: z * z, "other", 0, math.inf),
        (lambda z: ranvier.where(z > 0, 1.0, 0.0), "other", 0, 1),
    ],
)
def test_bounds_are_read_off_the_ops(function: Any, kind: str, low: float, high: float) -> None:
    seen = []

    def look(x: Any, w: Any) -> Any:
        out = function(x @ w)
        seen.append(last_layer(out))
        return out

    trace(look, [((2, 4), np.float32), ((4, 3), np.float32)])
    assert (seen[0].kind, seen[0].low, seen[0].high) == (kind, low, high)
