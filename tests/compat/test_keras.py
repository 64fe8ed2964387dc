"""Keras' and TensorFlow's names: import paths, custom models and layers, tapes, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
import ranvier.compat.tensorflow as tf
from compat.snippets import run
from ranvier.compat.tensorflow import keras
from ranvier.errors import ArgumentError, DataError

X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.int64)

PATHS = """
    import tensorflow as tf
    import tensorflow
    import keras
    from tensorflow import keras
    from tensorflow.keras import layers, models, optimizers, losses, metrics, callbacks
    from tensorflow.keras import regularizers, initializers, activations, utils, datasets
    from tensorflow.keras.models import Sequential, Model, load_model
    from tensorflow.keras.layers import Dense, Dropout, Flatten, Activation, Input, Reshape
    from tensorflow.keras.optimizers import SGD, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax
    from tensorflow.keras.optimizers import Nadam
    from tensorflow.keras.optimizers.schedules import ExponentialDecay
    from tensorflow.keras.losses import BinaryCrossentropy, mean_squared_error
    from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
    from tensorflow.keras.utils import to_categorical
    from tensorflow.keras.datasets import mnist
    from keras.layers import Dense
    import tensorflow.keras.layers as L
    import tensorflow.keras.backend as K
    K.clear_session()
    same = tf.keras.layers.Dense is Dense is L.Dense is tensorflow.keras.layers.Dense
