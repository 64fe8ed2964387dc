"""`predict`, `evaluate` and `fit` see at once whatever changes in a model, its loss, its metrics
and its optimizer: what they give is what a model gives that was so from the start.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from layer_table import TAKES
from ranvier import losses, metrics, nn, optim
from ranvier.base.missing import constructor_arguments
from ranvier.callbacks import LambdaCallback
from ranvier.errors import ArgumentError
from ranvier.nn.layer import LAYERS as KINDS
from ranvier.nn.layer import Layer
from ranvier.nn.modes import training_mode
from ranvier.tracing import trace as tracing

RNG = np.random.default_rng(5)
X = RNG.normal(size=(32, 4)).astype(np.float32)
Y = X.sum(1, keepdims=True)


class Around(ranvier.Model):
    """One number for each row out of whatever the layer gives."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.scale = self.add_weight((), "ones", name="scale")

    def summed(self, out: Any) -> Any:
        out = out[0] if isinstance(out, list | tuple) else out
        flat = ranvier.reshape(out, (out.shape[0], -1))
        ramp = ranvier.sin(1.0 + ranvier.arange(flat.shape[1]))
        return ranvier.sum(flat * ramp, axis=1, keepdims=True) * self.scale


class OneInput(Around):
    def forward(self, x: Any) -> Any:
        return self.summed(self.layer(x))


class TwoInputs(Around):
    def forward(self, a: Any, b: Any) -> Any:
        return self.summed(self.layer([a, b]))


class Case:
    """A layer of the table in a model, and all the ways to use it."""

    def __init__(self, name: str) -> None:
        x, make = TAKES[name]
        self.xs = [np.asarray(a, a.dtype if a.dtype.kind == "i" else np.float32) for a in _list(x)]
        self.x: Any = self.xs if isinstance(x, list) else self.xs[0]
        self.layer: Any = make()
        self.model: Any = (TwoInputs if isinstance(x, list) else OneInput)(self.layer)
        self.model.compile(optim.SGD(0.01), "mse", engine="reference")
        self.compiled = ranvier.compile(lambda *xs: self.model(*xs), engine="reference")
        self.eager()
        self.weights = self.model.get_weights()

    def eager(self, training: bool = False) -> Any:
        ranvier.seed(3)
        with training_mode(training):
            return self.model(*self.xs).numpy()

    def everything(self) -> dict[str, Any]:
        """What each way to use the model gives, beginning with the same weights and seed."""
        y = np.ones((len(self.xs[0]), 1), np.float32)
        ways: dict[str, Callable[[], Any]] = {
            "predict": lambda: self.model.predict(self.x),
            "compiled": lambda: self.compiled(*self.xs).numpy(),
            "evaluate": lambda: [self.model.evaluate(self.x, y)],
            "fit": lambda: [
                *self.model.fit(self.x, y, verbose=0, shuffle=False).history["loss"],
                *self.model.get_weights(),
            ],
        }
        found = {}
        for way, use in ways.items():
            self.model.set_weights(self.weights)
            ranvier.seed(3)
            found[way] = use()
        self.model.set_weights(self.weights)
        return found


def _list(x: Any) -> list[Any]:
    return x if isinstance(x, list) else [x]


WORDS = (
    "same", "valid", "causal", "max", "avg", "sum", "mean", "concat", "mul", "reflect", "nearest",
    "bilinear", "channels_last", "before", "after",
)  # fmt: skip


