"""Texts in a column: what is chosen, learned, saved and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import ranvier
from ranvier.errors import RanvierError
from ranvier.tasks import TextModel, fit_texts

RNG = np.random.default_rng(0)
FILL = ["the", "film", "was", "and", "of", "its", "time"]


def reviews(count: int = 150) -> dict[str, Any]:
    texts, labels = [], []
    for i in range(count):
        good = i % 2 == 0
        words = [*RNG.choice(FILL, 5), RNG.choice(["great", "lovely"] if good else ["dull", "bad"])]
        texts.append(" ".join(RNG.permutation(words)))
        labels.append("yes" if good else "no")
    return {"text": np.array(texts, object), "liked": np.array(labels)}


def test_it_learns_saves_and_loads(tmp_path: Path, clock: Callable[[float], None]) -> None:
    clock(0.02)
    frame = reviews()
    frame["text"][3], frame["text"][4] = None, 5.0
    model = fit_texts(frame, "text", "liked", budget=20, verbose=0)
    assert model.score["accuracy"] >= 0.75
    assert model.classes == ["no", "yes"]
    texts = ["a lovely film", "so dull", "", "words never heard"]
    model.save(tmp_path / "texts.safetensors")
    again = ranvier.load(tmp_path / "texts.safetensors")
    assert isinstance(again, TextModel)
    np.testing.assert_array_equal(again.predict_proba(texts), model.predict_proba(texts))
    np.testing.assert_allclose(again.predict_proba(texts).sum(axis=1), 1.0, atol=1e-6)
    assert again.predict("a great film") == model.predict(["a great film"])
    assert {"words", "length", "network", "training"} <= {c.what for c in again.choices}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop("text"), "unknown column 'text'"),
        (lambda f: f.update(liked=["yes"] * 150), "1 classes"),
        (lambda f: f.update(liked=["rare", *["yes", "no"] * 74, "no"]), "the rarest in 1 rows"),
    ],
)
def test_what_cannot_be_learned_is_refused(change: Any, message: str) -> None:
    frame = reviews()
    change(frame)
    with pytest.raises(RanvierError, match=message):
        fit_texts(frame, "text", "liked", budget=5, verbose=0)


def test_an_array_is_no_table() -> None:
    with pytest.raises(RanvierError, match="expected a table"):
        fit_texts(np.zeros((3, 2)), "text", "liked")


def test_tables_missing_texts_and_what_is_no_text(clock: Callable[[float], None]) -> None:
    clock(0.5)
    model = fit_texts(reviews(), "text", "liked", budget=5, verbose=0)
    texts = ["a lovely film", "so dull"]
    expected = model.predict_proba(texts)
    for table in ({"text": texts}, pl.DataFrame({"other": [1, 2], "text": texts})):
        np.testing.assert_array_equal(model.predict_proba(table), expected)
    with pytest.raises(RanvierError, match="unknown column 'text'"):
        model.predict(pl.DataFrame({"review": texts}))
    empty = model.predict_proba(["", "", "7"])
    np.testing.assert_array_equal(model.predict_proba([None, float("nan"), 7]), empty)
    for wrong in (b"a film", ["a film"], np.array(["a", "b"])):
        with pytest.raises(RanvierError, match="row 1 is a .*expected one text for each row"):
            model.predict(["a", wrong])


def test_a_column_without_texts_is_refused() -> None:
    frame = reviews()
    frame["text"] = np.array([None] * 150, object)
    with pytest.raises(RanvierError, match="text: no row with a label holds a text"):
        fit_texts(frame, "text", "liked", budget=5, verbose=0)
