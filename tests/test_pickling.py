"""Copies and pickles: of every layer, model, optimizer, loss, metric, schedule and callback, before
and after it was used; what was compiled stays behind and is made again.
"""

from __future__ import annotations

import copy
import inspect
import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Sequential, callbacks, losses, metrics, nn, optim, random
from ranvier.models.generative.gan import GAN
from ranvier.models.unsupervised.pretrain import RestrictedBoltzmannMachine
from ranvier.nn import Dense
from ranvier.optim import schedules
from ranvier.tensors.tensor import Tensor
from ranvier.tracing.compiled import CompiledFunction
from ranvier.tracing.trace import tensors_in

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6)).astype("f")
Y = X[:, :1] * 2


def through_joblib(thing: Any) -> Any:
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump(thing, file)
    file.seek(0)
    return joblib.load(file)


def through_cloudpickle(thing: Any) -> Any:
    return pickle.loads(pytest.importorskip("cloudpickle").dumps(thing))


WAYS: dict[str, Callable[[Any], Any]] = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "joblib": through_joblib,
    "cloudpickle": through_cloudpickle,
}
TWO = ("deepcopy", "pickle")  # which the others are made of
ways = pytest.mark.parametrize("way", WAYS)


# --- models -------------------------------------------------------------------------------------


def sequential() -> Any:
    normalize = nn.Normalize(input_shape=(6,))
    normalize.adapt(X)
    return Sequential(
        [
            normalize,
            Dense(8, "relu"),
            nn.Dropout(0.3),
            nn.Dropout(0.2, seed=3),
            nn.BatchNormalization(),
            Dense(1),
        ]
    )


def connected() -> Any:
    x = ranvier.Input(shape=(6,))
    h = nn.Dropout(0.5)(Dense(6, "tanh")(x))
    shared = Dense(4)
    both = nn.Add()([shared(h), shared(x * 2.0)])
    return ranvier.Model(inputs=x, outputs=Dense(1)(both[:, :3]))


class Net(ranvier.Model):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = [Dense(5, "tanh"), nn.Dropout(0.5, seed=1)]
        self.out = Dense(1)

    def forward(self, x: Any) -> Any:
        for block in self.blocks:
            x = block(x)
        self.seen = x  # what users keep to look at
        return self.out(x)


MODELS: dict[str, Callable[[], Any]] = {
    "Sequential": sequential,
    "connected": connected,
    "nested": lambda: Sequential([connected(), Dense(1)]),
    "subclass": Net,
}


def trained(kind: str, optimizer: Any = "adam", engine: str | None = None) -> Any:
    ranvier.seed(0)
    model = MODELS[kind]()
    model.compile(optimizer, "mse", metrics=["mae"], engine=engine)
    model.fit(X, Y, epochs=2, verbose=0)
    model.predict(X)
    model.evaluate(X, Y)
    return model


def going_on(model: Any) -> list[Any]:
    """What further training makes of a model: numbers of each epoch and the weights."""
    ranvier.seed(1)
    history = model.fit(X, Y, epochs=2, verbose=0)
    return [history.history, *[w.tolist() for w in model.get_weights()]]