def others(value: Any) -> Iterator[Any]:
    """Other values that an attribute like this may take."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, 2 * value)
    elif isinstance(value, float):
        yield from (value / 2 + 0.1, value + 1.0)
    elif isinstance(value, str):
        yield from (word for word in WORDS if word != value)
    elif isinstance(value, types.FunctionType):
        yield from (ranvier.tanh, ranvier.exp)
    elif value is None:
        yield from (0.5, 1, True, ranvier.tanh)
    elif isinstance(value, tuple | list):
        for i, one in enumerate(value):
            for other in others(one):
                yield type(value)([*value[:i], other, *value[i + 1 :]])
    elif isinstance(value, dict):
        for name, one in value.items():
            for other in others(one):
                yield {**value, name: other}


def changed_value(case: Case, owner: Any, attribute: str) -> Any:
    """Another value of the attribute with which the model still runs and gives other numbers; None:
    there is none.
    """
    before = getattr(owner, attribute)
    plain = [case.eager(), case.eager(True)]
    for value in others(before):
        try:
            with np.errstate(all="ignore"):
                setattr(owner, attribute, value)
                now = [case.eager(), case.eager(True)]
        except Exception:
            continue
        finally:
            setattr(owner, attribute, before)
            case.model.set_weights(case.weights)
        same = all(np.array_equal(a, b) for a, b in zip(now, plain, strict=True))
        if not same and all(np.isfinite(a).all() for a in now):
            return value
    return None


# Attributes that say how a layer was made, or with which batches it goes on.
NOT_TRIED = {"name", "built", "built_shape", "input_shape", "dtype_policy", "stateful"}


def swept(name: str, inside: bool = False) -> list[str]:
    """The attributes of the layer, or of those inside it, that change what it gives: each is tried
    after the first use of a model.
    """
    case = Case(name)
    first = case.everything()
    tried = []
    for number, layer in enumerate(case.layer.sublayers()):
        if bool(number) is not inside:
            continue
        for attribute in [a for a in vars(layer) if a not in NOT_TRIED]:
            value = changed_value(case, layer, attribute)
            if value is None:
                continue
            tried.append(attribute)
            before = getattr(layer, attribute)
            setattr(layer, attribute, value)
            found = case.everything()
            fresh = Case(name)
            fresh.weights = case.weights
            setattr(fresh.layer.sublayers()[number], attribute, value)
            for way, right in fresh.everything().items():
                for a, b in zip(found[way], right, strict=True):
                    np.testing.assert_array_equal(a, b, err_msg=f"{name}.{attribute}, {way}")
            setattr(layer, attribute, before)
    for way, right in first.items():
        for a, b in zip(case.everything()[way], right, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=f"{name} as it was, {way}")
    return tried


# Of this layer no plain attribute is read by its forward, but those of the layer inside it.
HOLLOW = {"TimeDistributed"}
# And those without any.
WITHOUT = {
    "Add", "Average", "Concatenate", "Embedding", "Flatten", "GlobalAveragePooling1D",
    "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "Masking", "Maximum",
    "Minimum", "Multiply", "Normalize", "OutputRange", "PReLU", "Permute", "PositionEmbedding",
    "Reshape", "Scale", "Subtract", "MemberScale", "UnitMask",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*has been compiled more than")
@pytest.mark.filterwarnings("ignore:.*has mean 0 and deviation 1")
@pytest.mark.parametrize("name", TAKES)
def test_every_attribute_of_every_layer_is_seen(name: str) -> None:
    assert bool(swept(name)) is (name not in HOLLOW | WITHOUT)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*has been compiled more than")
@pytest.mark.parametrize(
    "name",
    [
        "AdditiveAttention",
        "Bidirectional",
        "GroupedQueryAttention",
        "MultiHeadAttention",
        "TimeDistributed",
        "TokenAndPositionEmbedding",
        "TransformerDecoder",
        "TransformerEncoder",
    ],
)
def test_every_attribute_of_layers_inside_layers_is_seen(name: str) -> None:
    assert swept(name, inside=True)


# --- a layer of one's own -------------------------------------------------------------------------


class By(Layer):
    """Multiplies by a number that lies somewhere."""

    def __init__(self, held: Any = 2.0, find: Callable[[Any], Any] = lambda held: held) -> None:
        super().__init__()
        self.held, self.find = held, find

    def forward(self, x: Any) -> Any:
        return x * self.find(self.held)


class Config:
    def __init__(self, by: float) -> None:
        self.by = by


def model_with(layer: Layer, engine: str = "reference", **options: Any) -> Any:
    """A small network with the layer in it, of the same weights each time."""
    ranvier.seed(1)
    model = ranvier.Sequential([nn.Dense(3, "tanh", input_shape=(4,)), layer, nn.Dense(1)])
    given: Any = {"optimizer": optim.SGD(0.05), "loss": "mse", **options}
    model.compile(**given, engine=engine)
    return model


def used(model: Any) -> list[Any]:
    """Predictions, losses and metrics, and what a step of training leaves."""
    ranvier.seed(2)
    found: list[Any] = [model.predict(X), *_list(model.evaluate(X, Y))]
    found += [*model.fit(X, Y, verbose=0).history["loss"], model.predict(X)]
    return [*found, *_list(model.train_on_batch(X, Y)), *model.get_weights()]


def assert_same(found: list[Any], right: list[Any]) -> None:
    assert len(found) == len(right)
    for a, b in zip(found, right, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_seen(make: Callable[[], Any], change: Callable[[Any], Any]) -> None:
    """A model that is changed after its first use is as one that was changed before."""
    late, early = make(), make()
    start = late.get_weights()
    before = used(late)
    late.set_weights(start)
    change(late)
    change(early)
    after = used(late)
    assert_same(after, used(early))
    assert any(not np.array_equal(a, b) for a, b in zip(after, before, strict=False))


HOLDERS: dict[str, tuple[Any, Any, Any]] = {
    "attribute": (lambda: 2.0, lambda h: h, lambda layer: setattr(layer, "held", 3.0)),
    "list": (lambda: [2.0], lambda h: h[0], lambda layer: layer.held.__setitem__(0, 3.0)),
    "dict in a list": (
        lambda: [{"a": 2.0}], lambda h: h[0]["a"], lambda layer: layer.held[0].update(a=3.0)
    ),
    "object": (lambda: Config(2.0), lambda h: h.by, lambda layer: setattr(layer.held, "by", 3.0)),
    "another object": (
        lambda: Config(2.0), lambda h: h.by, lambda layer: setattr(layer, "held", Config(3.0))
    ),
    "a longer list": (lambda: [2.0], sum, lambda layer: layer.held.append(1.0)),
    "array": (
        lambda: np.array([2.0]), lambda h: float(h[0]), lambda layer: layer.held.__setitem__(0, 3.0)
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_number_of_a_layer_of_ones_own(holder: str, engine: str) -> None:
    held, find, change = HOLDERS[holder]
    assert_seen(lambda: model_with(By(held(), find), engine), lambda model: change(model.layers[1]))


def test_another_layer_in_the_list() -> None:
    assert_seen(lambda: model_with(By(2.0)), lambda model: model.layers.__setitem__(1, By(5.0)))
    assert_seen(lambda: model_with(By(2.0)), lambda model: model.layers.pop(1))
    assert_seen(lambda: model_with(By(2.0)), lambda model: model.layers.insert(1, By(0.1)))


def _kind(name: str) -> Any:
    return KINDS[name]


ACTIVATED = sorted(
    (name, argument)
    for name in KINDS.keys() & TAKES.keys()
    for argument in constructor_arguments(_kind(name)) or ()
    if argument.endswith("activation")
)


@pytest.mark.parametrize(("name", "argument"), ACTIVATED)
def test_another_activation_by_its_name(name: str, argument: str) -> None:
    case = Case(name)
    before = case.everything()
    setattr(case.layer, argument, "hard_sigmoid")
    assert getattr(case.layer, argument) == "hard_sigmoid"
    assert case.layer.get_config()[argument] == "hard_sigmoid"
    after = case.everything()
    for way, values in before.items():
        assert any(not np.array_equal(a, b) for a, b in zip(values, after[way], strict=True)), way
    for way in ("predict", "compiled"):
        np.testing.assert_allclose(after[way], case.eager(), rtol=1e-5, atol=1e-6)
    with pytest.raises(ArgumentError, match="did you mean 'relu'"):
        setattr(case.layer, argument, "rleu")


def test_a_frozen_layer() -> None:
    def freeze(model: Any) -> None:
        model.layers[0].trainable = False

    assert_seen(lambda: model_with(By(2.0)), freeze)
    assert_seen(
        lambda: model_with(By(2.0)), lambda m: setattr(m.layers[0].kernel, "requires_grad", False)
    )


# --- what says how it is trained ------------------------------------------------------------------

SETTINGS: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
    "delta of a loss": (
        {"loss": lambda: losses.Huber(0.1)}, lambda m: setattr(m.loss, "delta", 5.0)
    ),
    "label_smoothing": (
        {"loss": lambda: losses.BinaryCrossentropy(from_logits=True)},
        lambda m: setattr(m.loss, "label_smoothing", 0.3),
    ),
    "another loss": ({}, lambda m: setattr(m, "loss", losses.MeanAbsoluteError())),
    "the name of another loss": ({}, lambda m: setattr(m, "loss", "mae")),
    "loss weights": ({}, lambda m: setattr(m, "loss_weights", [3.0])),
    "another optimizer": ({}, lambda m: setattr(m, "optimizer", optim.SGD(0.5))),
    "learning rate": ({}, lambda m: setattr(m.optimizer, "learning_rate", 0.5)),
    "a schedule": (
        {},
        lambda m: setattr(m.optimizer, "learning_rate", optim.schedules.ExponentialDecay(0.5, 1)),
    ),
    "a number of a schedule": (
        {"optimizer": lambda: optim.SGD(optim.schedules.ExponentialDecay(0.5, 1, 0.9))},
        lambda m: setattr(m.optimizer.learning_rate, "decay_rate", 0.1),
    ),
    "weight decay": ({}, lambda m: setattr(m.optimizer, "weight_decay", 0.5)),
    "clipnorm": ({}, lambda m: setattr(m.optimizer, "clipnorm", 1e-3)),
    "momentum": (
        {"optimizer": lambda: optim.SGD(0.05, momentum=0.5)},
        lambda m: setattr(m.optimizer, "momentum", 0.9),
    ),
    "an option of a group": (
        {"optimizer": lambda: optim.SGD(0.05, groups=[{"names": ["bias"], "weight_decay": 0.0}])},
        lambda m: m.optimizer.groups[0].set("weight_decay", 0.9),
    ),
    "the rate of a group": (
        {"optimizer": lambda: optim.SGD(0.05, groups=[{"names": ["bias"], "learning_rate": 0.1}])},
        lambda m: setattr(m.optimizer.groups[0], "learning_rate", 0.5),
    ),
    "a metric's threshold": (
        {
            "loss": lambda: losses.BinaryCrossentropy(from_logits=True),
            "metrics": lambda: [metrics.BinaryAccuracy(threshold=0.5)],
        },
        lambda m: setattr(m.metrics[0], "threshold", 0.9),
    ),
    "other metrics": (
        {"metrics": lambda: ["mae"]}, lambda m: setattr(m, "metrics", ["mse"])
    ),
    "a regularizer": (
        {}, lambda m: setattr(m.layers[0]._penalized[0][1], "l2", 0.5)
    ),
    "what mixes the batches": ({}, lambda m: setattr(m, "augment", lambda x, y: (x * 0.5, y))),
}  # fmt: skip


@pytest.mark.parametrize("what", SETTINGS)
def test_what_says_how_it_is_trained(what: str) -> None:
    options, change = SETTINGS[what]

    def make() -> Any:
        first = nn.Dense(3, "tanh", input_shape=(4,), kernel_regularizer="l2")
        ranvier.seed(1)
        model = ranvier.Sequential([first, nn.Dense(1)])
        given: Any = {"optimizer": optim.SGD(0.05), "loss": "mse"}
        given |= {name: value() for name, value in options.items()}
        model.compile(**given, engine="reference")
        return model

    late, early = make(), make()
    y = (Y > 0).astype(np.float32)
    start = late.get_weights()

    def use(model: Any) -> list[Any]:
        ranvier.seed(2)
        return [
            *_list(model.evaluate(X, y)), *_list(model.train_on_batch(X, y)),
            *model.fit(X, y, verbose=0).history["loss"], *model.get_weights(),
        ]  # fmt: skip

    # The optimizer remembers its first steps, so they are taken on both sides.
    before = use(late)
    use(early)
    for model in (late, early):
        model.set_weights(start)
    early._steps = None
    change(late)
    change(early)
    after = use(late)
    assert_same(after, use(early))
    assert any(not np.array_equal(a, b) for a, b in zip(after, before, strict=False))


def test_an_end_that_becomes_a_softmax_is_no_longer_read_as_logits() -> None:
    def made(activation: str | None) -> Any:
        ranvier.seed(1)
        model = ranvier.Sequential([nn.Dense(3, activation, input_shape=(4,))])
        model.compile(optim.SGD(0.1), "sparse_categorical_crossentropy", ["accuracy"])
        return model

    labels = np.arange(32) % 3
    model, right = made(None), made("softmax")
    with pytest.warns(ranvier.errors.RanvierWarning, match="logits"):
        model.fit(X, labels, verbose=0)
    model.set_weights(right.get_weights())
    model.layers[0].function = right.layers[0].function
    for one in (model, right):
        ranvier.seed(3)
        one.fit(X, labels, verbose=0)
    assert_same(model.evaluate(X, labels), right.evaluate(X, labels))
    with pytest.warns(ranvier.errors.RanvierWarning, match="logits"):
        model.layers[0].function = made(None).layers[0].function
        model.evaluate(X, labels)


# --- while it is trained --------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("moment", ["on_epoch_end", "on_epoch_begin", "on_train_batch_end"])
def test_what_a_callback_changes_counts_from_there_on(moment: str, engine: str) -> None:
    """As two calls of fit, with the change between them."""

    def change(model: Any) -> None:
        model.layers[1].held = 5.0
        model.layers[2].trainable = False

    once, twice = model_with(By(2.0), engine), model_with(By(2.0), engine)
    calls = []

    def at(number: int, logs: Any) -> None:
        calls.append(number)
        if len(calls) == (2 if moment == "on_epoch_begin" else 1):
            change(once)

    watch: Any = LambdaCallback(**{moment: at})
    options: Any = {"verbose": 0, "shuffle": False, "validation_data": (X, Y)}
    found = once.fit(X, Y, epochs=2, batch_size=32, callbacks=[watch], **options).history
    first = twice.fit(X, Y, epochs=1, batch_size=32, **options).history
    if moment == "on_train_batch_end":  # before the validation of its epoch
        first = {**first, "val_loss": []}
    change(twice)
    if moment == "on_train_batch_end":
        first["val_loss"] = [twice.evaluate(X, Y)]
    second = twice.fit(X, Y, epochs=1, batch_size=32, **options).history
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(found[name], first[name] + second[name], rtol=1e-6)
    assert_same(once.get_weights(), twice.get_weights())


def test_what_another_thread_changes_counts_from_there_on() -> None:
    model = model_with(By(2.0))
    epochs: list[float] = []

    def at(epoch: int, logs: Any) -> None:
        if epoch == 0:
            thread = threading.Thread(target=setattr, args=(model.layers[1], "held", 0.0))
            thread.start()
            thread.join()
        epochs.append(logs["loss"])

    watch: Any = LambdaCallback(on_epoch_end=at)
    model.optimizer.learning_rate = 0.0
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[watch])
    assert epochs[0] != epochs[1] == epochs[2]
    np.testing.assert_array_equal(model.predict(X), np.zeros((32, 1), np.float32))


# --- and nothing is traced without need -----------------------------------------------------------


class Busy(Layer):
    """Its forward sets attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.seen = 0, [0]
        self.last: Any = None

    def forward(self, x: Any) -> Any:
        self.calls += 1
        self.seen.append(x.shape[0])
        self.last = x
        return x * 2.0


