"""What a workload is: data, a network, a loss, an optimizer, and how often each is used.

Every library gets the same `Workload` and does it in its own best way; a file such as
`small_mlp.py` holds one or a few, in `WORKLOADS`.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Dense:
    """A fully connected layer."""

    units: int
    activation: str = "linear"


@dataclass(frozen=True)
class Conv:
    """A convolution of size x size windows, without padding."""

    filters: int
    size: int
    activation: str = "linear"


@dataclass(frozen=True)
class MaxPool:
    """The largest of each size x size window, windows side by side."""

    size: int


@dataclass(frozen=True)
class Flatten:
    """Each row as one line of numbers."""


@dataclass(frozen=True)
class Transformer:
    """A whole GPT as in nanoGPT, without biases: ids in, logits of the next id out."""

    vocabulary: int
    depth: int
    heads: int
    width: int
    context: int


@dataclass(frozen=True)
class Recurrent:
    """A whole network: a vector for each id, an LSTM, logits of the next id at every position."""

    vocabulary: int
    width: int
    units: int
    context: int


@dataclass(frozen=True)
class Stem:
    """A 3 x 3 convolution that keeps the size, batch normalization, relu."""

    filters: int


@dataclass(frozen=True)
class Residual:
    """relu(F(x) + x): F is two 3 x 3 convolutions, each with batch normalization, relu between.

    With `strides` the image becomes smaller; x then goes through a 1 x 1 convolution and a
    normalization.
    """

    filters: int
    strides: int = 1


@dataclass(frozen=True)
class GlobalMean:
    """The mean of each channel."""


Layer = Dense | Conv | MaxPool | Flatten | Stem | Residual | GlobalMean | Transformer | Recurrent


@dataclass(frozen=True)
class Workload:
    """A job, said in the terms of no library.

    `job` is what is timed: "train" (one fit of `epochs`: whatever a library does once per fit or
    once per epoch counts; the last batch of an epoch may be short, and nobody may drop it),
    "predict" (`calls` times the output for the first `batch_size` rows, NumPy in, NumPy out), or
    "matmul" (`calls` times the product of the two arrays that `data` gives).
    """

    name: str
    title: str
    data: Callable[[], Arrays]
    layers: tuple[Layer, ...] = ()
    loss: str = ""  # binary_crossentropy, sparse_categorical_crossentropy or mean_squared_error
    optimizer: str = "adam"  # or sgd
    learning_rate: float = 0.001
    batch_size: int = 1
    epochs: int = 1
    job: str = "train"
    calls: int = 1
    threads: int | None = None  # hold every library to so many
    whole_process: bool = False  # time new processes, not work in a living one

    def steps(self, rows: int) -> int:
        """Optimizer steps in one fit, or calls."""
        return self.epochs * -(-rows // self.batch_size) if self.job == "train" else self.calls

    @property
    def has_images(self) -> bool:
        """Rows are images, not lines of numbers."""
        return any(isinstance(layer, Conv | Stem) for layer in self.layers)

    @property
    def has_text(self) -> bool:
        """Rows are ids, and the network is one Transformer or Recurrent."""
        return any(isinstance(layer, Transformer | Recurrent) for layer in self.layers)


Kernel = tuple[tuple[int, ...], int]


def normed(layer: Stem | Residual, row: tuple[int, ...]) -> list[Kernel]:
    """The kernels of a layer with batch normalization: of x, of what that gives, of the shortcut.

    >>> normed(Residual(8, 2), (6, 6, 4))
    [((3, 3, 4, 8), 9), ((3, 3, 8, 8), 9), ((1, 1, 4, 8), 9)]
    """
    channels, filters = row[2], layer.filters
    if isinstance(layer, Stem):
        return [((3, 3, channels, filters), row[0] * row[1])]
    positions = -(-row[0] // layer.strides) * -(-row[1] // layer.strides)
    kernels_of_block = [
        ((3, 3, channels, filters), positions),
        ((3, 3, filters, filters), positions),
    ]
    return kernels_of_block + (
        [((1, 1, channels, filters), positions)] if layer.strides > 1 else []
    )


def kernels(workload: Workload, row: tuple[int, ...]) -> list[Kernel | list[Kernel]]:
    """For each layer the shape of its kernel, () if it has none, and the number of positions of a
    row at which it is applied; of layers with batch normalization a list of them.

    >>> kernels(Workload("", "", None, (Conv(8, 3), MaxPool(2), Flatten(), Dense(10))), (6, 6, 1))
    [((3, 3, 1, 8), 16), ((), 0), ((), 0), ((32, 10), 1)]
    """
    shapes: list[Kernel | list[Kernel]] = []
    for layer in workload.layers:
        kernel: tuple[int, ...] = ()
        if isinstance(layer, Stem | Residual):
            shapes.append(normed(layer, row))
            shrunk = layer.strides if isinstance(layer, Residual) else 1
            row = (-(-row[0] // shrunk), -(-row[1] // shrunk), layer.filters)
            continue
        if isinstance(layer, Dense):
            kernel, row = (row[-1], layer.units), (layer.units,)
        elif isinstance(layer, Conv):
            kernel = (layer.size, layer.size, row[2], layer.filters)
            row = (row[0] - layer.size + 1, row[1] - layer.size + 1, layer.filters)
        elif isinstance(layer, MaxPool):
            row = (row[0] // layer.size, row[1] // layer.size, row[2])
        elif isinstance(layer, GlobalMean):
            row = row[2:]
        else:
            row = (prod(row),)
        shapes.append((kernel, prod(row[:-1]) if kernel else 0))
    return shapes


def cost(workload: Workload, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """FLOP of the products in one step or call, and bytes of weights and Adam's slots it moves.

    Training takes every product three times, forward and once for each gradient; nobody asks for
    the gradient of x. An update reads weight, gradient and slots and writes all but the gradient.
    """
    if workload.job == "matmul":
        return {"flop": 2 * x.shape[0] * x.shape[1] * y.shape[1], "bytes": 0}
    if workload.has_text:
        return _cost_of_text(workload.layers[0], workload.batch_size)
    each = [k if isinstance(k, list) else [k] for k in kernels(workload, x.shape[1:])]
    used = [
        (shape, times) for kernels_of_layer in each for shape, times in kernels_of_layer if shape
    ]
    products = [2 * prod(shape) * times * workload.batch_size for shape, times in used]
    weights = sum(prod(shape) + shape[-1] for shape, _ in used)
    if workload.job == "predict":
        return {"flop": sum(products), "bytes": 4 * weights}
    moved = 7 if workload.optimizer == "adam" else 3
    return {"flop": 3 * sum(products) - products[0], "bytes": 4 * moved * weights}


def _cost_of_text(layer: Transformer | Recurrent, rows: int) -> dict[str, float]:
    """Of a training step; every position attends to every position, as the products are done."""
    if isinstance(layer, Recurrent):
        weights = 4 * layer.units * (layer.width + layer.units + 1)
        weights += (layer.units + 1) * layer.vocabulary
        held = weights + layer.vocabulary * layer.width
        return {"flop": 6 * weights * rows * layer.context, "bytes": 4 * 7 * held}
    weights = 12 * layer.width**2 * layer.depth
    attention = 2 * layer.context * layer.width * layer.depth
    products = 2 * (weights + attention + layer.vocabulary * layer.width)
    held = weights + (layer.vocabulary + layer.context) * layer.width
    return {"flop": 3 * products * rows * layer.context, "bytes": 4 * 7 * held}


def glorot(workload: Workload, row: tuple[int, ...]) -> list:
    """Initial (kernel, bias) of each layer, for the libraries that leave this to the user; of
    layers with batch normalization a list of (kernel, gamma, beta).
    """
    random = np.random.default_rng(0)

    def kernel(shape: tuple[int, ...]) -> np.ndarray:
        limit = np.sqrt(6 / (prod(shape[:-2]) * (shape[-2] + shape[-1])))
        return random.uniform(-limit, limit, size=shape).astype(np.float32)

    weights: list = []
    for shapes in kernels(workload, row):
        if isinstance(shapes, list):
            ends = [np.full(shape[-1], i, np.float32) for shape, _ in shapes for i in (1, 0)]
            weights.append(
                [(kernel(s), *ends[2 * i : 2 * i + 2]) for i, (s, _) in enumerate(shapes)]
            )
        elif shapes[0]:
            weights.append((kernel(shapes[0]), np.zeros(shapes[0][-1], np.float32)))
        else:
            weights.append(())
    return weights


def find(name: str) -> tuple[Workload, ...]:
    """The workloads called so: "matmul" all that matmul.py holds, "matmul.1" one of them."""
    workloads = importlib.import_module(name.partition(".")[0]).WORKLOADS
    return tuple(w for w in workloads if name in (w.name, w.name.partition(".")[0]))


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
    """UCI Adult: 14 columns, categories as numbers, standardized; is the income above 50,000?"""
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


def mnist(rows: int = 60_000) -> Arrays:
    """The first training digits as rows of 784 numbers from 0 to 1."""
    folder = data_folder("mnist")
    if folder is None:
        return made_up(rows, inputs=784, classes=10)
    images = gzip.decompress((folder / "train-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes())
    x = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784)[:rows].astype(np.float32)
    x /= 255
    return x, np.frombuffer(labels, np.uint8, offset=8)[:rows].astype(np.int32)


def images(rows: int) -> Arrays:
    """The first digits as images of 28 x 28 x 1."""
    x, y = mnist(rows)
    return x.reshape(-1, 28, 28, 1), y
