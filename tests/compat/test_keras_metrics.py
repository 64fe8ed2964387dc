"""Keras' metrics: the numbers that Keras gives over two batches, plain and weighted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import GOLDEN
from ranvier.compat.tensorflow import keras
from ranvier.errors import ArgumentError

STORED = dict(np.load(GOLDEN / "keras_metrics.npz"))
CONFIGS: dict[str, list[dict[str, Any]]] = {
    "one_hot/F1Score": [
        {"average": a, "threshold": t}
        for a in (None, "macro", "micro", "weighted")
        for t in (None, 0.3)
    ],
    "binary/F1Score": [{"threshold": 0.5}],
    "binary/BinaryAccuracy": [{}, {"threshold": 0.3}],
    "one_hot/TopKCategoricalAccuracy": [{"k": 2}],
    "labels/SparseTopKCategoricalAccuracy": [{"k": 2}],
}
CASES = [key for key in STORED if key.endswith(("plain", "weighted"))]


@pytest.mark.parametrize("case", CASES)
def test_as_keras(case: str) -> None:
    kind, name, number, message = case.split("/")
    config = CONFIGS.get(f"{kind}/{name}", [{}])[int(number)]
    metric = getattr(keras.metrics, name)(**config)
    for batch in (0, 1):
        y, p, weight = (STORED[f"{kind}/{batch}/{k}"] for k in ("y", "p", "weight"))
        metric.update_state(y, p, sample_weight=weight if message == "weighted" else None)
    found = metric.result().numpy()
    assert found.shape == STORED[case].shape
    np.testing.assert_allclose(found, STORED[case], 1e-5, 1e-6)


def test_the_f1_score_of_one_output_needs_a_threshold() -> None:
    with pytest.raises(ArgumentError, match=r"give threshold=0\.5"):
        keras.metrics.F1Score().update_state([[1.0], [0.0]], [[0.9], [0.2]])


def test_f1_scores_in_training_and_in_files(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    y = np.eye(3, dtype="float32")[x.argmax(1)]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=[keras.metrics.F1Score("macro")])
    shown = model.fit(x, y, epochs=1, verbose=0, batch_size=40).history["f1_score"]
    assert 0 <= shown[0] <= 1
    by_hand = keras.metrics.F1Score("macro")
    by_hand.update_state(y, model.predict(x, verbose=0))
    found = model.evaluate(x, y, verbose=0)[1]
    np.testing.assert_allclose(found, by_hand.result().item(), 1e-6)
    model.save(tmp_path / "model.keras")
    again = ranvier.load(tmp_path / "model.keras")
    np.testing.assert_allclose(again.evaluate(x, y, verbose=0)[1], found, 1e-6)
    model.compile("sgd", "categorical_crossentropy", metrics=[keras.metrics.F1Score()])
    with pytest.raises(ArgumentError, match="choose average="):
        model.fit(x, y, epochs=1, verbose=0)
