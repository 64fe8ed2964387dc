"""What a workload is: data, a network, a loss, an optimiser, and how often to go over the data.

Every library gets the same `Workload` and trains it in its own best way; a file such as
`small_mlp.py` holds one.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Workload:
    """A training job, said in no library's words.

    `layers` lists (units, activation) of dense layers. `epochs` is the length of one fit, the unit
    that is timed: whatever a library does once per fit or once per epoch counts. The last batch of
    an epoch may be short, and nobody may drop it.
    """

    name: str
    title: str
    data: Callable[[], Arrays]
    layers: tuple[tuple[int, str], ...]
    loss: str  # binary_crossentropy, sparse_categorical_crossentropy or mean_squared_error
    optimizer: str  # adam or sgd
    learning_rate: float
    batch_size: int
    epochs: int
    whole_process: bool = False  # time new processes, not fits in a living one

    def steps(self, rows: int) -> int:
        """Optimiser steps in one fit."""
        return self.epochs * -(-rows // self.batch_size)


def glorot(workload: Workload, inputs: int) -> list[Arrays]:
    """Initial (kernel, bias) of each layer, for the libraries that leave this to the user."""
    random = np.random.default_rng(0)
    weights = []
    for units, _ in workload.layers:
        limit = np.sqrt(6 / (inputs + units))
        kernel = random.uniform(-limit, limit, size=(inputs, units)).astype(np.float32)
        weights.append((kernel, np.zeros(units, np.float32)))
        inputs = units
    return weights


def data_folder(name: str) -> Path | None:
    """The folder `name` below RANVIER_DATA, if there is one."""
    folder = Path(os.environ.get("RANVIER_DATA", "")) / name
    return folder if folder.is_dir() else None


def made_up(rows: int, inputs: int, classes: int = 2) -> Arrays:
    """Random rows, their class a noisy linear map; two classes give a column of 0 and 1."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, inputs), dtype=np.float32)
    score = x @ random.standard_normal((inputs, classes), dtype=np.float32)
    # Without noise the loss goes to 0 and training runs on denormal numbers.
    score += np.sqrt(inputs) / 2 * random.standard_normal(score.shape, dtype=np.float32)
    labels = score.argmax(axis=1)
    return x, labels[:, None].astype(np.float32) if classes == 2 else labels.astype(np.int32)


def adult() -> Arrays:
    """UCI Adult: 14 columns, categories as numbers, standardised; is the income above 50,000?"""
    folder = data_folder("adult")
    if folder is None:
        return made_up(rows=32_561, inputs=14)
    with open(folder / "adult-train.csv", newline="") as file:
        table = [row for row in csv.reader(file, skipinitialspace=True) if row]
    columns = []
    for column in list(zip(*table, strict=True))[:-1]:
        if all(value.lstrip("-").isdigit() for value in column):
            columns.append(np.array(column, np.float32))
        else:
            columns.append(np.unique(column, return_inverse=True)[1].astype(np.float32))
    x = np.stack(columns, axis=1)
    y = np.array([[row[-1].startswith(">")] for row in table], np.float32)
    return np.ascontiguousarray((x - x.mean(axis=0)) / x.std(axis=0), np.float32), y


def mnist() -> Arrays:
    """The 60,000 training digits as rows of 784 numbers from 0 to 1."""
    folder = data_folder("mnist")
    if folder is None:
        return made_up(rows=60_000, inputs=784, classes=10)
    images = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
    return x, np.frombuffer(labels, np.uint8, offset=8).astype(np.int32)
