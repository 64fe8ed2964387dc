"""Trainings with one thing wrong, planted on purpose: at least three for each kind of finding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import ranvier
from diagnosis.clean import Run, concrete, diabetes, digits, iris, standardized, wine
from ranvier.data import train_test_split
from ranvier.nn import Activation, Dense, Dropout, SimpleRNN
from ranvier.nn.initializers import Constant, RandomNormal
from ranvier.typing import Array

SPARSE, BINARY, SQUARED = (
    "sparse_categorical_crossentropy", "binary_crossentropy", "mean_squared_error",
)  # fmt: skip
Parts = tuple[Array, Array, Array, Array]


def trained(
    parts: Parts,
    layers: list[ranvier.nn.Layer],
    loss: str,
    optimizer: Any = None,
    epochs: int = 40,
    **options: Any,
) -> Run:
    """A network of these layers, trained for so many epochs whatever comes of it."""
    x, x_held, y, y_held = parts
    model = ranvier.Sequential(layers)
    model.compile(ranvier.optim.Adam(0.003) if optimizer is None else optimizer, loss, **options)
    model.fit(x, y, epochs=epochs, verbose=0, validation_data=(x_held, y_held))
    return Run(model, x, y, (x_held, y_held))


def _of(data: Any, seed: int = 0) -> Parts:
    return standardized(data(seed)[0])


def _raw(data: Any, seed: int = 0) -> Parts:
    x, x_held, y, y_held = data(seed)[0]
    return x.astype(np.float32), x_held.astype(np.float32), y, y_held


def _few(parts: Parts, rows: int) -> Parts:
    x, x_held, y, y_held = parts
    return x[:rows], x_held, y[:rows], y_held


def _with_y(parts: Parts, change: Callable[[Array], Array]) -> Parts:
    x, x_held, y, y_held = parts
    return x, x_held, change(y), change(y_held)


def _deep(depth: int, width: int, activation: str, last: ranvier.nn.Layer, **options: Any) -> Any:
    return [Dense(width, activation, **options) for _ in range(depth)] + [last]


def rings(rows: int = 400) -> Parts:
    """Two rings, one around the other: no straight line divides them."""
    random = np.random.default_rng(0)
    angle, inner = random.uniform(0, 2 * np.pi, rows), random.random(rows) < 0.5
    radius = np.where(inner, 0.7, 1.6) + 0.1 * random.normal(size=rows)
    x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)
    split: Any = train_test_split(x, inner.astype(np.int64), test_size=0.25, seed=0)
    return split


def first_sign(length: int, rows: int = 300) -> Parts:
    """Sequences of noise; the answer is the sign of the first number."""
    x = np.random.default_rng(0).normal(size=(rows, length, 2)).astype(np.float32)
    y = (x[:, 0, 0] > 0).astype(np.int64)
    return x[:200], x[200:], y[:200], y[200:]


def noisy_labels(parts: Parts, share: float) -> Parts:
    """Some of the labels to train on replaced by others."""
    x, x_held, y, y_held = parts
    random = np.random.default_rng(0)
    wrong = random.random(len(y)) < share
    return x, x_held, np.where(wrong, random.permutation(y), y), y_held


# --- training -------------------------------------------------------------------------------------


def _overfitting() -> dict[str, Callable[[], Run]]:
    wide = lambda last: [Dense(128, "relu"), Dense(128, "relu"), last]  # noqa: E731
    return {
        "few rows": lambda: trained(
            _few(_of(diabetes), 100), wide(Dense(1, "sigmoid")), BINARY, epochs=150
        ),
        "wrong labels": lambda: trained(
            noisy_labels(_few(_of(digits), 400), 0.3), wide(Dense(10, "softmax")), SPARSE,
            epochs=60,
        ),
        "few rows of a regression": lambda: trained(
            _few(_of(wine), 120), wide(Dense(1)), SQUARED, epochs=150
        ),
        "long after the best epoch": lambda: trained(
            _of(diabetes), wide(Dense(1, "sigmoid")), BINARY, epochs=150
        ),
    }  # fmt: skip


def _underfitting() -> dict[str, Callable[[], Run]]:
    strong: dict[str, Any] = {"kernel_regularizer": ranvier.nn.regularizers.L2(1.0)}
    return {
        "a straight line between rings": lambda: trained(
            rings(), [Dense(1, "sigmoid")], BINARY, epochs=100
        ),
        "one unit in the middle": lambda: trained(
            _of(digits), [Dense(1, "tanh"), Dense(10, "softmax")], SPARSE
        ),
        "a strong penalty": lambda: trained(
            _of(concrete), [Dense(32, "relu", **strong), Dense(1, **strong)], SQUARED
        ),
        "much dropout": lambda: trained(
            _of(digits), [Dense(8, "relu"), Dropout(0.95), Dense(10, "softmax")], SPARSE,
            epochs=10,
        ),
    }  # fmt: skip


def _rate_too_high() -> dict[str, Callable[[], Run]]:
    adam, sgd, rms = ranvier.optim.Adam, ranvier.optim.SGD, ranvier.optim.RMSprop
    return {
        "Adam on digits": lambda: trained(
            _of(digits), _deep(2, 32, "relu", Dense(10, "softmax")), SPARSE, adam(1.0), 20
        ),
        "SGD on digits": lambda: trained(
            _of(digits), _deep(2, 32, "tanh", Dense(10, "softmax")), SPARSE, sgd(5.0), 20
        ),
        "RMSprop on two classes": lambda: trained(
            _of(diabetes), _deep(2, 32, "relu", Dense(1, "sigmoid")), BINARY, rms(0.5), 30
        ),
        "Adam on irises": lambda: trained(
            _of(iris), _deep(2, 16, "relu", Dense(3, "softmax")), SPARSE, adam(0.7), 60
        ),
    }


def _rate_too_low() -> dict[str, Callable[[], Run]]:
    adam, sgd = ranvier.optim.Adam, ranvier.optim.SGD
    return {
        "Adam on digits": lambda: trained(
            _of(digits), _deep(2, 32, "relu", Dense(10, "softmax")), SPARSE, adam(1e-6), 30
        ),
        "SGD on numbers": lambda: trained(
            _of(concrete), _deep(2, 32, "relu", Dense(1)), SQUARED, sgd(1e-5), 30
        ),
        "Adam on irises": lambda: trained(
            _of(iris), _deep(2, 16, "relu", Dense(3, "softmax")), SPARSE, adam(1e-5), 60
        ),
        "SGD with momentum on digits": lambda: trained(
            _of(digits), _deep(1, 32, "relu", Dense(10, "softmax")), SPARSE,
            sgd(1e-6, momentum=0.9), 20,
        ),
    }  # fmt: skip


# --- the network ----------------------------------------------------------------------------------


def _dead() -> dict[str, Callable[[], Run]]:
    off: dict[str, Any] = {"bias_initializer": Constant(-8.0)}
    sgd = ranvier.optim.SGD
    return {
        "a bias far below zero": lambda: trained(
            _of(iris), [Dense(16, "relu", **off), Dense(3, "softmax")], SPARSE
        ),
        "killed by large steps": lambda: trained(
            _of(digits), _deep(2, 32, "relu", Dense(10, "softmax")), SPARSE, sgd(10.0), 20
        ),
        "a functional relu in the second layer": lambda: trained(
            _of(digits),
            [Dense(32, "relu"), Dense(32, **off), Activation("relu"), Dense(10, "softmax")],
            SPARSE, epochs=5,
        ),
        "large raw inputs": lambda: trained(
            _with_y(_raw(concrete), lambda y: y - 3.0), _deep(2, 32, "relu", Dense(1)), SQUARED,
            ranvier.optim.Adam(0.3), 30,
        ),
    }  # fmt: skip


def _saturated() -> dict[str, Callable[[], Run]]:
    large: dict[str, Any] = {"kernel_initializer": RandomNormal(0.0, 15.0)}
    return {
        "tanh with large weights": lambda: trained(
            _of(iris), [Dense(16, "tanh", **large), Dense(3, "softmax")], SPARSE
        ),
        "sigmoid on raw inputs": lambda: trained(
            _raw(concrete), [Dense(32, "sigmoid"), Dense(1)], SQUARED, epochs=10
        ),
        "sigmoid in the second layer": lambda: trained(
            _of(digits), [Dense(32, "relu"), Dense(32, "sigmoid", **large), Dense(10, "softmax")],
            SPARSE, epochs=10,
        ),
        "a softmax inside that chooses one": lambda: trained(
            _of(digits), [Dense(16, "softmax", **large), Dense(10, "softmax")], SPARSE, epochs=10
        ),
    }  # fmt: skip


def _vanishing() -> dict[str, Callable[[], Run]]:
    small: dict[str, Any] = {"kernel_initializer": RandomNormal(0.0, 0.02)}
    sgd = ranvier.optim.SGD
    return {
        "ten layers of sigmoid": lambda: trained(
            _of(iris), _deep(10, 16, "sigmoid", Dense(3, "softmax")), SPARSE, sgd(0.01), 20
        ),
        "small weights": lambda: trained(
            _of(digits), _deep(6, 32, "elu", Dense(10, "softmax"), **small), SPARSE, sgd(0.01), 5
        ),
        "tanh with small weights": lambda: trained(
            _of(concrete), _deep(8, 32, "tanh", Dense(1), **small), SQUARED, sgd(0.01), 10
        ),
        "a long sequence": lambda: trained(
            first_sign(80), [SimpleRNN(16), Dense(1, "sigmoid")], BINARY, epochs=3
        ),
    }


def _exploding() -> dict[str, Callable[[], Run]]:
    large: dict[str, Any] = {"kernel_initializer": RandomNormal(0.0, 1.0)}
    sgd = ranvier.optim.SGD
    steep: dict[str, Any] = {"recurrent_initializer": ranvier.nn.initializers.Orthogonal(1.8)}
    return {
        "relu with large weights": lambda: trained(
            _of(iris), _deep(8, 32, "relu", Dense(3, "softmax"), **large), SPARSE, sgd(1e-12), 2
        ),
        "no activation and large weights": lambda: trained(
            _of(concrete), _deep(8, 32, "linear", Dense(1), **large), SQUARED, sgd(1e-18), 2
        ),
        "leaky relu with large weights": lambda: trained(
            _of(digits), _deep(10, 32, "leaky_relu", Dense(10, "softmax"), **large), SPARSE,
            sgd(1e-15), 2,
        ),
        "a long sequence": lambda: trained(
            first_sign(40), [SimpleRNN(16, activation="relu", **steep), Dense(1)], SQUARED,
            sgd(1e-20), 2,
        ),
    }  # fmt: skip


# --- targets and inputs ---------------------------------------------------------------------------


def _one_hot(classes: int) -> Callable[[Array], Array]:
    return lambda y: np.eye(classes, dtype=np.float32)[y]


def _wrong_loss() -> dict[str, Callable[[], Run]]:
    hidden = lambda: Dense(32, "relu")  # noqa: E731
    return {
        "squares of one-hot rows": lambda: trained(
            _with_y(_of(digits), _one_hot(10)), [hidden(), Dense(10, "softmax")], SQUARED, epochs=10
        ),
        "labels as numbers": lambda: trained(
            _of(digits), [hidden(), Dense(1)], SQUARED, epochs=10
        ),
        "yes or no for each of three classes": lambda: trained(
            _with_y(_of(iris), _one_hot(3)), [hidden(), Dense(3, "sigmoid")], BINARY, epochs=10
        ),
        "distance of yes and no": lambda: trained(
            _of(diabetes), [hidden(), Dense(1, "sigmoid")], "mean_absolute_error", epochs=10
        ),
    }  # fmt: skip


def _wrong_activation() -> dict[str, Callable[[], Run]]:
    hidden = lambda: Dense(32, "relu")  # noqa: E731
    return {
        "sigmoid for numbers": lambda: trained(
            _of(concrete), [hidden(), Dense(1, "sigmoid")], SQUARED, epochs=10
        ),
        "relu for numbers below zero": lambda: trained(
            _of(wine), [hidden(), Dense(1, "relu")], SQUARED, epochs=10
        ),
        "tanh for large numbers": lambda: trained(
            _with_y(_of(concrete), lambda y: 30 * y), [hidden(), Dense(1, "tanh")], SQUARED,
            epochs=10,
        ),
        "softmax for two numbers": lambda: trained(
            _with_y(_of(concrete), lambda y: np.stack([y, -y], axis=1)),
            [hidden(), Dense(2, "softmax")], SQUARED, epochs=10,
        ),
    }  # fmt: skip


def _inputs() -> dict[str, Callable[[], Run]]:
    hidden = lambda: Dense(32, "relu")  # noqa: E731

    def pixels() -> Parts:
        x, x_held, y, y_held = _raw(digits)
        return 16 * x, 16 * x_held, y, y_held

    def shifted() -> Parts:
        x, x_held, y, y_held = _of(diabetes)
        return x + 500, x_held + 500, y, y_held

    return {
        "a table as it is": lambda: trained(
            _raw(concrete), [hidden(), Dense(1)], SQUARED, epochs=10
        ),
        "pixels to 255": lambda: trained(pixels(), [hidden(), Dense(10, "softmax")], SPARSE),
        "far from zero": lambda: trained(shifted(), [hidden(), Dense(1, "sigmoid")], BINARY),
        "columns of different units": lambda: trained(
            _raw(diabetes), [hidden(), Dense(1, "sigmoid")], BINARY, epochs=20
        ),
    }


def _targets() -> dict[str, Callable[[], Run]]:
    hidden = lambda: Dense(32, "relu")  # noqa: E731
    scaled = lambda change: trained(  # noqa: E731
        _with_y(_of(concrete), change), [hidden(), Dense(1)], SQUARED, epochs=20
    )
    return {
        "prices": lambda: scaled(lambda y: 200_000 + 50_000 * y),
        "years": lambda: scaled(lambda y: 2000 + 10 * y),
        "tiny": lambda: scaled(lambda y: 1e-4 * y),
    }


PLANTED: dict[str, dict[str, Callable[[], Run]]] = {
    "overfitting": _overfitting(),
    "underfitting": _underfitting(),
    "dead units": _dead(),
    "saturated units": _saturated(),
    "vanishing gradients": _vanishing(),
    "exploding gradients": _exploding(),
    "learning rate too high": _rate_too_high(),
    "learning rate too low": _rate_too_low(),
    "wrong loss": _wrong_loss(),
    "wrong last activation": _wrong_activation(),
    "unscaled inputs": _inputs(),
    "unscaled targets": _targets(),
}


def planted_run(kind: str, name: str) -> Run:
    """One of them, begun from the same seed each time."""
    ranvier.seed(1)
    return PLANTED[kind][name]()
