"""Layers: shapes, parameters and their names, modes, configurations, errors."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.errors import ArgumentError, DataError, MissingNameError, ShapeError, StateError
from ranvier.nn.layer import LAYERS as KINDS
from ranvier.nn.layer import Layer, unique_name


class Chain(Layer):
    """Layers one after another."""

    def __init__(self, layers: Any, **options: Any) -> None:
        super().__init__(**options)
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


class Odd(Layer):
    """Tensors in everything that is walked."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(2)
        self.parts: dict[str, Any] = {
            "a": nn.Dense(3, use_bias=False),
            "b": [ranvier.tensor(1.0, requires_grad=True)],
        }
        self.same = self.first
        self.count = ranvier.tensor(0.0)

    def forward(self, x: Any) -> Any:
        return self.parts["a"](self.first(x)) * self.parts["b"][0]


READ_ONLY = [
    (name, attribute)
    for name, kind in sorted(KINDS.items())
    for attribute in dir(kind)
    if isinstance(known := getattr(kind, attribute), property) and known.fset is None
]


@pytest.mark.parametrize(("name", "attribute"), READ_ONLY)
def test_what_follows_from_other_attributes_says_so_when_it_is_set(
    name: str, attribute: str
) -> None:
    kind: Any = KINDS[name]
    with pytest.raises(MissingNameError, match=f"{name}.{attribute} cannot be set: it follows"):
        setattr(kind.__new__(kind), attribute, None)


def test_an_error_inside_a_setter_of_ones_own_stays_what_it_is() -> None:
    class Own(Layer):
        @property
        def size(self) -> int:
            return 1

        @size.setter
        def size(self, value: int) -> None:
            value.missing  # type: ignore[attr-defined]  # noqa: B018

    with pytest.raises(AttributeError, match="'int' object has no attribute 'missing'"):
        Own().size = 3


def test_training_may_be_set() -> None:
    layer = Chain([nn.Dropout(0.5)])
    layer.training = True
    assert layer.training and layer.layers[0].training
    layer.training = False
    assert not layer.training and not layer.layers[0].training


def test_softmax_set_as_an_activation_is_computed_in_float32() -> None:
    layer = nn.Activation("relu", dtype="mixed_float16")
    assert not layer.in_float32
    layer.activation = "softmax"
    assert layer.in_float32


def test_dense_is_the_formula() -> None:
    layer = nn.Dense(3, activation="tanh")
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    out = layer(x)
    kernel, bias = layer.get_weights()
    assert kernel.shape == (4, 3)
    np.testing.assert_allclose(out.numpy(), np.tanh(x @ kernel + bias), rtol=1e-5)
    assert nn.Dense(3, use_bias=False)(x).shape == (5, 3)
    assert layer(x.reshape(1, 5, 4)).shape == (1, 5, 3)
    assert layer.output_shape((7, 4)) == (7, 3)
    assert layer.count_params() == 15


def test_dense_gradients_against_finite_differences() -> None:
    layer = nn.Dense(2, activation="sigmoid", kernel_regularizer="l2", bias_regularizer="l1")
    x = ranvier.tensor(np.random.default_rng(1).normal(size=(3, 4)))
    layer.ensure_built((4,))
    layer.kernel = ranvier.tensor(layer.kernel.numpy().astype("float64"), requires_grad=True)
    layer.bias = ranvier.tensor(np.array([0.3, -0.2]), requires_grad=True)

    def loss() -> Any:
        return sum(layer.penalties(), (layer(x) ** 2).sum())

    loss().backward()
    for p in layer.parameters():
        flat, h = p.numpy().reshape(-1), 1e-6
        for i in range(flat.size):
            at = flat[i]
            flat[i] = at + h
            up = loss().item()
            flat[i] = at - h
            down = loss().item()
            flat[i] = at
            assert p.grad is not None
            assert p.grad.numpy().reshape(-1)[i] == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_shaping_layers() -> None:
    x = ranvier.full((2, 3, 4), 1.0)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten().output_shape((3, 4)) == (12,)
    assert nn.Flatten()(ranvier.full((2,), 1.0)).shape == (2, 1)
    assert nn.Reshape((6, -1))(x).shape == (2, 6, 2)
    assert nn.Activation("relu")(x - 2).numpy().max() == 0
    declared = nn.InputLayer(shape=(3, 4))
    assert declared(x) is x
    assert declared.input_shape == (3, 4)


