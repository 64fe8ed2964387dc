"""The worked examples of every introduction to neural networks, with their numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_regression

import ranvier
from engines import ENGINES
from ranvier import Sequential
from ranvier.nn import Dense, Flatten
from ranvier.optim import SGD, Adam

AND = ([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
OR = (AND[0], [0, 1, 1, 1])
XOR = (AND[0], [0, 1, 1, 0])


# --- one weight: w = 5, x = 2, label 6, learning rate 0.1 ----------------------------------------


def one_weight() -> Sequential:
    model = Sequential([Dense(1, use_bias=False, input_shape=(1,))])
    model.set_weights([np.array([[5.0]], np.float32)])
    return model


ONE_WEIGHT = [("half_squared_error", 8.0, 4.2), ("mean_squared_error", 16.0, 3.4)]


@pytest.mark.parametrize(("loss", "gradient", "after"), ONE_WEIGHT)
def test_one_weight_by_backward(loss: str, gradient: float, after: float) -> None:
    w = ranvier.tensor(5.0, requires_grad=True)
    ranvier.losses.get(loss)(ranvier.tensor([6.0]), ranvier.reshape(w * 2.0, (1,))).backward()
    assert w.grad is not None and w.grad.item() == gradient
    assert np.float32(5.0 - 0.1 * w.grad.item()) == np.float32(after)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("loss", "gradient", "after"), ONE_WEIGHT)
def test_one_weight_by_a_compiled_step(
    engine: str, loss: str, gradient: float, after: float
) -> None:
    w = ranvier.tensor(5.0, requires_grad=True)
    rule, measure = SGD(w, lr=0.1), ranvier.losses.get(loss)

    @ranvier.compile(engine=engine)
    def step(x: ranvier.Tensor, y: ranvier.Tensor) -> None:
        rule.zero_grad()
        measure(y, w * x).backward()
        rule.step()

    step(ranvier.tensor([2.0]), ranvier.tensor([6.0]))
    assert w.grad is not None and w.grad.item() == gradient
    assert w.item() == pytest.approx(after, rel=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("loss", "gradient", "after"), ONE_WEIGHT)
def test_one_weight_by_fit(engine: str, loss: str, gradient: float, after: float) -> None:
    model = one_weight()
    model.compile(SGD(learning_rate=0.1), loss, engine=engine)
    model.fit([[2.0]], [6.0], verbose=0)
    assert model.get_weights()[0].item() == pytest.approx(after, rel=1e-6)
    model.fit([[2.0]], [6.0], epochs=60, verbose=0)
    assert model.get_weights()[0].item() == pytest.approx(3.0, abs=1e-5)


# --- logic gates ---------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_a_small_sigmoid_network_learns_xor(engine: str) -> None:
    ranvier.seed(1)
    model = Sequential(
        [Dense(4, activation="sigmoid", input_shape=(2,)), Dense(1, activation="sigmoid")]
    )
    model.compile(Adam(learning_rate=0.1), "binary_crossentropy", ["accuracy"], engine=engine)
    history = model.fit(*XOR, batch_size=4, epochs=500, verbose=0)
    assert history.history["loss"][-1] < 0.05
    assert model.predict_classes(XOR[0]).tolist() == XOR[1]
    assert model.evaluate(*XOR, return_dict=True)["accuracy"] == 1.0


def perceptron(engine: str) -> Sequential:
    model = Sequential([Dense(1, activation="step", kernel_initializer="zeros", input_shape=(2,))])
    model.compile(SGD(learning_rate=1.0), "perceptron", ["accuracy"], engine=engine)
    return model


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("gate", [AND, OR], ids=["and", "or"])
def test_a_perceptron_learns_and_and_or(engine: str, gate: tuple[list, list]) -> None:
    model = perceptron(engine)
    model.fit(*gate, batch_size=1, epochs=30, shuffle=False, verbose=0)
    assert model.predict_classes(gate[0]).tolist() == gate[1]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_perceptron_cannot_learn_xor(engine: str) -> None:
    model = perceptron(engine)
    history = model.fit(*XOR, batch_size=1, epochs=200, shuffle=False, verbose=0)
    assert max(history.history["accuracy"]) < 1.0
    assert (model.predict_classes(XOR[0]) == XOR[1]).mean() <= 0.75


# --- the snippets that the introductions print ---------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_keras_style_classification(engine: str) -> None:
    ranvier.seed(0)
    rng = np.random.default_rng(0)
    x = rng.random((1000, 10))
    y = (x.sum(axis=1) > 5).astype(int)
    model = Sequential()
    model.add(Dense(10, activation="relu", input_shape=(10,)))
    model.add(Dense(10, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"], engine=engine)
    history = model.fit(x, y, epochs=10, batch_size=32, verbose=0)
    assert list(history.history) == ["loss", "accuracy"]
    assert len(history.history["loss"]) == 10
    assert history.history["loss"][-1] < history.history["loss"][0]
    loss, accuracy = model.evaluate(x, y)
    assert 0.5 < accuracy <= 1.0 and loss < 0.7


@pytest.mark.parametrize("engine", ENGINES)
def test_keras_style_regression_with_a_flat_target(engine: str) -> None:
    ranvier.seed(0)
    x, y = make_regression(n_samples=100, n_features=1, noise=10.0, random_state=0)
    assert y.shape == (100,)
    model = Sequential([Dense(1, input_shape=(1,))])
    model.compile(optimizer="sgd", loss="mean_squared_error", engine=engine)
    epochs = 1000 if engine == "compiled" else 60
    history = model.fit(x, y, epochs=epochs, verbose=0)
    best = np.polyfit(x[:, 0], y, 1)
    floor = float(((np.polyval(best, x[:, 0]) - y) ** 2).mean())
    assert len(history.history["loss"]) == epochs
    assert model.evaluate(x, y) == pytest.approx(floor, rel=0.05)
    assert model.get_weights()[0].item() == pytest.approx(best[0], rel=0.05)


# --- real images ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_mnist_in_ten_epochs() -> None:
    try:
        (x, y), (x_test, y_test) = ranvier.data.load_mnist()
    except ranvier.errors.DataError as missing:
        pytest.skip(str(missing).splitlines()[0])
    ranvier.seed(0)
    model = Sequential([Flatten(), Dense(128, activation="relu"), Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"], engine="compiled")
    model.fit(x / np.float32(255), y, batch_size=128, epochs=10, verbose=0)
    assert model.evaluate(x_test / np.float32(255), y_test)[1] >= 0.975
