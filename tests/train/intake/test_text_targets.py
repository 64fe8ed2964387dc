"""Targets that are text: a loss for numbers refuses them and says what they look like; a loss for
classes takes labels, and refuses numbers that were only never read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pytest

import ranvier
from ranvier import Sequential, losses
from ranvier.data import as_array, stream_batches, stream_csv
from ranvier.data.cell_kinds import kind_of_cells
from ranvier.errors import DataError
from ranvier.nn import Dense

ROWS = 60
X = np.random.default_rng(0).normal(size=(ROWS, 3)).astype(np.float32)
NUMBERS = [round(1.37 * i - 5, 2) for i in range(ROWS)]
TEXTS: dict[str, tuple[list[str], str]] = {
    "number": ([f"{v}" for v in NUMBERS], "numbers written as text such as '-5.0' in row 0"),
    "comma": (
        [f"{v}".replace(".", ",") for v in NUMBERS],
        "numbers with a decimal comma such as '-5,0' in row 0",
    ),
    "thousands": (
        [f"{1000 * abs(v):,.0f}" for v in NUMBERS],
        "numbers with marks between the thousands such as '5,000' in row 0",
    ),
    "percent": ([f"{abs(v)} %" for v in NUMBERS], "numbers with a percent sign"),
    "currency": ([f"${abs(v)}" for v in NUMBERS], "amounts of money such as '[$]5.0' in row 0"),
    "bound": ([*[f"{v}" for v in NUMBERS[1:]], ">80"], "numbers with <, > or [+] such as '>80'"),
    "unit": ([f"{abs(v)} kg" for v in NUMBERS], "numbers with a unit such as '5.0 kg' in row 0"),
    "gaps": (
        [*[f"{v}" for v in NUMBERS[1:]], ""],
        "numbers, but for 1 that is missing: '' in row 59",
    ),
    "a word among numbers": (
        [*[f"{v}" for v in NUMBERS[1:]], "many"],
        "numbers, but for 1 that is not: 'many' in row 59",
    ),
    "date": ([f"2024-0{1 + i % 9}-{10 + i // 9}" for i in range(ROWS)], "dates such as '2024-01-1"),
    "time": ([f"{i % 24}:{i:02}" for i in range(ROWS)], "times of day such as '0:00' in row 0"),
    "text": ([f"a long word {i}" for i in range(ROWS)], "free text such as 'a long word 0'"),
    "answers": (["yes", "no"] * (ROWS // 2), "yes and no such as 'yes' in row 0"),
    "labels": (["cat", "dog"] * (ROWS // 2), "'cat' in row 0"),
}
LOSSES = sorted(losses.CLASSES)
OF_NUMBERS = {
    "HalfSquaredError", "Huber", "KLDivergence", "LogCosh", "MeanAbsoluteError",
    "MeanSquaredError", "Poisson",
}  # fmt: skip


def model_for(loss: Any, outputs: int = 1) -> Sequential:
    softmax = loss in ("CategoricalCrossentropy", "SparseCategoricalCrossentropy")
    activation = "tanh" if loss in ("Hinge", "SquaredHinge", "Perceptron") else "sigmoid"
    last = Dense(2, "softmax") if softmax else Dense(outputs, activation)
    model = Sequential([last])
    model.compile("sgd", loss, engine="reference")
    return model


@pytest.mark.parametrize("kind", TEXTS)
def test_cells_are_described(kind: str) -> None:
    texts, message = TEXTS[kind]
    assert kind_of_cells(texts).description.startswith(
        message.replace("[$]", "$").replace("[+]", "+")
    )
    for y in (np.array(texts), pandas.Series(texts), polars.Series(texts), texts):
        with pytest.raises(DataError, match=message):
            model_for("mse").fit(X, y, verbose=0)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", TEXTS)
def test_every_loss_with_every_kind_of_text(loss: str, kind: str) -> None:
    texts, message = TEXTS[kind]
    model = model_for(loss)
    if loss in OF_NUMBERS:
        with pytest.raises(DataError, match=rf"y: {model.loss.name} needs numbers.*{message}"):
            model.fit(X, texts, verbose=0)
    elif kind in ("answers", "labels"):
        model.fit(X, texts, verbose=0)
        assert set(model.predict_classes(X)) <= set(texts)
    else:  # too many to be classes
        with pytest.raises((DataError, ranvier.errors.ShapeError)) as caught:
            model.fit(X, texts, verbose=0)
        if kind not in ("number", "text"):
            assert message.partition(" such")[0].replace("[+]", "+") in str(caught.value)


def test_no_loss_is_left_out() -> None:
    assert {name for name, cls in losses.CLASSES.items() if cls.learns_numbers} == OF_NUMBERS


ENTRIES: dict[str, Callable[[Any, Any], Any]] = {
    "fit": lambda m, y: m.fit(X, y, verbose=0),
    "fit by batches": lambda m, y: m.fit(iter([(X, y)]), verbose=0),
    "evaluate": lambda m, y: m.evaluate(X, y),
    "evaluate by batches": lambda m, y: m.evaluate(stream_batches([(X, y)])),
    "train_on_batch": lambda m, y: m.train_on_batch(X, y),
    "test_on_batch": lambda m, y: m.test_on_batch(X, y),
    "validation_data": lambda m, y: m.fit(X, X[:, 0], verbose=0, validation_data=(X, y)),
    "verify": lambda m, y: m.verify(X, y, verbose=0),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_refuses_text_for_numbers(entry: str) -> None:
    with pytest.raises(DataError, match="mean_squared_error needs numbers.*decimal comma"):
        ENTRIES[entry](model_for("mse"), TEXTS["comma"][0])


def test_models_that_were_compiled_again_refuse_too() -> None:
    labels = TEXTS["labels"][0]
    model = model_for("BinaryCrossentropy")
    model.fit(X, labels, verbose=0)
    model.compile("sgd", "mse", engine="reference")
    with pytest.raises(DataError, match="tell 2 classes apart.*'sigmoid'.*binary_crossentropy"):
        model.fit(X, labels, verbose=0)


def test_every_output_says_what_its_texts_look_like() -> None:
    x = ranvier.Input(shape=(3,))
    model = ranvier.Model(x, [Dense(1, name="price")(x), Dense(1, name="size")(x)])
    model.compile("sgd", "mse", engine="reference")
    with pytest.raises(DataError, match=r"y\['size'\]: mean_squared_error needs.*decimal comma"):
        model.fit(X, [X[:, 0], TEXTS["comma"][0]], verbose=0)


def test_few_numbers_as_text_may_be_labels() -> None:
    model = model_for("BinaryCrossentropy")
    model.fit(X, ["0", "1"] * (ROWS // 2), verbose=0)
    assert model.classes is not None and model.classes.tolist() == ["0", "1"]


def test_a_function_as_loss_takes_labels_and_no_numbers() -> None:
    model = model_for(lambda y, p: ranvier.mean((p - y) ** 2, axis=-1))
    model.fit(X, TEXTS["labels"][0], verbose=0)
    other = model_for(lambda y, p: ranvier.mean((p - y) ** 2, axis=-1))
    with pytest.raises(DataError, match="decimal comma"):
        other.fit(X, TEXTS["comma"][0], verbose=0)


# --- features -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TEXTS)
def test_features_are_described_too(kind: str, tmp_path: Path) -> None:
    texts, message = TEXTS[kind]
    words = "text such as 'cat'" if kind == "labels" else message
    for table in (pandas.DataFrame({"a": texts}), polars.DataFrame({"a": texts})):
        with pytest.raises(DataError, match=rf"'a' \({words}"):
            as_array(table)
    for x in ([[t] for t in texts], np.array(texts, object), {"a": texts}):
        with pytest.raises(DataError, match=rf"expected numbers, got text \({message}"):
            as_array(x)
    if kind == "number":
        return
    path = tmp_path / "a.csv"
    pandas.DataFrame({"b": 1, "a": texts, "y": 0}).to_csv(path, index=False)
    stream = stream_csv(path, "y")
    with pytest.raises(DataError, match=f"Column 'a' holds .*{message.partition(' such')[0]}"):
        list(stream)