def test_dropout_keeps_the_mean_and_rests_in_use() -> None:
    ranvier.seed(0)
    layer = nn.Dropout(0.25)
    x = ranvier.full((100, 100), 1.0)
    assert layer(x) is x
    out = layer(x, training=True).numpy()
    assert set(np.unique(out)) == {0.0, np.float32(1 / 0.75)}
    assert out.mean() == pytest.approx(1, abs=0.03)
    assert not np.array_equal(out, layer(x, training=True).numpy())
    a, b = (nn.Dropout(0.5, seed=1)(x, training=True).numpy() for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_modes() -> None:
    layer = nn.Dropout(0.5)
    chain = Chain([layer])
    assert not layer.training
    with nn.training_mode(True):
        assert layer.training
        with nn.training_mode(False):
            assert not layer.training
    assert chain.train() is chain
    assert layer.training
    with nn.training_mode(False):
        assert not layer.training
    assert not chain.eval().training


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_a_compiled_function_notices_the_mode(engine: str) -> None:
    layer = nn.Dropout(0.5)
    run = ranvier.compile(lambda x: layer(x), engine=engine)
    x = ranvier.full((50, 4), 1.0)
    assert run(x).numpy().min() == 1
    with nn.training_mode(True):
        first = run(x).numpy().copy()
        assert first.min() == 0
        assert not np.array_equal(first, run(x).numpy())
    assert run(x).numpy().min() == 1


def test_a_layer_may_be_built_while_tracing() -> None:
    layer = nn.Dense(3)
    out = ranvier.compile(lambda x: layer(x), engine="reference")(np.ones((2, 4), np.float32))
    np.testing.assert_allclose(out.numpy(), layer(np.ones((2, 4), np.float32)).numpy(), rtol=1e-6)


def test_tensors_are_found_by_walking() -> None:
    layer = Odd()
    layer(np.ones((1, 5), np.float32))
    names = list(layer.named_tensors())
    assert names == ["first.kernel", "first.bias", "parts.a.kernel", "parts.b.0", "count"]
    assert len(layer.parameters()) == 4
    assert len(layer.state_tensors()) == 5
    chain = Chain([nn.Dense(2), Chain([nn.Dense(3)])])
    chain(np.ones((1, 5), np.float32))
    assert list(chain.named_tensors()) == ["0.kernel", "0.bias", "1.0.kernel", "1.0.bias"]
    assert chain.output_shape((5,)) == (3,)
    assert [type(s).__name__ for s in chain.sublayers()] == ["Chain", "Dense", "Chain", "Dense"]


def test_frozen_layers_have_no_parameters() -> None:
    chain = Chain([nn.Dense(2), nn.Dense(3)])
    chain(np.ones((1, 5), np.float32))
    chain.layers[0].trainable = False
    assert [p.shape for p in chain.parameters()] == [(2, 3), (3,)]
    assert len(chain.get_weights()) == 4
    chain.trainable = False
    assert chain.parameters() == []


def test_weights_go_out_and_in() -> None:
    one, two = (Chain([nn.Dense(2), nn.Normalize()]) for _ in range(2))
    x = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    one(x), two(x)
    two.set_weights(one.get_weights())
    np.testing.assert_array_equal(one(x).numpy(), two(x).numpy())
    weights = one.get_weights()
    weights[1] = np.zeros(5)
    before = one.get_weights()
    with pytest.raises(ShapeError, match=re.escape("0.bias has shape (2,); got (5,)")):
        one.set_weights(weights)
    for a, b in zip(one.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(DataError, match="got 1 arrays for 4 tensors"):
        one.set_weights(weights[:1])
    with pytest.raises(StateError, match="before the layer was built"):
        nn.Dense(2).set_weights(weights)


def test_normalize_is_fitted_on_data() -> None:
    x = np.random.default_rng(0).normal(5, 3, size=(200, 3))
    x[:, 2] = 0.1
    layer = nn.Normalize()
    layer.adapt(x)
    out = layer(x).numpy()
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(0), [1, 1, 0], atol=1e-5)
    assert layer.parameters() == []
    assert list(layer.named_tensors()) == ["mean", "std"]
    with pytest.raises(DataError, match="NaN or infinity in row 3, feature 1"):
        x[3, 1] = np.nan
        layer.adapt(x)
    with pytest.raises(ShapeError, match="got rows of 2 features"):
        layer(x[:, :2])


LAYERS = [
    nn.Dense(4, "relu", kernel_regularizer=nn.L2(0.1), kernel_initializer="he_normal"),
    nn.Dense(4, name="out", input_shape=(3,), trainable=False),
    nn.Activation("gelu"),
    nn.Dropout(0.2, seed=3),
    nn.Flatten(),
    nn.Reshape((2, -1)),
    nn.Normalize(),
    nn.InputLayer(shape=(4,)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_configurations_make_equal_layers(layer: Any) -> None:
    config = json.loads(json.dumps(layer.get_config()))
    again = nn.LAYERS[type(layer).__name__].from_config(config)
    assert again.get_config() == layer.get_config()
    assert again.name == layer.name


def test_own_functions_cannot_be_saved() -> None:
    layer = nn.Dense(2, activation=lambda x: x)
    with pytest.raises(StateError, match=r"Dense.activation: .* cannot be saved"):
        layer.get_config()

    class Forgets(Layer):
        def __init__(self, size: int) -> None:
            super().__init__()

    with pytest.raises(StateError, match="argument 'size' cannot be saved"):
        Forgets(3).get_config()


def test_names_count_up() -> None:
    class BigThing(Layer): ...

    assert [unique_name(BigThing) for _ in range(3)] == ["big_thing", "big_thing_1", "big_thing_2"]
    assert nn.Dense(2, name="mine").name == "mine"


def test_repr_shows_sizes() -> None:
    layer = nn.Dense(3, name="out")
    assert repr(layer) == "Dense('out')"
    layer.ensure_built((4,))
    assert repr(layer) == "Dense('out', (4,) -> (3,), 15 parameters)"


def test_float64_arrays_become_float32() -> None:
    assert nn.Dense(2)(np.ones((1, 3))).dtype == np.float32
    assert nn.Dense(2)([[1, 2, 3]]).dtype == np.float32


class NoForward(Layer): ...


class NoSuper(Layer):
    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Dense(0), ArgumentError, "units=0; expected an integer of at least 1"),
        (lambda: nn.Dense(2.5), ArgumentError, "units=2.5"),  # type: ignore[arg-type]
        (lambda: nn.Dense(2, "rellu"), ArgumentError, "did you mean 'relu'"),
        (
            lambda: nn.Dense(2, input_shape=(None, 3)),  # type: ignore[arg-type]
            ArgumentError,
            "without the batch axis",
        ),
        (lambda: nn.Dense(2)([1.0, 2.0]), ShapeError, "reshape (n,) to (n, 1)"),
        (lambda: nn.Dense(2)(3.0), ShapeError, "not a batch of rows"),
        (lambda: nn.Dropout(1.0), ArgumentError, "0 <= rate < 1"),
        (lambda: nn.Reshape((5, 2))(np.ones((2, 3))), ShapeError, "hold 3 numbers"),
        (lambda: nn.Reshape((-1, -1)), ArgumentError, "only one size may be -1"),
        (lambda: nn.InputLayer(shape=(3,))(np.ones((2, 4))), ShapeError, "expected rows of (3,)"),
        (lambda: NoForward()(np.ones((2, 4))), StateError, "needs a method forward(self, x)"),
        (lambda: NoSuper()(np.ones((2, 4))), StateError, "call super().__init__() first"),
        (lambda: nn.Normalize().adapt(np.ones(3)), DataError, "(rows, features)"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_a_wrong_width_names_layer_shapes_and_line() -> None:
    layer = nn.Dense(3, name="hidden")
    layer(np.ones((2, 4)))
    with pytest.raises(
        ShapeError, match=r"hidden: got an input of shape \(4, 2\).*transpose"
    ) as info:
        layer(np.ones((4, 2)))
    notes = info.value.__notes__
    assert any("in layer 'hidden' (Dense)" in note for note in notes)
    assert any("test_layers.py:" in note for note in notes)
    with pytest.raises(ShapeError, match="Flatten"):
        layer(np.ones((2, 5, 5)))


def test_a_mask_takes_units_out_of_use() -> None:
    layer = nn.UnitMask(2)
    assert layer.units == 2
    np.testing.assert_array_equal(layer(np.ones((1, 3, 4))).numpy(), [[[1, 1, 0, 0]] * 3])
    layer.use(3)
    assert layer.units == 3 and layer(np.ones((1, 4))).numpy().sum() == 3
    with pytest.raises(ArgumentError, match="units=5; expected at most 4"):
        layer.use(5)
    assert layer.units == 3
    with pytest.raises(ArgumentError, match="units=5; expected at most 4"):
        nn.UnitMask(5)(np.ones((1, 4)))
    again = nn.LAYERS["UnitMask"](**layer.get_config())
    assert again.units == 3
