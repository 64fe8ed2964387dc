"""Data with problems planted in them, and an examination of what a small model makes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import ranvier
from ranvier.diagnosis import CHECKS, Examination, Finding
from ranvier.nn import Dense
from ranvier.typing import Array

LOOK = {check.kind: check for check in CHECKS}


def rows(seed: int, count: int = 600, columns: int = 6) -> tuple[Array, Array]:
    """Rows of numbers and a class that three of the columns tell together."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, columns)).astype(np.float32)
    return x, (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(np.int64)


def numbers(seed: int, count: int = 600) -> tuple[Array, Array]:
    """Rows of numbers and a number that two of the columns tell together."""
    x, _ = rows(seed, count)
    noise = np.random.default_rng(seed + 1).normal(size=count)
    return x, (x[:, 0] - 2 * np.abs(x[:, 3]) + 0.3 * noise).astype(np.float32)


def digits() -> tuple[Array, Array]:
    """Handwritten digits as 64 columns."""
    (x, y), _ = ranvier.data.load_digits()
    return np.asarray(x, np.float32).reshape(len(x), -1), np.asarray(y)


def irises() -> tuple[Array, Array]:
    """The irises of both parts."""
    (x, y), (others, classes) = ranvier.data.load_iris()
    return np.concatenate([x, others]).astype(np.float32), np.concatenate([y, classes])


def examined(
    x: Array, y: Array, held: Any = None, new: Any = None, model: ranvier.Model | None = None
) -> Examination:
    """An examination; the model, if none is given, was not trained."""
    if model is None:
        ranvier.seed(0)
        if y.dtype.kind == "f":
            model = ranvier.Sequential([Dense(1)])
            model.compile("adam", "mse")
        else:
            model = ranvier.Sequential([Dense(int(y.max()) + 1, "softmax")])
            model.compile("adam", "sparse_categorical_crossentropy")
    return Examination(model, x, y, validation_data=held, new_data=new)


def found(kind: str, e: Examination) -> list[Finding]:
    """The findings of one kind."""
    check = LOOK[kind]
    assert [e.lacks(need) for need in check.needs] == [None] * len(check.needs)
    return list(check.look(e))


def names(finding: Finding, key: str) -> Sequence[str]:
    """Names among the evidence."""
    held = finding.evidence[key]
    assert isinstance(held, tuple)
    return held


def value(finding: Finding, key: str) -> Array:
    """Numbers among the evidence."""
    return np.asarray(finding.evidence[key], np.float64)


def _changed(x: Array, at: int, column: Array) -> Array:
    made = x.copy()
    made[:, at] = column
    return made


def _leak(seed: int, make: Callable[[Array], Array]) -> Examination:
    x, y = rows(seed)
    return examined(_changed(x, 4, make(y.astype(np.float32))), y)


def _noisy(x: Array, y: Array, share: float) -> Examination:
    random = np.random.default_rng(5)
    wrong = random.uniform(size=len(y)) < share
    labels = y.copy()
    labels[wrong] = (y[wrong] + random.integers(1, y.max() + 1, wrong.sum())) % (y.max() + 1)
    return examined(x, labels)


def always(favoured: int, classes: int, width: int) -> ranvier.Model:
    """A model that says the same class of all rows."""
    model = ranvier.Sequential([Dense(classes, "softmax", input_shape=(width,))])
    bias = np.zeros(classes)
    bias[favoured] = 5
    model.set_weights([np.zeros((width, classes)), bias])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def _rare(share: float, seed: int) -> Examination:
    random = np.random.default_rng(seed)
    x = random.normal(size=(1200, 3)).astype(np.float32)
    y = (random.uniform(size=1200) < share).astype(np.int64)
    return examined(x[:900], y[:900], (x[900:], y[900:]), model=always(0, 2, 3))


def _held(x: Array, y: Array, cut: int, rows: slice) -> Examination:
    return examined(x[:cut], y[:cut], (x[rows], y[rows]))


def _sorted_digits(cut: int, rows: slice) -> Examination:
    x, y = digits()
    order = np.argsort(y, kind="stable")
    return _held(x[order], y[order], cut, rows)


def _moved(change: Callable[[Array], Array]) -> Examination:
    x, y = rows(11, 1500)
    new = rows(12, 800)[0]
    return examined(x, y, new=_changed(new, 2, change(new[:, 2])))


_X, _Y = rows(6)
# What is planted of each kind, as an examination of it.
PLANTED_DATA: dict[str, dict[str, Callable[[], Examination]]] = {
    "leaking columns": {
        "the class with noise": lambda: _leak(1, lambda y: y + 0.1 * _X[:, 5]),
        "the class by other names": lambda: _leak(2, lambda y: 7 - 3 * y),
        "a mark that one class has": lambda: _leak(3, lambda y: np.where(y == 1, _X[:, 5], 99)),
    },
    "constant columns": {
        "sevens": lambda: examined(_changed(_X, 3, np.full(600, 7.0)), _Y),
        "zeros": lambda: examined(_changed(_X, 3, np.zeros(600)), _Y),
        "only in training": lambda: examined(_changed(_X, 3, np.ones(600)), _Y, new=_X[:50]),
    },
    "duplicate columns": {
        "the same": lambda: examined(_changed(_X, 4, _X[:, 1]), _Y),
        "in Fahrenheit": lambda: examined(_changed(_X, 4, 1.8 * _X[:, 1] + 32), _Y),
        "upside down": lambda: examined(_changed(_X, 4, -_X[:, 1]), _Y),
    },
    "repeated rows": {
        "all": lambda: _held(_X, _Y, 450, slice(100, 150)),
        "some": lambda: _held(_X, _Y, 450, slice(430, 600)),
        "of digits": lambda: _held(*digits(), 1000, slice(900, 1300)),
    },
    "label noise": {
        "a tenth": lambda: _noisy(*rows(1, 1500), 0.1),
        "of digits": lambda: _noisy(*digits(), 0.05),
        "of irises": lambda: _noisy(*irises(), 0.15),
    },
    "class imbalance": {
        "a twentieth": lambda: _rare(0.05, 1),
        "a tenth": lambda: _rare(0.1, 2),
        "a sixth": lambda: _rare(0.16, 3),
    },
    "missing classes": {
        "one class": lambda: _sorted_digits(1250, slice(-100, None)),
        "the last ones": lambda: _sorted_digits(1437, slice(-300, None)),
        "the first ones": lambda: _sorted_digits(1437, slice(0, 600)),
    },
    "small validation set": {
        "five rows": lambda: _held(_X, _Y, 500, slice(500, 505)),
        "twenty rows": lambda: _held(_X, _Y, 500, slice(500, 520)),
        "six numbers": lambda: _held(*numbers(9), 500, slice(500, 506)),
    },
    "drift": {
        "a shift": lambda: _moved(lambda column: column + 1),
        "another unit": lambda: _moved(lambda column: 2.54 * column),
        "gaps filled": lambda: _moved(lambda column: np.where(column > 0.4, 0, column)),
    },
}  # fmt: skip