LAYERS: dict[str, Callable[[], Layer]] = {
    "Dropout": lambda: nn.Dropout(0.5),
    "BatchNormalization": nn.BatchNormalization,
    "own list": lambda: By([1, [2.0]], lambda held: held[1][0]),
    "own object": lambda: By(Config(2.0), lambda held: held.by),
    "busy": Busy,
    "nested": lambda: ranvier.Sequential([nn.Dense(3), nn.Dropout(0.1)]),
}


def test_a_network_frozen_at_every_other_step_has_two_steps() -> None:
    model = model_with(By(2.0))
    kept = []
    for i in range(10):
        model.layers[0].trainable = bool(i % 2)
        before = model.layers[0].kernel.numpy().copy()
        model.train_on_batch(X, Y)
        kept.append(np.array_equal(before, model.layers[0].kernel.numpy()))
    assert kept == [True, False] * 5
    assert len(model._steps.made("train")) == 2


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_traced_again_when_nothing_changed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced = []
    kept = tracing.Traced.__init__

    def counted(self: Any, *arguments: Any) -> None:
        traced.append(self)
        kept(self, *arguments)

    model = model_with(LAYERS[name](), metrics=["mae"])
    compiled = ranvier.compile(lambda x: model(x), engine="reference")
    other = nn.Dense(2)

    def everything() -> None:
        model.predict(X)
        model.predict(X[:1])
        model.evaluate(X, Y)
        model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y))
        model.train_on_batch(X, Y)
        compiled(X)
        model(X)
        model.optimizer.learning_rate = 0.01
        model.stop_training = False
        other.anything = object()  # attributes of other layers are nobody's business

    for _ in range(3):  # a layer that sets attributes may need a second trace
        everything()
    steps = {id(s) for kind in ("train", "test") for s in model._steps.made(kind)}
    uses = {id(one) for many in model._uses.steps.values() for one in many.made}
    monkeypatch.setattr(tracing.Traced, "__init__", counted)
    for _ in range(3):
        everything()
    assert steps == {id(s) for kind in ("train", "test") for s in model._steps.made(kind)}
    assert uses == {id(one) for many in model._uses.steps.values() for one in many.made}
    compiled(X)
    compiled(X[:5])
    # Of what was traced is only the new kind of x a step; the others are shapes that are asked for.
    assert [t for t in traced if t.graph.inputs[0].shape[0] not in (1, 2)] == traced[-1:]
