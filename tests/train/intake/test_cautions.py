"""Words that save an hour, and silence where all is well."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Sequential, nn, optim
from ranvier.errors import NonFiniteError, RanvierWarning
from ranvier.nn import Dense

RNG = np.random.default_rng(0)


def blobs(rows: int = 120, classes: int = 3) -> tuple[Any, Any]:
    """Rows sorted by class."""
    y = np.repeat(np.arange(classes), rows // classes)
    return (RNG.normal(size=(len(y), 2)) + y[:, None]).astype(np.float32), y


def classifier(loss: str = "sparse_categorical_crossentropy", outputs: int = 3) -> Sequential:
    activation = {"binary_crossentropy": "sigmoid", "hinge": "tanh"}.get(loss, "softmax")
    model = Sequential([Dense(outputs, activation)])
    model.compile("adam", loss, engine="reference")
    return model


# --- rows sorted by class -----------------------------------------------------------------------


def test_rows_sorted_by_class_are_reported_once() -> None:
    x, y = blobs()
    model = classifier()
    with pytest.warns(RanvierWarning, match="24 rows held out are all of class 2.*permutation"):
        model.fit(x, y, epochs=1, verbose=0, validation_split=0.2)
    model.fit(x, y, epochs=1, verbose=0, validation_split=0.2)


@pytest.mark.parametrize("form", ["text", "one-hot", "column", "binary", "hinge", "few"])
def test_targets_of_every_form_are_looked_at(form: str) -> None:
    x, y = blobs(40 if form == "few" else 120, 2 if form in ("binary", "hinge", "few") else 3)
    model, warning = classifier(), "all of class 2"
    if form == "text":
        y, warning = np.array(["ant", "bee", "cow"])[y], "all of class cow"
    elif form == "one-hot":
        model, y = classifier("categorical_crossentropy"), np.eye(3, dtype=np.float32)[y]
    elif form == "column":
        y = y[:, None]
    elif form in ("binary", "few"):
        model, warning = classifier("binary_crossentropy", 1), "all of class 1"
    elif form == "hinge":
        model, y, warning = classifier("hinge", 1), 2 * y - 1, "all of class 1"
    with pytest.warns(RanvierWarning, match=warning):
        model.fit(x, y, epochs=1, verbose=0, validation_split=0.2)


def test_classes_that_training_never_sees_are_named() -> None:
    x, y = blobs(200, 5)
    with pytest.warns(RanvierWarning, match="no row of class 0, 1, 2 and .* train .* class 4"):
        classifier(outputs=5).fit(x, y, epochs=1, verbose=0, validation_split=0.35)


def test_mixed_rows_and_rare_classes_say_nothing() -> None:
    x, y = blobs()
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(x))
        classifier().fit(x[order], y[order], epochs=1, verbose=0, validation_split=0.2)
    rare = np.zeros(200, np.int64)
    rare[[3, 150]] = 1  # by chance not among the last 20 rows
    classifier().fit(np.zeros((200, 2)), rare, epochs=1, verbose=0, validation_split=0.1)
    few = np.array([0, 0, 0, 1, 1, 1])
    classifier().fit(np.zeros((6, 2)), few, epochs=1, verbose=0, validation_split=0.34)


# --- large numbers ------------------------------------------------------------------------------


def houses(rows: int = 256) -> tuple[Any, Any]:
    """Rooms and income, and a price in full."""
    x = RNG.normal(size=(rows, 2)).astype(np.float32)
    return x, (x @ [80_000.0, 120_000.0] + 500_000).astype(np.float32)


def regressor(*first: Any, optimizer: Any = "adam", loss: str = "mse") -> Sequential:
    model = Sequential([*first, Dense(8, "relu"), Dense(1)])
    model.compile(optimizer, loss, engine="reference")
    return model


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "log_cosh", "half_squared_error"])
def test_targets_that_are_never_reached_are_reported(loss: str) -> None:
    x, y = houses()
    with pytest.warns(RanvierWarning, match=r"targets are numbers of about 5\..e\+05.*y.std"):
        regressor(loss=loss).fit(x, y, epochs=2, verbose=0)
    scaled = (y - y.mean()) / y.std()
    regressor(loss=loss).fit(x, scaled, epochs=2, verbose=0)


def test_large_targets_that_are_reached_say_nothing() -> None:
    x, y = houses()
    model = Sequential([Dense(1), nn.Rescaling(150_000.0, 500_000.0)])
    model.compile("adam", "mse", engine="reference")
    model.fit(x, y, epochs=2, verbose=0)
    solved = Sequential([Dense(1)])
    solved.compile(optim.SGD(0.1), "mse", engine="reference")
    solved.fit(x, y, epochs=30, verbose=0)


def test_large_inputs_are_reported_by_column() -> None:
    x, y = houses()
    table = {"rooms": x[:, 0], "weight": x[:, 1] * 40_000}
    y = (y - y.mean()) / y.std()
    with pytest.warns(RanvierWarning, match=r"x: column 1 .'weight'. holds .*e.04.*Normalize"):
        regressor(optimizer=optim.Adam(1e-6)).fit(table, y, verbose=0)
    into = ranvier.Input(shape=(2,))
    model = ranvier.Model(into, Dense(1)(Dense(4)(into)))
    model.compile(optim.Adam(1e-6), "mse", engine="reference")
    with pytest.warns(RanvierWarning, match=r"x: column 1 holds"):
        model.fit(np.stack(list(table.values()), 1), y, verbose=0)


def test_a_normalize_that_was_not_adapted_is_reported_once() -> None:
    x, y = blobs()
    x, y = x[::-1] * 5.0, y[::-1]
    normalize = nn.Normalize()
    model = Sequential([normalize, Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", engine="reference")
    with pytest.warns(RanvierWarning, match=r"normalize\S* \(Normalize\) has mean 0.*adapt\(x\)"):
        model.fit(x, y, verbose=0)
    model.fit(x, y, verbose=0)
    normalize = nn.Normalize()
    normalize.adapt(x)
    adapted = Sequential([normalize, Dense(3, "softmax")])
    adapted.compile("adam", "sparse_categorical_crossentropy", engine="reference")
    adapted.fit(x, y, verbose=0)


def test_inputs_that_are_scaled_or_ids_say_nothing() -> None:
    x, y = houses()
    x, y = x * 1e5, (y - y.mean()) / y.std()
    normalize = nn.Normalize()
    normalize.adapt(x)
    regressor(normalize).fit(x, y, verbose=0)
    regressor(nn.BatchNormalization()).fit(x, y, verbose=0)
    ids = RNG.integers(0, 5000, size=(256, 3))
    regressor(nn.Embedding(5000, 4), nn.Flatten()).fit(ids, y, verbose=0)
    pixels = RNG.integers(0, 256, size=(256, 8)).astype(np.uint8)
    regressor().fit(pixels, y, verbose=0)


# --- divergence and the rate that is advised ----------------------------------------------------


def advised(rate: float, optimizer: type[optim.Optimizer]) -> tuple[str, float] | None:
    """What is said of a training at this rate, and the rate it advises; None: nothing is said."""
    ranvier.seed(0)
    x, y = houses()
    y = (y - y.mean()) / y.std()
    model = regressor(optimizer=optimizer(learning_rate=rate))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            model.fit(x, y, epochs=20, verbose=0)
            text = "".join(str(w.message) for w in seen)
        except NonFiniteError as problem:
            text = str(problem)
    if not text:
        return None
    return text, float(text.split("e.g. to ")[1].split(", or")[0])


@pytest.mark.parametrize(("rate", "least"), [(10.0, 1), (1000.0, 5)])
def test_a_rate_that_is_advised_trains(rate: float, least: int) -> None:
    advice = 0
    for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adamax", "Nadam", "AdamW"):
        kind = getattr(optim, name)
        found = advised(rate, kind)
        if found is None:
            continue
        advice += 1
        assert found[1] <= min(rate / 10, kind.rate)
        assert advised(found[1], kind) is None, name
    assert advice >= least


def test_a_loss_that_grew_is_reported_at_the_end() -> None:
    x, y = houses()
    y = (y - y.mean()) / y.std()
    model = Sequential([Dense(1)])
    model.compile(optim.SGD(1.4), "mse", engine="reference")
    with pytest.warns(
        RanvierWarning, match=r"diverged: the loss of the first epoch is .*, e.g. to"
    ):
        model.fit(x, y, batch_size=None, epochs=20, verbose=0)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_several_epochs_at_a_time_and_one_by_one_say_the_same(engine: str) -> None:
    x, y = houses()
    y = (y - y.mean()) / y.std()
    for held in (None, (x, y)):
        model = Sequential([Dense(1)])
        model.compile(optim.SGD(1.4), "mse", engine=engine)
        with pytest.warns(RanvierWarning, match="diverged"):
            model.fit(x, y, batch_size=None, epochs=20, verbose=0, validation_data=held)


def test_a_stream_is_watched_too() -> None:
    x, y = houses()
    with pytest.warns(RanvierWarning, match="targets are numbers of about"):
        regressor().fit(ranvier.data.stream_arrays(x, y), epochs=2, verbose=0)


def test_training_that_goes_on_from_a_good_model_says_nothing() -> None:
    x, y = houses()
    y = (x @ [1.0, 2.0]).astype(np.float32)
    model = Sequential([Dense(1)])
    model.compile(optim.SGD(0.1), "mse", engine="reference")
    model.fit(x, y, epochs=30, verbose=0)
    model.compile("adam", "mse", engine="reference")
    model.fit(x, y, epochs=3, verbose=0)


# --- the examples' data -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits", "iris", "mnist", "adult", "california_housing"])
def test_sound_trainings_say_nothing(name: str) -> None:
    if (
        name not in ("digits", "iris")
        and not Path(os.environ.get("RANVIER_DATA", "-"), name).is_dir()
    ):
        pytest.skip(f"needs the folder {name} in the folder RANVIER_DATA")
    (x, y), _ = getattr(ranvier.data, f"load_{name}")()
    x, y = x[:1000].reshape(len(x[:1000]), -1), y[:1000]
    real = name == "california_housing"
    for first in ("normalize", "plain"):
        layers: list[Any] = []
        if first == "normalize":
            layers = [nn.Normalize()]
            layers[0].adapt(x)
        elif name in ("adult", "california_housing"):
            continue  # on scales of their own: normalized in every example
        end = Dense(1) if real else Dense(10, "softmax")
        model = Sequential([*layers, Dense(16, "relu"), end])
        loss = "mse" if real else "sparse_categorical_crossentropy"
        model.compile("adam", loss, engine="reference")
        model.fit(x, y, epochs=2, verbose=0, validation_split=0.2)


# --- nothing to learn, nothing to do ------------------------------------------------------------


def weightless(verb: str) -> None:
    x, y = blobs()
    none = np.zeros(len(x), np.float32)
    model = classifier()
    if verb == "fit":
        model.fit(x, y, epochs=2, verbose=0, sample_weight=none)
        model.fit(x, y, epochs=2, verbose=0, sample_weight=none)
    elif verb == "class_weight":
        model.fit(x, y, verbose=0, class_weight=dict.fromkeys(range(3), 0.0))
    elif verb == "evaluate":
        model.evaluate(x, y, sample_weight=none)
    elif verb == "validation_data":
        model.fit(x, y, verbose=0, validation_data=(x, y, none))
    elif verb == "train_on_batch":
        model.train_on_batch(x, y, sample_weight=none)
    else:
        model.compile("adam", model.loss, loss_weights=0.0, engine="reference")
        model.fit(x, y, verbose=0)


@pytest.mark.parametrize(
    "verb",
    ["fit", "class_weight", "evaluate", "validation_data", "train_on_batch", "loss_weights"],
)
def test_weights_that_are_all_zero_are_reported_once(verb: str) -> None:
    with pytest.warns(RanvierWarning, match="has weight 0") as caught:
        weightless(verb)
    assert len(caught) == 1


def test_some_weights_of_zero_say_nothing() -> None:
    x, y = blobs()
    classifier().fit(x, y, verbose=0, sample_weight=(np.arange(len(x)) > 100))


@pytest.mark.parametrize("first", [3, 5])
def test_a_fit_with_no_epoch_left_says_so(first: int) -> None:
    x, y = blobs()
    model = classifier()
    model.fit(x, y, verbose=0)
    before = model.get_weights()
    with pytest.warns(RanvierWarning, match=f"write epochs={first + 3}"):
        history = model.fit(x, y, epochs=3, initial_epoch=first, verbose=0)
    assert history.epoch == []
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
