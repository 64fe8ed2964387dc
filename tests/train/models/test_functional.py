"""Models of connected layers: several inputs and outputs, against Keras' numbers and in files."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import GOLDEN
from ranvier import Input, Model, Sequential, nn
from ranvier.errors import (
    ArgumentError,
    NonFiniteError,
    RanvierWarning,
    ShapeError,
    StateError,
    TraceError,
)
from ranvier.nn import Concatenate, Dense, Embedding, Flatten

STORED = dict(np.load(GOLDEN / "functional.npz"))
RNG = np.random.default_rng(0)
A = RNG.normal(size=(30, 3)).astype(np.float32)
B = RNG.normal(size=(30, 2)).astype(np.float32)
Y = (A[:, :1] - B[:, 1:]).astype(np.float32)
K = RNG.integers(0, 3, 30)


def two_headed() -> Model:
    """The network of tests/golden/make_functional.py."""
    kind = Input(shape=(1,), dtype="int32", name="kind")
    size = Input(shape=(3,), name="size")
    known = Flatten()(Embedding(5, 2, name="table")(kind))
    shared = Dense(3, activation="tanh", name="shared")
    h = Concatenate()([known, shared(size), shared(size * 0.5 + 1.0)])
    h = Dense(6, activation="tanh", name="hidden")(h)
    price = Dense(1, name="price")(h)
    sold = Dense(3, activation="softmax", name="sold")(h)
    return Model([kind, size], [price, sold])


def golden_model(engine: str) -> Model:
    model = two_headed()
    for layer in model.layers:
        names = [k for k in STORED if k.startswith(f"initial/{layer.name}/")]
        if names:
            layer.set_weights([STORED[k] for k in names])
    model.compile(
        ranvier.optim.SGD(0.05),
        ["mse", "sparse_categorical_crossentropy"],
        loss_weights={"price": 0.7, "sold": 1.5},
        metrics={"price": "mae", "sold": "accuracy"},
        engine=engine,
    )
    return model


GOLDEN_X = [STORED["kind"], STORED["size"]]
GOLDEN_Y = [STORED["price"], STORED["sold"]]


@pytest.mark.parametrize("engine", ENGINES)
def test_two_inputs_and_outputs_train_to_keras_numbers(engine: str) -> None:
    model = golden_model(engine)
    price, sold = model.predict(GOLDEN_X)
    np.testing.assert_allclose(price, STORED["output/price"], atol=1e-5)
    np.testing.assert_allclose(sold, STORED["output/sold"], atol=1e-5)
    found = model.fit(
        GOLDEN_X, GOLDEN_Y, 8, 3, 0, shuffle=False, validation_data=(GOLDEN_X, GOLDEN_Y)
    ).history
    expected = {k.removeprefix("history/"): v for k, v in STORED.items() if k.startswith("history")}
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, abs=2e-5), name
    for layer in model.layers:
        names = [k for k in STORED if k.startswith(f"final/{layer.name}/")]
        for name, array in zip(names, layer.get_weights(), strict=True):
            np.testing.assert_allclose(array, STORED[name], atol=2e-5)
    weighted = model.evaluate(GOLDEN_X, GOLDEN_Y, 8, sample_weight=STORED["weight"])
    assert weighted[0] == pytest.approx(float(STORED["weighted_loss"]), rel=1e-5)


def test_data_by_name_is_data_in_order() -> None:
    model = golden_model("reference")
    names = {"size": STORED["size"], "kind": STORED["kind"]}
    targets = {"sold": STORED["sold"], "price": STORED["price"]}
    one, other = model.evaluate(GOLDEN_X, GOLDEN_Y), model.evaluate(names, targets)
    assert one == other
    assert list(model.evaluate(names, targets, return_dict=True)) == [
        "loss", "price_loss", "sold_loss", "price_mae", "sold_accuracy",
    ]  # fmt: skip
    assert model.train_on_batch(names, targets, return_dict=True)["loss"] == pytest.approx(one[0])
    np.testing.assert_array_equal(model(GOLDEN_X)[0].numpy(), model(names)[0].numpy())


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dict_of_outputs(engine: str) -> None:
    a, b = Input((3,), name="a"), Input((2,), name="b")
    h = ranvier.concat([a, b], axis=1)
    model = Model({"first": a, "second": b}, {"p": Dense(1)(h), "k": Dense(3)(h)})
    model.compile("adam", {"p": "mse"}, metrics={"k": "accuracy"}, engine=engine)
    history = model.fit({"first": A, "second": B}, {"p": Y, "k": K}, verbose=0).history
    assert list(history) == ["loss", "p_loss", "k_accuracy"]
    assert {k: v.shape for k, v in model.predict([A, B]).items()} == {"p": (30, 1), "k": (30, 3)}
    assert model.predict([A[:7], B[:7]], batch_size=2)["p"].shape == (7, 1)


class Pair(Model):
    """A subclass with two inputs and two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Dense(4), Dense(4)

    def forward(self, a: Any, b: Any) -> Any:
        h = self.one(a) + self.two(b)
        return h, ranvier.mean(h, axis=1)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_subclass_with_several_inputs_and_outputs(engine: str) -> None:
    model = Pair()
    model.compile("sgd", ["mse", "mae"], metrics=[None, "mse"], engine=engine)
    wide = np.repeat(Y, 4, axis=1)
    history = model.fit([A, B], (wide, Y[:, 0]), verbose=0).history
    assert list(history) == ["loss", "output_1_loss", "output_2_loss", "output_2_mse"]
    out = model.predict({"b": B, "a": A})
    assert type(out) is tuple and [o.shape for o in out] == [(30, 4), (30,)]
    np.testing.assert_allclose(model(A, B)[1].numpy(), out[1], atol=1e-6)
    assert model.verify([A, B], [wide, Y[:, 0]], verbose=0).ok


