"""Trainings with nothing wrong: small networks on real data, scaled, stopped in time."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import ranvier
from ranvier.callbacks import EarlyStopping
from ranvier.data import train_test_split
from ranvier.nn import Dense
from ranvier.typing import Array

Split = tuple[Array, Array, Array, Array]


class Run(NamedTuple):
    """A training that is over: the model, its rows, and rows it has not seen."""

    model: ranvier.Model
    x: Array
    y: Array
    held: tuple[Array, Array]


def standardized(split: Split) -> Split:
    """Columns of mean 0 and deviation 1 on the rows to train on."""
    x, x_held, y, y_held = split
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    scaled = [((a - mean) / deviation).astype(np.float32) for a in (x, x_held)]
    return scaled[0], scaled[1], y, y_held


def _held_out(x: Array, y: Array, seed: int, classes: bool) -> Split:
    split = train_test_split(x, y, test_size=0.25, seed=seed, stratify=y if classes else None)
    return split  # type: ignore[return-value]


def table(name: str, target: str) -> tuple[Array, Array]:
    """A table of numbers of RANVIER_DATA, each of its rows once."""
    path = Path(os.environ["RANVIER_DATA"]) / "tables" / f"{name}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        head, *lines = csv.reader(file)
    rows = [*dict.fromkeys(map(tuple, lines))]  # a row on both sides of a split is no clean run
    usable = [i for i, cell in enumerate(rows[0]) if cell.replace(".", "").isdigit()]
    numbers = {head[i]: np.array([float(row[i]) for row in rows]) for i in usable}
    y = numbers.pop(target)
    return np.stack(list(numbers.values()), axis=1), y


def iris(seed: int) -> tuple[Split, int]:
    x, y = ranvier.datasets.load_iris(split=False)
    return _held_out(np.asarray(x), np.asarray(y), seed, True), 3


def digits(seed: int) -> tuple[Split, int]:
    x, y = ranvier.datasets.load_digits(split=False)
    rows = np.asarray(x).reshape(len(x), -1)
    return _held_out(rows, np.asarray(y), seed, True), 10


def diabetes(seed: int) -> tuple[Split, int]:
    x, y = table("pima_diabetes", "diabetes")
    return _held_out(x, y.astype(np.int64), seed, True), 2


def concrete(seed: int) -> tuple[Split, int]:
    x, y = table("concrete", "strength")
    return _held_out(x, ((y - y.mean()) / y.std()).astype(np.float32), seed, False), 0


def wine(seed: int) -> tuple[Split, int]:
    x, y = table("wine_quality", "quality")
    y = ((y - y.mean()) / y.std()).astype(np.float32)
    return _held_out(x[::3], y[::3], seed, False), 0


CLEAN: dict[str, Callable[[int], tuple[Split, int]]] = {
    "iris": iris, "digits": digits, "diabetes": diabetes, "concrete": concrete, "wine": wine,
}  # fmt: skip
IN_PACKAGE = ("iris", "digits")


def prepared(name: str, seed: int) -> Run:
    """A network for this data set, compiled, and the rows, split and begun by this seed."""
    split, classes = CLEAN[name](seed)
    x, x_held, y, y_held = standardized(split)
    ranvier.seed(seed)
    if classes > 2:
        last, loss = Dense(classes, "softmax"), "sparse_categorical_crossentropy"
    elif classes == 2:
        last, loss = Dense(1, "sigmoid"), "binary_crossentropy"
    else:
        last, loss = Dense(1), "mean_squared_error"
    model = ranvier.Sequential([Dense(32, "relu"), Dense(16, "relu"), last])
    model.compile(ranvier.optim.Adam(0.003), loss)
    return Run(model, x, y, (x_held, y_held))


def clean_run(name: str, seed: int) -> Run:
    """One training on this data set, stopped in time."""
    run = prepared(name, seed)
    run.model.fit(
        run.x, run.y, epochs=200, batch_size=32, verbose=0, validation_data=run.held,
        callbacks=[EarlyStopping(patience=10, restore_best_weights=True)],
    )  # fmt: skip
    return run
