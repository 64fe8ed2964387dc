"""Models of texts and of pictures: words and patches."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.attribution import (
    grad_cam,
    integrated_gradients,
    occlusion,
    saliency,
    shap_values,
)
from ranvier.errors import DataError
from ranvier.models.sequences.text_cnn import text_cnn
from ranvier.tasks import ImageModel, TextModel

WORDS = ["good", "bad", "film", "a", "what"]


@functools.cache
def texts() -> Any:
    ranvier.seed(0)
    rng = np.random.default_rng(0)
    network = text_cnn(len(WORDS) + 2, length=6, width=8, filters=8)
    model = TextModel(network, ["no", "yes"], WORDS, 6)
    rows = [" ".join(rng.choice(WORDS[2:], 3)) + f" {WORDS[i % 2]}" for i in range(200)]
    network.fit(model.ids(rows), np.arange(200) % 2 == 0, epochs=40, verbose=0)
    return model


def test_words_are_features() -> None:
    model = texts()
    a = shap_values(model, "what a good film")
    assert a.feature_names == ("what", "a", "good", "film") and a.kind == "text"
    assert a.output_names == ("yes",)
    np.testing.assert_allclose(a.gap, 0, atol=1e-5)
    np.testing.assert_allclose(a.outputs, model.predict_proba("what a good film")[:, 1], atol=1e-6)  # type: ignore
    assert a.values[0].argmax() == 2
    left_out = occlusion(model, "what a good film")
    assert left_out.values[0].argmax() == 2
    bad = shap_values(model, "what a bad film", output="no")
    assert bad.values[0].argmax() == 2


def test_gradients_of_words() -> None:
    model = texts()
    a = integrated_gradients(model, "what a good film")
    assert a.feature_names == ("what", "a", "good", "film") and a.values.shape == (1, 4)
    assert a.values[0].argmax() == 2
    assert saliency(model, "a bad film").values.shape == (1, 3)


def test_one_text_at_a_time() -> None:
    for wrong in (["a film", "bad"], "  "):
        with pytest.raises(DataError, match="one at a"):
            shap_values(texts(), wrong)


def test_pictures_are_read_as_the_model_reads_them() -> None:
    ranvier.seed(0)
    network = ranvier.Sequential([
        ranvier.nn.Rescaling(1 / 255, input_shape=(8, 8, 1)),
        ranvier.nn.Conv2D(4, 3, activation="relu"), ranvier.nn.Flatten(),
        ranvier.nn.Dense(2, "softmax"),
    ])  # fmt: skip
    model = ImageModel(network, ["cat", "dog"], (8, 8), "grayscale")
    x = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype(np.uint8)
    for method in (saliency, integrated_gradients, grad_cam):
        a = method(model, x)  # type: ignore[operator]
        assert a.kind == "image" and len(a) == 2 and set(a.output_names) == {"dog"}
        np.testing.assert_allclose(a.outputs, model.predict_proba(x)[:, 1], atol=1e-5)  # type: ignore[arg-type]
    covered = occlusion(model, x, patch=4, output="cat")
    assert covered.values.shape == (2, 2, 2)
    black = x.copy()
    black[:, :4, :4] = 0
    expected = model.predict_proba(x)[:, 0] - model.predict_proba(black)[:, 0]
    np.testing.assert_allclose(covered.values[:, 0, 0], expected, atol=1e-6)