def test_one_output_keeps_plain_names() -> None:
    a, b = Input((3,)), Input((2,))
    model = Model([a, b], [Dense(1)(Concatenate()([a, b]))])
    model.compile("sgd", ["mse"], metrics=["mae"], engine="reference")
    assert list(model.fit([A, B], [Y], verbose=0).history) == ["loss", "mae"]
    assert isinstance(model.predict([A, B]), np.ndarray)
    single = Model([a], [Dense(1)(a)])
    np.testing.assert_array_equal(single.predict([A]), single.predict(A))
    np.testing.assert_array_equal(single(A).numpy(), single([A]).numpy())
    assert single.predict([A[0]]).shape == (1, 1)


# --- ops, shared and nested layers, files ---------------------------------------------------------


def everything() -> Model:
    """Shared and nested layers, ops with and without the number of rows, constants, a weight."""
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = Dense(4, name="shared")
    inner = Model(a, ranvier.tanh(shared(a)) * np.arange(4), name="inner")
    left, right = inner(a), inner(b)
    pairs = ranvier.concat([left.reshape((left.shape[0], 2, 2)), right.reshape((-1, 2, 2))], axis=2)
    scale = ranvier.tensor(np.full(4, 0.5), dtype="float32", requires_grad=True)
    h = pairs[:, 0] * scale + pairs[:, 1, ::-1] - ranvier.mean(left, axis=1, keepdims=True)
    block = Sequential([Dense(5, activation="relu", input_shape=(4,)), Dense(4)], name="block")
    return Model([a, b], [ranvier.softmax(block(h)), nn.dot([left, right], axes=1)])


@pytest.mark.parametrize("engine", ENGINES)
def test_everything_goes_through_a_file(engine: str, tmp_path: Path) -> None:
    model = everything()
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], [["acc"], ["mae"]], engine)
    x, y = [A, A[::-1].copy()], [K, Y]
    model.fit(x, y, verbose=0)
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = ranvier.load(path)
    assert again.get_config() == model.get_config()
    for one, other in zip(model.predict(x), again.predict(x), strict=True):
        np.testing.assert_array_equal(one, other)
    ranvier.seed(1)
    before = model.fit(x, y, 8, 2, 0).history
    ranvier.seed(1)
    assert again.fit(x, y, 8, 2, 0).history == before
    assert len(model.parameters()) == 7  # shared, scale and block's two