@ways
@pytest.mark.parametrize("kind", MODELS)
def test_a_fitted_model_goes_on_as_the_original(way: str, kind: str) -> None:
    model = trained(kind, optim.Adam(0.01, use_ema=True, weight_decay=0.01))
    again = WAYS[way](model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.evaluate(X, Y) == model.evaluate(X, Y)
    own = {id(t) for t in again.state_tensors()}
    assert own.isdisjoint(id(t) for t in model.state_tensors())
    assert going_on(again) == going_on(model)


@ways
def test_a_connected_model_keeps_its_connections(way: str) -> None:
    model = trained("connected")
    again = WAYS[way](model)
    assert again.get_config() == model.get_config()
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    dense = next(layer for layer in again.layers if isinstance(layer, Dense))
    features = ranvier.Model(inputs=again.input, outputs=dense.output)
    expected = ranvier.Model(inputs=model.input, outputs=model.layers[1].output)
    np.testing.assert_array_equal(features.predict(X), expected.predict(X))
    new = ranvier.Input(shape=(6,))
    again.name = "again"
    both = ranvier.Model(inputs=new, outputs=nn.Add()([again(new), model(new)]))
    np.testing.assert_array_equal(both.predict(X), 2 * model.predict(X))
    flat = WAYS[way](sequential())
    assert flat.layers[1].output.shape[1:] == (8,)


def test_a_deep_connected_model() -> None:
    x = h = ranvier.Input(shape=(3,))
    for _ in range(400):
        h = nn.Activation("tanh")(h)
    model = ranvier.Model(inputs=x, outputs=h)
    for way in ("deepcopy", "pickle"):
        assert len(WAYS[way](model).layers) == 401


def test_several_inputs_and_outputs() -> None:
    a, b = ranvier.Input(shape=(6,), name="a"), ranvier.Input(shape=(1,), name="b")
    h = Dense(3, "softmax", name="kind")(a)
    model = ranvier.Model(inputs={"a": a, "b": b}, outputs={"kind": h, "size": Dense(1)(b)})
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"})
    y = {"kind": np.arange(40) % 3, "size": Y}
    model.fit({"a": X, "b": Y}, y, verbose=0)
    again = WAYS["pickle"](model)
    assert going_on_with(again, {"a": X, "b": Y}, y) == going_on_with(model, {"a": X, "b": Y}, y)


def going_on_with(model: Any, x: Any, y: Any) -> Any:
    ranvier.seed(1)
    return model.fit(x, y, epochs=2, verbose=0).history


def test_quick_predict_serves_a_copy() -> None:
    again = WAYS["pickle"](trained("Sequential"))
    for t in again.state_tensors():
        assert t._array().dtype is np.dtype(t.dtype.name) and t._array().flags.writeable
    again.predict(X[:1])
    again.predict(X[:1])
    assert again._uses.last(X[:1], 256) is not None


def test_a_model_in_another_process(tmp_path: Path) -> None:
    model = sequential()
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "out.npy", model.predict(X))
    code = """
import pickle, sys, numpy as np
model = pickle.load(open("model.pickle", "rb"))
assert (model.predict(np.load("x.npy")) == np.load("out.npy")).all()
import ranvier
new = ranvier.Input(shape=(6,))
ranvier.Model(inputs=new, outputs=model(new)).predict(np.load("x.npy"))
"""
    source = str(Path(ranvier.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": source},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@ways
@pytest.mark.parametrize(
    "make",
    [
        lambda: GAN(Dense(6, input_shape=(2,)), Dense(1, input_shape=(6,)), 2),
        lambda: RestrictedBoltzmannMachine(hidden=3),
    ],
)
def test_models_with_a_step_of_their_own(way: str, make: Callable[[], Any]) -> None:
    ranvier.seed(0)
    model = make()
    model.fit(np.abs(X) / 5, count=1)
    again = WAYS[way](model)
    ranvier.seed(1)
    first = again.fit(np.abs(X) / 5, count=1)
    ranvier.seed(1)
    assert model.fit(np.abs(X) / 5, count=1) == first


# --- layers -------------------------------------------------------------------------------------

ARGUMENTS: dict[str, Any] = {
    "units": 4, "filters": 3, "kernel_size": 2, "rate": 0.4, "stddev": 0.3, "activation": "tanh",
    "members": 3,
    "output_size": 2, "height": 4, "width": 4, "output_dim": 4, "axes": 1, "head_dim": 4,
    "num_query_heads": 2, "num_key_value_heads": 1, "num_heads": 2, "key_dim": 2, "n": 3,
    "sequence_length": 6, "scale": 2.0, "factor": 0.2, "height_factor": 0.2, "width_factor": 0.2,
    "vocabulary_size": 9, "embedding_dim": 4, "intermediate_dim": 8, "vocabulary": 9,
    "source_vocabulary": 9, "target_vocabulary": 9, "users": 9, "items": 9, "features": 6,
    "horizon": 2, "series": 3, "dilation": 1, "dropout": 0.1,
}  # fmt: skip
REGISTERED: dict[str, Any] = dict(nn.LAYERS)
MADE: dict[str, Callable[[], Any]] = {
    "Autoencoder": lambda: REGISTERED["Autoencoder"](
        Sequential([Dense(2)]), Sequential([Dense(6)])
    ),
    "GRU": lambda: nn.GRU(3, dropout=0.3, seed=1),
    "LSTM": lambda: nn.LSTM(3, recurrent_dropout=0.3, seed=1),
    "SimpleRNN": lambda: nn.SimpleRNN(3),
    "GroupNormalization": lambda: nn.GroupNormalization(3),
    "InputLayer": lambda: REGISTERED["InputLayer"]((6,)),
    "GPT": lambda: REGISTERED["GPT"](9, 1, 2, 8, 6),
    "Bidirectional": lambda: nn.Bidirectional(nn.LSTM(3)),
    "Embedding": lambda: nn.Embedding(9, 4),
    "LevelDropout": lambda: nn.LevelDropout([9] * 6),
    "Permute": lambda: nn.Permute((2, 1)),
    "Reshape": lambda: nn.Reshape((-1,)),
    "RNN": lambda: nn.RNN(nn.GRUCell(3)),
    "StackedRNNCells": lambda: nn.StackedRNNCells([nn.GRUCell(3), nn.LSTMCell(2)]),
    "TimeDistributed": lambda: nn.TimeDistributed(Dense(2)),
    "Model": connected,
    "Sequential": sequential,
}
SHAPES = [(6,), (6, 3), (6, 4), (8, 8, 3), (2,)]


def made(name: str) -> Any:
    if name in MADE:
        return MADE[name]()
    cls = REGISTERED[name]
    needed = [
        p.name
        for p in inspect.signature(cls).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    return cls(**{n: ARGUMENTS[n] for n in needed})


def given(name: str) -> Any:
    """A new layer of this name and inputs that it takes."""
    for shape in SHAPES:
        for kind in ("f", "i8"):
            x = (RNG.random((4, *shape)) * 2 + (kind == "i8") * 3).astype(kind)
            for inputs in ((x,), (x, x), ([x, x],)):
                layer = made(name)
                try:
                    for training in (False, True):
                        values(layer, inputs, training)
                except Exception:
                    continue
                return layer, inputs
    raise AssertionError(f"{name}: no input was found that it takes")


def values(layer: Any, inputs: Any, training: bool) -> list[bytes]:
    ranvier.seed(5)
    with nn.training_mode(training):
        out = layer(*inputs)
    found = tensors_in(out)
    return [t.numpy().tobytes() for t in found]


CELLS = {"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"}  # called with a state, too


@pytest.mark.parametrize("name", sorted(n for n in nn.LAYERS if n not in CELLS))
def test_every_layer(name: str) -> None:
    layer, inputs = given(name)
    for way in TWO:
        again = WAYS[way](layer)
        assert list(again.named_tensors()) == list(layer.named_tensors()), way
        for training in (False, True):
            assert values(again, inputs, training) == values(layer, inputs, training), way


@pytest.mark.parametrize("name", sorted(CELLS))
def test_cells(name: str) -> None:
    layer, inputs = nn.RNN(made(name)), (X.reshape(40, 2, 3),)
    layer(*inputs)
    for way in TWO:
        assert values(WAYS[way](layer), inputs, True) == values(layer, inputs, True), way


# --- what trains --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(optim.OPTIMIZERS))
def test_every_optimizer(name: str) -> None:
    scaled = optim.LossScaleOptimizer(optim.OPTIMIZERS[name](0.01))
    options: Any = {"gradient_accumulation_steps": 2, "use_ema": True}
    for optimizer in (optim.OPTIMIZERS[name](0.01, **options), scaled):
        model = trained("subclass", optimizer, "reference")
        expected = None
        for way in TWO:
            again = WAYS[way](model)
            assert again.optimizer is not optimizer
            assert again.optimizer.iterations.item() == 4
            got = going_on(again)
            expected = expected or got
            assert got == expected, way
        assert going_on(model) == expected


def plain_schedules() -> list[Any]:
    args: dict[str, Any] = {
        "learning_rate": 0.1, "initial_learning_rate": 0.1, "decay_steps": 5, "every": 2,
        "boundaries": [2], "values": [0.1, 0.2], "first_decay_steps": 4, "max_learning_rate": 1.0,
        "initial_value": 0.2, "total_steps": 9,
        "base_learning_rate": 0.1, "peak_learning_rate": 0.1,
        "schedules": [schedules.Constant(0.1), schedules.Constant(0.2)], "milestones": [3],
    }  # fmt: skip
    found = []
    for cls in schedules.SCHEDULES.values():
        parameters = inspect.signature(cls).parameters.values()
        found.append(cls(**{p.name: args[p.name] for p in parameters if p.default is p.empty}))
    return found


def test_every_schedule_loss_metric_and_callback() -> None:
    things = plain_schedules()
    things += [cls() for cls in losses.CLASSES.values()]
    things += [losses.get(name) for name in losses.NAMES]
    things += [metrics.get(name) for name in metrics.NAMES]
    for name in callbacks.__all__:
        cls = getattr(callbacks, name)
        arguments = {
            "CSVLogger": ("log.csv",), "LearningRateScheduler": (max,), "ModelCheckpoint": ("x",),
            "Checkpoint": ("run.ckpt",),
        }.get(name, ())  # fmt: skip
        things.append(cls(*arguments))
    for thing in things:
        for way, copied in WAYS.items():
            again = copied(thing)
            assert type(again) is type(thing), (way, thing)
            if hasattr(thing, "get_config"):
                assert again.get_config() == thing.get_config(), (way, thing)


@ways
def test_callbacks_after_a_training(way: str) -> None:
    model = trained("Sequential")
    watching = [
        callbacks.EarlyStopping("loss", patience=1),
        callbacks.ReduceLROnPlateau("loss"),
        callbacks.LearningRateScheduler(max),
        callbacks.TerminateOnNaN(),
    ]
    history = model.fit(X, Y, epochs=3, verbose=0, callbacks=watching)
    again = WAYS[way]([history, *watching])
    assert again[0].history == history.history and again[0].epoch == history.epoch
    assert again[1].best == watching[0].best  # type: ignore[attr-defined]


# --- functions, tensors, generators -------------------------------------------------------------


@ranvier.compile
def doubled(x: Any) -> Any:
    return x * 2.0


class Scaled:
    def __init__(self) -> None:
        self.scale = ranvier.tensor(3.0)
        self.run = ranvier.compile(self._run)

    def _run(self, x: Any) -> Any:
        return x * self.scale


@ways
def test_a_compiled_function(way: str) -> None:
    assert doubled(ranvier.ones(2)).tolist() == [2.0, 2.0]
    again = WAYS[way](doubled)
    assert isinstance(again, CompiledFunction)
    assert again(ranvier.ones(2)).tolist() == [2.0, 2.0]


@ways
def test_a_compiled_method_goes_with_its_object(way: str) -> None:
    first = Scaled()
    first.run(ranvier.ones(2))
    again = WAYS[way](first)
    again.scale.assign(5.0)
    assert again.run(ranvier.ones(2)).tolist() == [5.0, 5.0]
    assert first.run(ranvier.ones(2)).tolist() == [3.0, 3.0]


@pytest.mark.parametrize("way", ["deepcopy", "cloudpickle"])
def test_a_compiled_function_without_a_name(way: str) -> None:
    scale = ranvier.tensor(3.0)
    compiled = ranvier.compile(lambda x: x * scale)
    compiled(ranvier.ones(2))
    assert WAYS[way](compiled)(ranvier.ones(2)).tolist() == [3.0, 3.0]


@ways
def test_the_generator_of_seed_is_one_and_others_are_copied(way: str) -> None:
    assert WAYS[way](random.generator) is random.generator
    own = random.Generator(3)
    own.uniform((2,))
    again = WAYS[way](own)
    assert again.uniform((3,)).tolist() == own.uniform((3,)).tolist()
    drop = WAYS[way](nn.Dropout(0.5))
    assert drop._source is random.generator


@ways
def test_tensors_without_their_history(way: str) -> None:
    w = ranvier.tensor(
        [1.0, 2.0],
        requires_grad=True,
    )
    (w * w).sum().backward()
    again = WAYS[way](w)
    assert again.requires_grad and again.grad.tolist() == [2.0, 4.0]
    (again * 3.0).sum().backward()
    assert w.grad is not None and w.grad.tolist() == [2.0, 4.0]
    out = WAYS[way](ranvier.softmax(w * 2.0))
    assert out.is_leaf and not out.requires_grad and out.logits is not None
    flat = copy.copy(w * 2.0)
    assert flat.requires_grad and not flat.is_leaf
    assert isinstance(again, Tensor)