"""


def test_import_paths_of_tutorials() -> None:
    assert run(PATHS)["same"]


def network(**first: Any) -> Any:
    return keras.Sequential(
        [
            keras.layers.Dense(8, activation="relu", **first),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )


@pytest.mark.parametrize("first", [{"input_shape": (4,)}, {"input_dim": 4}])
def test_the_input_can_be_declared_on_the_first_layer(first: dict[str, Any]) -> None:
    assert network(**first).count_params() == 49


def test_the_input_can_be_declared_before_or_after() -> None:
    assert keras.Sequential([keras.Input(shape=(4,)), *network().layers]).count_params() == 49
    model = network()
    model.build((None, 4))
    assert model.count_params() == 49


@pytest.mark.usefixtures("engine")
def test_fit_evaluate_predict_and_history() -> None:
    keras.utils.set_random_seed(0)
    model = network()
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.01),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="right"), "Precision"],
        jit_compile=True,
    )
    history = model.fit(X, Y, epochs=30, validation_split=0.25, verbose=0).history
    assert set(history) == {"loss", "right", "Precision"} | {
        f"val_{name}" for name in ("loss", "right", "Precision")
    }
    assert history["loss"][-1] < history["loss"][0]
    assert len(model.evaluate(X, Y, verbose=0)) == 3
    assert model.predict(X, verbose=0).shape == (64, 1)


def test_summary_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    network(input_dim=4).summary()
    assert "49 parameters" in capsys.readouterr().out


class Net(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(8, activation="tanh")
        self.drop = keras.layers.Dropout(0.5)
        self.out = keras.layers.Dense(1, activation="sigmoid")

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.out(self.drop(self.hidden(inputs), training=training))


@pytest.mark.usefixtures("engine")
def test_a_subclass_with_call_is_fitted() -> None:
    model = Net()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(X, Y, epochs=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert len(model.trainable_variables) == 4
    np.testing.assert_array_equal(model(X), model(X, training=False))
    assert not np.array_equal(model(X, training=True), model(X, training=True))


class Scaled(keras.layers.Layer):
    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = units

    def build(self, input_shape: Any) -> None:
        assert input_shape[0] is None
        self.w = self.add_weight(
            shape=(input_shape[1], self.units), initializer="random_normal", trainable=True
        )

    def call(self, inputs: Any) -> Any:
        return tf.matmul(inputs, self.w)


def test_a_layer_of_ones_own() -> None:
    model = keras.Sequential([Scaled(3), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=1, verbose=0)
    assert model.layers[0].w.shape == (4, 3)


def test_the_one_weight_by_a_tape_eager_and_compiled() -> None:
    for wrap in (lambda f: f, tf.function):
        w = tf.Variable(5.0)
        optimizer = keras.optimizers.SGD(learning_rate=0.1)

        def step(w: Any = w, optimizer: Any = optimizer) -> Any:
            with tf.GradientTape() as tape:
                loss = 0.5 * tf.square(w * 2.0 - 6.0)
            gradient = tape.gradient(loss, w)
            optimizer.apply_gradients([(gradient, w)])
            return gradient

        assert wrap(step)().numpy() == 8.0
        assert w.numpy() == pytest.approx(4.2)


def test_tapes_nest_and_watch_constants() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        slope = inner.gradient(y, x)
    assert slope.numpy() == 27 and outer.gradient(slope, x).numpy() == 18
    v, other = tf.Variable([1.0, 2.0]), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(v * v)
    found, none = tape.gradient(y, [v, other])
    assert found.numpy().tolist() == [2, 4] and none is None


def test_a_loop_of_ones_own_with_trainable_variables() -> None:
    model = network(input_dim=4)
    optimizer, loss_fn = keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy()

    @tf.function
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = loss_fn(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    losses = [float(step(X, Y)) for _ in range(50)]
    assert losses[-1] < losses[0]


def test_basic_mathematics() -> None:
    a = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert tf.reduce_mean(a).numpy() == 2.5
    assert tf.reduce_sum(a, axis=0).numpy().tolist() == [4, 6]
    assert tf.argmax(a).numpy().tolist() == [1, 1]
    assert tf.matmul(a, a, transpose_b=True).numpy().tolist() == [[5, 11], [11, 25]]
    assert tf.transpose(a).numpy().tolist() == [[1, 3], [2, 4]]
    assert tf.cast(tf.constant([0.0, 1.5]), tf.int32).numpy().tolist() == [0, 1]
    assert tf.one_hot([1], depth=3).numpy().tolist() == [[0, 1, 0]]
    outside = tf.one_hot([-1, 3], depth=3)
    assert outside.numpy().tolist() == tf.zeros((2, 3)).numpy().tolist()
    assert keras.ops.one_hot([-1, 3], num_classes=3).numpy().tolist() == outside.numpy().tolist()
    assert [p.shape for p in tf.split(a, [1, 1], axis=1)] == [(2, 1), (2, 1)]
    w = tf.Variable(1.0)
    assert w.assign_add(2.0).numpy() == 3.0 and type(w * 2) is ranvier.Tensor
    np.testing.assert_allclose(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[0.0, 0.0]]).numpy(),
        [np.log(2)],
    )  # fmt: skip


def test_a_saved_model_comes_back_here_and_in_ranvier(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input(shape=(4,)), keras.Sequential([keras.layers.Dense(3)]), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is type(again.layers[0]) is keras.Sequential
    for other in (again, ranvier.load(tmp_path / "model.keras")):
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        other.fit(X, Y, verbose=0)


def test_models_inside_models_come_back_as_models_of_keras(tmp_path: Path) -> None:
    x = keras.Input(shape=(4,))
    inner = keras.Model(x, keras.layers.Dense(3)(x))
    y = keras.Input(shape=(4,))
    model = keras.Model(y, keras.Sequential([inner, keras.layers.Dense(1)])(y))
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.keras")
    kinds = [keras.Model, keras.Sequential, keras.Model]
    for again in (
        keras.models.load_model(tmp_path / "model.keras"),
        keras.models.model_from_json(model.to_json()),
    ):
        models = [layer for layer in again.sublayers() if isinstance(layer, ranvier.Model)]
        assert [type(m) for m in models] == kinds
    inside = [
        m
        for m in ranvier.load(tmp_path / "model.keras").sublayers()
        if isinstance(m, ranvier.Model)
    ]
    assert not any(isinstance(m, keras.Model | keras.Sequential) for m in inside)


def test_run_eagerly_is_the_reference_engine() -> None:
    model = network()
    model.compile("adam", "mse", run_eagerly=True)
    assert model.engine == "reference"


def test_to_categorical() -> None:
    np.testing.assert_array_equal(keras.utils.to_categorical([[2], [0]]), [[0, 0, 1], [1, 0, 0]])
    assert keras.utils.to_categorical([0, 1], 4).shape == (2, 4)
    with pytest.raises(DataError, match="from 0 to 2"):
        keras.utils.to_categorical([0, 3], 3)


def test_what_is_not_there_says_what_to_do() -> None:
    with pytest.raises(ArgumentError, match="must be made with ranvier.Input"):
        keras.Model(inputs=1, outputs=2)
    with pytest.raises(ArgumentError, match="did you mean 'metrics'"):
        network().compile("adam", "mse", metric=["accuracy"])