def test_engines_agree_and_gradients_are_right() -> None:
    model = everything()
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], engine="compiled")
    assert model.verify([A, A[::-1].copy()], [K, Y], verbose=0).ok


def test_any_number_of_rows() -> None:
    model = everything()
    whole = model.predict([A, A])
    for n in (1, 7):
        for one, other in zip(model.predict([A[:n], A[:n]]), whole, strict=True):
            np.testing.assert_allclose(one, other[:n], atol=1e-6)


def test_a_file_of_the_first_format_loads() -> None:
    model = ranvier.load(GOLDEN / "connected.safetensors")
    stored = np.load(GOLDEN / "connected.npz")
    # What is stored was predicted of 6 rows that a version of then had filled up to 8 with copies
    # of the first, although the model mixes rows.
    found = model.predict({name: stored[name.upper()][[*range(6), 0, 0]] for name in "ab"})
    assert sorted(found) == ["dot", "l", "o", "sims", "soft"]
    for name, out in found.items():
        np.testing.assert_allclose(out[:6], stored[name], rtol=1e-5, atol=1e-6)


def test_softmax_as_an_op_is_trained_from_its_logits() -> None:
    x = Input((2,))
    model = Model(x, ranvier.softmax(x * 1000.0 * ranvier.tensor(1.0, requires_grad=True)))
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    loss = model.evaluate(np.array([[0.0, 1.0]], np.float32), np.array([0]))
    assert loss == pytest.approx(1000.0)


def test_a_subclass_that_connects_its_layers() -> None:
    class Net(Model):
        def __init__(self, units: int) -> None:
            x = Input((3,))
            super().__init__(inputs=x, outputs=Dense(units)(x))
            self.units = units

    model = Net(2)
    assert model.get_config() == {"units": 2} and model.predict(A).shape == (30, 2)


# --- looking inside -------------------------------------------------------------------------------


