"""The digits: the network that `ranvier train digits` trains, and how well it reads."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click
import numpy as np

from ..errors import ArgumentError, DataError
from ..io.files import SUFFIX
from ..io.writing import check_output, check_suffix
from ..typing import Array
from .progress import show_time
from .text_pictures import confusion, pictures

if TYPE_CHECKING:
    from ..train.models.model import Model
    from ..train.models.sequential import Sequential

_EPOCHS = 40
STARTUP_SECONDS = time.process_time()  # processor time of starting Python and importing


def train_digits(
    hidden: str,
    activation: str,
    optimizer: str,
    epochs: int | None,
    batch_size: int,
    learning_rate: float | None,
    seed: int,
    engine: str,
    out: str,
) -> None:
    """Train on the digits, show how well the network reads the others, and save it."""
    import ranvier

    check_model_file(out)
    (x, y), (x_test, y_test) = ranvier.data.load_digits()
    ranvier.seed(seed)
    model = digits_model(x, _units(hidden), activation)
    rule = ranvier.optim.get(optimizer)
    if learning_rate is not None:
        rule.learning_rate = learning_rate
    model.compile(rule, "sparse_categorical_crossentropy", ["accuracy"], engine)
    sizes = " - ".join(map(str, [64, *_units(hidden), 10]))
    click.echo(
        f"digits: {len(x):,} images to train on, {len(x_test)} held out; 8x8 pixels, 10 classes"
    )
    click.echo(
        f"network: {sizes}, {activation}, {optimizer}; {model.count_params():,} parameters; "
        f"{engine} engine"
    )
    history = model.fit(x, y, batch_size, epochs or _EPOCHS)
    began = time.perf_counter()
    show_results(model, x_test, y_test)
    model.save(out)
    elapsed = time.perf_counter() - began
    seconds = {"import": STARTUP_SECONDS, **history.seconds, "test and save": elapsed}
    show_time(seconds)
    click.echo(f"model saved: {out}")
    show_accuracy(model, x_test, y_test)


def digits_model(images: Array, hidden: list[int], activation: str) -> Sequential:
    """A network for 8x8 images, normalized by what these are like."""
    from ..nn import Dense, Flatten, Normalize, Reshape
    from ..train.models.sequential import Sequential

    # One mean and one deviation for all pixels: each is a row of one feature.
    grey = Normalize()
    grey.adapt(images.reshape(-1, 1))
    layers = [Dense(units, activation=activation) for units in hidden]
    entry = [Reshape((64, 1), input_shape=(8, 8)), grey, Flatten()]
    return Sequential([*entry, *layers, Dense(10, activation="softmax")])


def _units(text: str) -> list[int]:
    """The units of the hidden layers in "64,32"; "" for none."""
    try:
        units = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        units = [0]
    if any(n < 1 for n in units):
        raise ArgumentError(f"--hidden {text!r}: expected integers of at least 1, such as 64,32")
    return units


def check_model_file(out: str) -> None:
    """Raise before the training what would fail after it."""
    check_suffix(out, SUFFIX)
    folder = check_output(out).parent
    if not os.access(folder, os.W_OK):
        raise ArgumentError(f"--out {out}: the folder {folder} cannot be written to")


def show_results(model: Model, x: Array, y: Array) -> None:
    """The confusion matrix, and a few misread digits."""
    read = model.predict_classes(x)
    click.echo("\nconfusion matrix (row: what it is, column: what was read)")
    click.echo(confusion(y, read, 10))
    wrong = np.flatnonzero(read != y)
    if len(wrong):
        click.echo(
            f"\n{len(wrong)} of {len(x)} misread" + (", for example:" if len(wrong) > 6 else ":")
        )
        chosen = wrong[:6]
        click.echo(pictures(x[chosen], [f"{y[i]} as {read[i]}" for i in chosen]))
    click.echo()


def show_accuracy(model: Model, x: Array, y: Array) -> None:
    accuracy = float((model.predict_classes(x) == y).mean())
    click.echo(f"test accuracy: {accuracy:.4f}")


def digits_reader(file: str) -> tuple[Model, tuple[Array, Array]]:
    """A saved model that reads digits, and the held-out ones."""
    import ranvier

    model = ranvier.load(file)
    _, (x, y) = ranvier.data.load_digits()
    if model.built_shape not in ((8, 8), (64,)) or model.output_shape(model.built_shape) != (10,):
        raise DataError(
            f"{file} takes rows of shape {model.built_shape}; a digits model takes (8, 8) or "
            "(64,) and has 10 outputs. Give other models their rows: `ranvier predict MODEL "
            "TABLE`, `ranvier evaluate MODEL TABLE --target COLUMN`"
        )
    return model, (x if model.built_shape == (8, 8) else x.reshape(len(x), 64), y)
