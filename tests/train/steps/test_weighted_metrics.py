"""Metrics in which sample weights count, and metrics of all rows at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from ranvier import Sequential, metrics, nn
from ranvier.errors import ArgumentError
from ranvier.nn import Dense
from ranvier.train.steps import kept_rows as kept

RNG = np.random.default_rng(1)
X = RNG.normal(size=(301, 3)).astype(np.float32)
Y = (X[:, 0] + RNG.normal(size=301) > 0).astype(np.int64)
WEIGHT = RNG.random(301).astype(np.float32) * (RNG.random(301) > 0.2)


def model(engine: str, plain: Any, weighted: Any = None, scale: float = 1.0) -> Sequential:
    ranvier.seed(0)
    made = Sequential([nn.Rescaling(scale), Dense(1, "sigmoid")])
    made.compile("sgd", "binary_crossentropy", plain, engine=engine, weighted_metrics=weighted)
    made.ensure_built((3,))
    return made


@pytest.mark.parametrize("engine", ENGINES)
def test_weighted_metrics_count_weights_and_metrics_do_not(engine: str) -> None:
    made = model(engine, ["accuracy", "mae"], ["accuracy", "auc", "recall"])
    p = made.predict(X)[:, 0]
    found = made.evaluate(X, Y, sample_weight=WEIGHT, batch_size=64, return_dict=True)
    names = ["loss", "accuracy", "mae", "weighted_accuracy", "auc", "recall"]
    assert list(found) == names
    right = (p > 0.5) == Y
    assert found["accuracy"] == pytest.approx(right.mean())
    assert found["weighted_accuracy"] == pytest.approx(np.average(right, weights=WEIGHT))
    hits = WEIGHT[(p > 0.5) & (Y == 1)].sum() / WEIGHT[Y == 1].sum()
    assert found["recall"] == pytest.approx(hits, rel=1e-5)
    assert found["auc"] == pytest.approx(metrics.roc_auc(Y, p, WEIGHT), rel=1e-6)
    plain = made.evaluate(X, Y, return_dict=True)
    assert plain["weighted_accuracy"] == plain["accuracy"]
    assert made.evaluate(
        ranvier.data.stream_arrays(X, Y, WEIGHT), return_dict=True
    ) == pytest.approx(found, rel=1e-5)


def test_class_weights_count_in_training_too() -> None:
    made = model("reference", ["accuracy"], ["accuracy"])
    history = made.fit(X, Y, verbose=0, class_weight={0: 5.0}, validation_data=(X, Y, WEIGHT))
    last = {name: values[-1] for name, values in history.history.items()}
    assert last["weighted_accuracy"] != last["accuracy"]
    assert last["val_weighted_accuracy"] != last["val_accuracy"]


def test_weighted_metrics_of_several_outputs_and_in_files(tmp_path: Path) -> None:
    x = ranvier.Input(shape=(3,))
    ends = [Dense(1, "sigmoid", name="a")(x), Dense(1, "sigmoid", name="b")(x)]
    made = ranvier.Model(x, ends)
    made.compile(
        "sgd", "binary_crossentropy", engine="reference", weighted_metrics={"b": ["accuracy"]}
    )
    found = made.evaluate(X, [Y, Y], sample_weight=WEIGHT, return_dict=True)
    right = (made.predict(X)[1][:, 0] > 0.5) == Y
    assert found["b_accuracy"] == pytest.approx(np.average(right, weights=WEIGHT))
    made.save(tmp_path / "two.safetensors")
    loaded = ranvier.load(tmp_path / "two.safetensors")
    assert loaded.evaluate(X, [Y, Y], sample_weight=WEIGHT, return_dict=True) == found


# --- exact areas --------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("end", ["sigmoid", "softmax", "logits"])
def test_auc_is_exact_where_scores_lie_close_together(engine: str, end: str) -> None:
    ranvier.seed(0)
    last: Any = {"sigmoid": Dense(1, "sigmoid"), "softmax": Dense(2, "softmax"), "logits": Dense(1)}
    made = Sequential([nn.Rescaling(0.01), last[end]])  # all scores within a few drawers
    loss: Any = "binary_crossentropy"
    if end == "softmax":
        loss = "sparse_categorical_crossentropy"
    elif end == "logits":
        loss = ranvier.losses.BinaryCrossentropy(from_logits=True)
    drawers = metrics.AUC("drawers", num_thresholds=200)
    made.compile("sgd", loss, ["auc", drawers], engine=engine)
    found = made.evaluate(X, Y, batch_size=64, return_dict=True)
    exact = metrics.roc_auc(Y, made.predict(X)[:, -1])
    assert found["auc"] == pytest.approx(exact, abs=2e-5)
    assert abs(found["drawers"] - exact) > 1e-3
    streamed = made.evaluate(ranvier.data.stream_arrays(X, Y, chunk_rows=50), return_dict=True)
    assert streamed["auc"] == found["auc"]
    history = made.fit(X, Y, verbose=0, validation_data=(X, Y)).history
    assert history["val_auc"][-1] == pytest.approx(
        metrics.roc_auc(Y, made.predict(X)[:, -1]), abs=2e-5
    )


def test_more_rows_than_are_kept_go_into_drawers(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model("reference", ["auc", metrics.AUC("drawers", num_thresholds=200)], scale=0.01)
    monkeypatch.setattr(kept, "MAX_KEPT_ROWS", 100)
    found = made.evaluate(X, Y, batch_size=32, return_dict=True)
    assert found["auc"] == found["drawers"]


def test_one_class_has_no_area() -> None:
    made = model("reference", ["auc"])
    assert np.isnan(made.evaluate(X, np.ones(301, np.int64))[1])


def test_thresholds_are_checked() -> None:
    with pytest.raises(ArgumentError, match="auc: num_thresholds=1; expected at least 2"):
        metrics.AUC(num_thresholds=1)


def test_keras_area_takes_the_number_of_thresholds_first(tmp_path: Path) -> None:
    from ranvier.compat.tensorflow import keras

    wide, usual = keras.metrics.AUC(1000), keras.metrics.AUC()
    wide.update_state(Y, np.linspace(0, 1, 301, dtype=np.float32))
    assert float(wide.result()) == pytest.approx(metrics.roc_auc(Y, np.arange(301)))
    made = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    made.compile("sgd", "binary_crossentropy", weighted_metrics=[usual, wide])
    found = made.evaluate(X, Y, sample_weight=WEIGHT)
    made.save(str(tmp_path / "areas.safetensors"))
    loaded = ranvier.load(tmp_path / "areas.safetensors")
    assert loaded.evaluate(X, Y, sample_weight=WEIGHT) == found