def test_features_of_a_layer_in_the_middle() -> None:
    model = Sequential([Dense(4, input_shape=(3,), name="one"), Dense(2, name="two")])
    every = Model(model.inputs, [layer.output for layer in model.layers])
    one, two = every.predict(A)
    np.testing.assert_array_equal(two, model.predict(A))
    np.testing.assert_allclose(one, model.layers[0](A).numpy(), atol=1e-6)
    middle = Model(model.input, model.get_layer("one").output)
    np.testing.assert_array_equal(middle.predict(A), one)
    big = two_headed()
    hidden = Model(big.inputs, big.get_layer("hidden").output)
    assert hidden.predict(GOLDEN_X).shape == (40, 6)
    assert hidden.get_layer(index=0).name == "kind"
    tail = Model(big.get_layer("hidden").output, big.get_layer("sold").output)
    np.testing.assert_allclose(
        tail.predict(hidden.predict(GOLDEN_X)), big.predict(GOLDEN_X)[1], atol=1e-6
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_fine_tuning_leaves_frozen_layers_alone(engine: str) -> None:
    base = Sequential([Dense(4, activation="tanh", input_shape=(3,)), Dense(3, name="top")])
    base.trainable = False
    x = Input((3,))
    model = Model(x, Dense(1)(base(x, training=False)))
    model.compile("adam", "mse", engine=engine)
    before = [w.copy() for w in base.get_weights()]
    model.fit(A, Y, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    base.trainable = True
    model.compile("adam", "mse", engine=engine)
    model.fit(A, Y, verbose=0)
    assert not any(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))


def test_summary_says_what_is_connected(capsys: pytest.CaptureFixture[str]) -> None:
    two_headed().summary()
    message = capsys.readouterr().out
    assert "connected to" in message
    assert "concatenate" in message and "flatten" in message
    shared = [line for line in message.splitlines() if line.startswith("shared")]
    assert len(shared) == 2 and "12" in shared[0] and shared[1].endswith("add")
    assert "shared, shared" in message


def test_explain_shows_models_with_several_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    model = golden_model("compiled")
    message = str(ranvier.explain(model, GOLDEN_X, GOLDEN_Y, level="graph"))
    assert message.startswith(
        "graph(kind: int64[40,1], size: float32[40,3], y_price: float32[40,1]"
    )
    ranvier.explain(model, {"kind": STORED["kind"], "size": STORED["size"]})
    capsys.readouterr()


def test_the_first_nan_is_found_in_its_input_and_layer() -> None:
    a, b = Input((3,), name="a"), Input((2,), name="b")

    class Log(nn.Layer):
        def forward(self, x: Any) -> Any:
            return ranvier.log(x)

    model = Model([a, b], Dense(1)(Concatenate()([Log(name="logs")(a), b])))
    model.compile("sgd", "mse")
    with pytest.raises(NonFiniteError, match=r"in layer 'logs' \(Log\), operation log"):
        model.fit([A, B], Y, verbose=0)


def test_a_model_is_gone_when_nothing_holds_it() -> None:
    model = two_headed()
    model.predict(GOLDEN_X)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


# --- losses of layers -----------------------------------------------------------------------------


class Small(nn.Layer):
    """Wants its input to be small."""

    def __init__(self, each: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.each = each

    def forward(self, x: Any) -> Any:
        squares = ranvier.mean(x * x, axis=1)
        self.add_loss(squares if self.each else ranvier.mean(squares))
        return x


@pytest.mark.parametrize("engine", ENGINES)
def test_what_layers_add_counts_with_its_mean_over_real_rows(engine: str) -> None:
    x = Input((3,))
    model = Model(x, Dense(1)(Small()(x)))
    model.compile("sgd", "mse", engine=engine)
    far = float(((model.predict(A) - Y) ** 2).mean())
    added = float((A**2).mean())
    for batch in (30, 7):  # the last of 7 is filled up with rows that do not count
        assert model.evaluate(A, Y, batch) == pytest.approx(far + added, rel=1e-5)
    with pytest.warns(RanvierWarning, match="every row has weight 0"):
        assert model.evaluate(A, Y, sample_weight=np.zeros(30)) == pytest.approx(added, rel=1e-5)


@pytest.mark.parametrize("each", [True, False])
def test_a_loss_of_its_own_needs_no_targets(each: bool) -> None:
    model = Sequential([Dense(2, input_shape=(3,)), Small(each)])
    model.compile("sgd", engine="reference")
    losses = model.fit(A, epochs=3, verbose=0).history["loss"]
    assert losses == sorted(losses, reverse=True)
    assert model.evaluate(A) < losses[-1]


def test_an_autoencoder_learns_its_input() -> None:
    x = Input((3,))
    model = Model(x, Dense(3)(Dense(2)(x)))
    model.compile("adam", "mse", engine="reference")
    losses = model.fit(A, A, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


# --- mistakes -------------------------------------------------------------------------------------


def compiled() -> Model:
    a, b = Input((3,), name="a"), Input((2,), name="b")
    h = Concatenate()([a, b])
    model = Model([a, b], [Dense(1, name="p")(h), Dense(1, name="q")(h)])
    model.compile("sgd", "mse", engine="reference")
    return model


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: compiled().fit(A, [Y, Y]), ArgumentError, "takes 2 inputs"),
        (lambda: compiled().fit([A, B, B], [Y, Y]), ArgumentError, "got a list of 3"),
        (lambda: compiled().fit([A, B], Y), ArgumentError, "has 2 outputs"),
        (lambda: compiled().fit([B, A], [Y, Y]), ShapeError, "input 'a' expects rows"),
        (lambda: compiled().fit([A, B[:3]], [Y, Y]), ranvier.errors.RanvierError, "rows"),
        (lambda: compiled().fit({"a": A}, [Y, Y]), ArgumentError, "input 'b' is missing"),
        (lambda: compiled().fit({"a": A, "c": B}, [Y, Y]), ArgumentError, "'c'"),
        (lambda: compiled().fit([A, B], {"p": Y}), ArgumentError, "output 'q' is missing"),
        (lambda: compiled().fit([A, B], [Y, Y], class_weight={0: 1}), ArgumentError, "one output"),
        (lambda: compiled().predict(A), ArgumentError, "takes 2 inputs"),
        (lambda: compiled().predict_classes([A, B]), StateError, "one output"),
        (lambda: compiled().get_layer("z"), ArgumentError, "Known: "),
        (lambda: Model(Input((2,)), 3), ArgumentError, "must be made with ranvier.Input"),
        (lambda: Model(Input((2,)), Dense(1)(Input((2,), name="u"))), ArgumentError, "'u'"),
        (lambda: bool(Input((2,)) > 0), TraceError, "has no numbers"),
        (lambda: list(Input((2,))), TraceError, "not known"),
        (lambda: Input((2,)) @ Input((3,)), ShapeError, "rows"),
        (lambda: Dense(1).output, AttributeError, "not called"),
        (lambda: Pair().inputs, AttributeError, "ranvier.Input"),
        (lambda: Sequential([Dense(1)]).inputs, AttributeError, "not known yet"),
    ],
)
def test_mistakes_are_reported(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_nothing_to_learn_from_is_reported() -> None:
    x = Input((3,))
    model = Model(x, Dense(1)(x))
    model.compile("sgd", engine="reference")
    with pytest.raises(StateError, match="nothing to learn from"):
        model.fit(A)
    with pytest.raises(ArgumentError, match="loss is missing"):
        model.fit(A, Y)


def test_losses_for_other_outputs_are_refused() -> None:
    model = compiled()
    for loss, weights in (({"z": "mse"}, None), (["mse"] * 3, None), ("mse", {"z": 1.0})):
        model.compile("sgd", loss, loss_weights=weights)
        with pytest.raises(ArgumentError, match="output"):
            model.fit([A, B], [Y, Y])


def test_states_go_from_one_layer_to_another(tmp_path: Path) -> None:
    read, write = Input((5, 2), name="read"), Input((4, 2), name="write")
    _, h, c = nn.LSTM(3, return_state=True)(read)
    out = nn.LSTM(3, return_sequences=True)(write, initial_state=[h, c])
    model = Model([read, write], Dense(1)(out))
    model.compile("adam", "mse", engine="reference")
    x = [RNG.normal(size=(6, 5, 2)), RNG.normal(size=(6, 4, 2))]
    model.fit(x, RNG.normal(size=(6, 4, 1)), verbose=0)
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(ranvier.load(tmp_path / "model").predict(x), model.predict(x))


def test_a_model_called_on_a_dict_is_the_same_from_its_file(tmp_path: Path) -> None:
    """The keys of a dict stand in a file in the order of the alphabet."""

    def inputs() -> Any:
        sizes = {"numbers": 2, "flags": 3, "more": 4}
        return {name: ranvier.Input((size,), name=name) for name, size in sizes.items()}

    def network() -> Any:
        x = inputs()
        outputs = {"b": Dense(2)(x["numbers"]), "a": Dense(1)(Concatenate()(list(x.values())))}
        return ranvier.Model(x, outputs)

    x = inputs()
    one, two = network()(x), network()(x)
    model = ranvier.Model(x, {name: ranvier.nn.Add()([one[name], two[name]]) for name in one})
    rows = {name: np.random.default_rng(0).normal(size=(4, v.shape[1])) for name, v in x.items()}
    model.save(tmp_path / "m.safetensors")
    loaded = ranvier.load(tmp_path / "m.safetensors")
    right = model.predict(rows)
    for out in (loaded.predict(rows), loaded.predict(dict(reversed(rows.items())))):
        assert list(out) == list(right) == ["b", "a"]
        for name in right:
            np.testing.assert_array_equal(out[name], right[name])
    # Saved once more, it is the same file.
    assert loaded.save(tmp_path / "n.safetensors") == model.save(tmp_path / "m.safetensors")
