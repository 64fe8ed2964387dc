"""Mixed storage: float16 beside float32 weights, and the scale of the loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import Sequential, nn
from ranvier.errors import ArgumentError, NonFiniteError
from ranvier.optim import SGD, Adam, LossScaleOptimizer
from ranvier.optim.dynamic_scale import LEAST

MIXED = "mixed_float16"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _float32_again() -> Iterator[None]:
    yield
    ranvier.set_dtype_policy("float32")


def digits() -> tuple[Any, Any, Any, Any]:
    (x, y), (x_test, y_test) = ranvier.data.load_digits()
    return x.reshape(-1, 8, 8, 1) / 16, y, x_test.reshape(-1, 8, 8, 1) / 16, y_test


def mlp() -> Sequential:
    return Sequential(
        [
            nn.Flatten(input_shape=(8, 8, 1)),
            nn.Dense(64, activation="relu"),
            nn.Dense(10, activation="softmax"),
        ]
    )


def cnn() -> Sequential:
    return Sequential(
        [
            nn.Conv2D(16, 3, padding="same", activation="relu", input_shape=(8, 8, 1)),
            nn.Conv2D(16, 3, activation="relu"),
            nn.MaxPooling2D(2),
            nn.Flatten(),
            nn.Dense(10, activation="softmax"),
        ]
    )


def made(build: Any, policy: str, engine: str = "compiled", optimizer: Any = None) -> Any:
    ranvier.set_dtype_policy(policy)
    ranvier.seed(0)
    model = build()
    model.compile(
        optimizer or Adam(0.003), "sparse_categorical_crossentropy", ["accuracy"], engine=engine
    )
    return model


def line(initial_scale: float = 2.0**15, growth: int = 2000, engine: str = "compiled") -> Any:
    """One mixed layer that learns a sum, its scale given."""
    ranvier.seed(0)
    model = Sequential([nn.Dense(1, input_shape=(3,), dtype=MIXED)])
    model.compile(LossScaleOptimizer(SGD(0.1), initial_scale, growth), "mse", engine=engine)
    return model


# --- policies ------------------------------------------------------------------------------------


def test_a_policy_is_global_or_of_a_layer() -> None:
    assert ranvier.dtype_policy() == "float32"
    ranvier.set_dtype_policy(MIXED)
    layer, own = nn.Dense(2), nn.Dense(2, dtype="float32")
    ranvier.set_dtype_policy("float32")
    assert layer.dtype_policy == MIXED and own.dtype_policy == "float32"
    out = layer(X)
    assert out.dtype == np.float16 and layer.kernel.dtype == np.float32
    assert layer.kernel is layer.parameters()[0]
    assert own(X).dtype == np.float32
    np.testing.assert_allclose(out.numpy(), X @ layer.kernel.numpy(), rtol=0, atol=5e-3)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("mixed_bfloat16", "NumPy has no bfloat16"),
        ("float16", "use 'mixed_float16'"),
        ("mixed_float", "did you mean"),
    ],
)
def test_other_policies_are_errors(policy: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ranvier.set_dtype_policy(policy)
    with pytest.raises(ArgumentError, match=message):
        nn.Dense(1, dtype=policy)


def test_configurations_hold_a_policy_other_than_float32() -> None:
    assert "dtype" not in nn.Dense(2).get_config()
    config = nn.Dense(2, dtype=MIXED).get_config()
    assert config["dtype"] == MIXED
    assert nn.Dense.from_config(config).dtype_policy == MIXED
    plain = nn.Bidirectional(nn.LSTM(2), dtype=MIXED).get_config()
    ranvier.set_dtype_policy(MIXED)
    assert nn.Bidirectional.from_config(plain).forward_layer.dtype_policy == "float32"


def test_some_layers_compute_in_float32() -> None:
    ranvier.set_dtype_policy(MIXED)
    far = ranvier.full((2, 64, 64, 1), 100.0)
    assert nn.GlobalAveragePooling2D()(far).tolist() == [[100.0], [100.0]]
    seen = []

    class Look(nn.Layer):
        in_float32 = True

        def forward(self, x: Any) -> Any:
            seen.append((x.dtype, nn.Dense(1)(x).dtype))
            return x

    assert Look()(X).dtype == np.float16
    assert seen == [(np.float32, np.float32)]


def test_a_softmax_is_computed_in_float32_and_keeps_its_logits() -> None:
    ranvier.set_dtype_policy(MIXED)
    for layer in (nn.Dense(4, activation="softmax"), nn.Activation("softmax"), nn.Softmax()):
        out = layer(X)
        assert out.dtype == np.float32 and out.logits[0] == "softmax"
    assert nn.Dense(4, activation="sigmoid")(X).logits[0] == "sigmoid"


@pytest.mark.parametrize("engine", ENGINES)
def test_sequences_masks_and_inputs_of_functional_models(engine: str) -> None:
    ranvier.set_dtype_policy(MIXED)
    ranvier.seed(0)
    ids = np.random.default_rng(0).integers(0, 9, (8, 5))
    x = ranvier.Input(shape=(5,), dtype="int32")
    h = nn.Embedding(9, 8, mask_zero=True)(x)
    h = nn.TransformerEncoder(16, 2, dropout=0.1)(h)
    h = nn.Bidirectional(nn.LSTM(4, return_sequences=True))(h)
    h = nn.RNN(nn.GRUCell(4))(nn.BatchNormalization()(h) * 2.0)
    model = ranvier.Model(x, nn.Dense(1, activation="sigmoid", dtype="float32")(h))
    model.compile("adam", "binary_crossentropy", ["accuracy"], engine=engine)
    history = model.fit(ids, ids[:, :1] % 2, 4, 2, 0).history
    assert np.isfinite(history["loss"]).all()
    assert model.predict(ids).dtype == np.float32
    assert model.optimizer.iterations.item() >= 2  # of 4; large gradients overflow at first


# --- training ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("build", "epochs"), [(mlp, 15), (cnn, 5)])
def test_digits_are_learnt_as_well_as_in_float32(build: Any, epochs: int) -> None:
    x, y, x_test, y_test = digits()
    found = {}
    for policy in ("float32", MIXED):
        model = made(build, policy)
        model.fit(x, y, 32, epochs, 0)
        found[policy] = model.evaluate(x_test, y_test)[1]
    assert isinstance(model.optimizer, LossScaleOptimizer)
    assert found["float32"] > 0.9
    assert found[MIXED] > found["float32"] - 0.015


def test_engines_agree_to_float16_digits() -> None:
    x, y, _, _ = digits()
    weights = []
    pytest.importorskip("llvmlite")
    for engine in ("compiled", "reference"):
        model = made(cnn, MIXED, engine, SGD(0.05))
        model.fit(x[:64], y[:64], 32, 2, 0, shuffle=False)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-3)
    assert model.verify(x[:16], y[:16], verbose=0).ok


def test_the_step_of_a_cnn_takes_less_memory() -> None:
    pytest.importorskip("llvmlite")
    x, y, _, _ = digits()
    taken = {}
    for policy in ("float32", MIXED):
        model = made(cnn, policy)
        model.fit(x[:256], y[:256], 128, 1, 0)
        (step,) = model._steps.made("train")
        taken[policy] = step.executable.arena_bytes
    assert taken[MIXED] < 0.75 * taken["float32"]


# --- the scale of the loss -----------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_an_overflow_moves_nothing_and_halves_the_scale(engine: str) -> None:
    model = line(2.0**40, engine=engine)
    model.ensure_built((3,))
    before = model.get_weights()
    loss = model.train_on_batch(X, Y)
    assert np.isfinite(loss)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.iterations.item() == 0
    assert model.optimizer.loss_scale.item() == 2.0**39
    history = model.fit(X, Y, 16, 40, 0).history["loss"]
    assert history[-1] < 1e-3
    assert 0 < model.optimizer.iterations.item() < 160


@pytest.mark.parametrize("engine", ENGINES)
def test_the_scale_doubles_after_enough_steps(engine: str) -> None:
    model = line(8.0, 3, engine)
    model.fit(X, Y, 16, 1, 0)
    assert model.optimizer.loss_scale.item() == 16.0
    assert model.optimizer.good_steps.item() == 1


def test_skipped_steps_leave_slots_averages_and_sums() -> None:
    optimizer = Adam(0.1, use_ema=True, gradient_accumulation_steps=2)
    ranvier.seed(0)
    model = Sequential([nn.Dense(1, input_shape=(3,), dtype=MIXED)])
    model.compile(LossScaleOptimizer(optimizer, 2.0**40), "mse")
    model.train_on_batch(X, Y)
    slots = [t for p in model.parameters() for t in optimizer.slots(p).items()]
    for name, t in slots:
        assert name == "average" or (t.numpy() == 0).all(), name


def test_small_gradients_count() -> None:
    def moved(scale: float) -> bool:
        model = line(scale)
        model.compile(LossScaleOptimizer(SGD(1e4), scale), "mse", loss_weights=1e-9)
        before = model.get_weights()[0]
        model.train_on_batch(X, Y)
        return bool((model.get_weights()[0] != before).all())

    assert moved(2.0**15) and not moved(1.0)


def test_what_is_not_finite_at_the_least_scale_is_named() -> None:
    class Root(nn.Layer):
        def forward(self, x: Any) -> Any:
            return ranvier.where(ranvier.less(x, 1e9), ranvier.sqrt(x - x), x)

    model = Sequential([nn.Dense(1, input_shape=(3,), dtype=MIXED), Root(name="root")])
    model.compile(LossScaleOptimizer(SGD(0.1), LEAST * 4), "mse")
    with pytest.raises(NonFiniteError, match="root"):
        model.fit(X, Y, 16, 3, 0)


def test_policy_scale_and_counter_are_saved(tmp_path: Path) -> None:
    model = line(8.0, 3)
    model.fit(X, Y, 16, 1, 0)
    path = tmp_path / "mixed.safetensors"
    model.save(path)
    ranvier.set_dtype_policy(MIXED)  # the file's policies count
    read = ranvier.load(path)
    assert read.layers[0].dtype_policy == MIXED
    assert read.optimizer.loss_scale.item() == 16.0
    assert read.optimizer.good_steps.item() == 1
    assert read.optimizer.dynamic_growth_steps == 3
    assert isinstance(read.optimizer.inner_optimizer, SGD)
    read.optimizer.learning_rate = 0.05
    assert read.optimizer.inner_optimizer.learning_rate.item() == np.float32(0.05)
    np.testing.assert_array_equal(read.predict(X), model.predict(X))
    ranvier.set_dtype_policy("float32")
    plain = Sequential([nn.Dense(1, input_shape=(3,))])
    plain.compile("adam", "mse")
    plain.save(path)
    ranvier.set_dtype_policy(MIXED)
    read = ranvier.load(path)
    assert read.layers[0].dtype_policy == "float32" and isinstance(read.optimizer, Adam)


def test_keras_names() -> None:
    from ranvier.compat.tensorflow import keras

    keras.mixed_precision.set_global_policy(MIXED)
    assert keras.config.dtype_policy() == MIXED
    assert keras.layers.Dense(1, dtype="float32").dtype_policy == "float32"
    keras.config.set_dtype_policy("float32")
    assert keras.mixed_precision.global_policy() == "float32"
