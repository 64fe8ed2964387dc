"""Reports on pictures, texts and series: what they show of a test."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest

from ranvier.report.of_tasks.classes import class_results
from ranvier.report.of_tasks.series import series_results
from ranvier.report.of_tasks.words import class_words
from ranvier.report.page import page
from ranvier.report.verdict import verdict
from ranvier.report.words.language import language
from ranvier.tables.scores import scores
from ranvier.tasks.tested import ClassTest, SeriesTest
from ranvier.typing import Array
from report.cases import network

RNG = np.random.default_rng(0)


def test_the_most_surprising_pictures_come_first() -> None:
    images = pytest.importorskip("PIL.Image")
    codes = np.array([0, 1, 0, 1, 0, 1])
    output = np.array([[0.9, 0.1], [0.2, 0.8], [0.05, 0.95], [0.6, 0.4], [0.7, 0.3], [0.99, 0.01]])
    pixels = RNG.integers(0, 256, (6, 5, 7, 3)).astype(np.uint8)
    tested = ClassTest(
        "f", "class", codes, codes, output, list("abcdef"), 1.0, np.arange(6), pixels
    )
    results = class_results(tested, ["no", "yes"], network(), [])
    assert [one.name for one in results.wrong_pictures] == ["f", "c", "d"]
    assert [one.name for one in results.right_pictures] == ["e", "b", "a"]
    wrong = results.wrong_pictures[0]
    assert (wrong.truth, wrong.predicted, wrong.probability) == ("yes", "no", 0.99)
    read = images.open(io.BytesIO(base64.b64decode(wrong.pixels.partition(",")[2])))
    np.testing.assert_array_equal(np.asarray(read.convert("RGB")), pixels[5])
    assert results.network.scores["accuracy"].value == scores("binary", codes, output)["accuracy"]
    assert page(results).count("<img") == 6


def test_large_pictures_are_shown_smaller() -> None:
    images = pytest.importorskip("PIL.Image")
    pixels = RNG.integers(0, 256, (2, 300, 200, 1)).astype(np.uint8)
    codes = np.array([0, 1])
    tested = ClassTest(
        "f", "class", codes, codes, np.eye(2)[codes] * 0.8 + 0.1, ["a", "b"], 1.0, codes, pixels
    )
    (one, _) = class_results(tested, ["no", "yes"], network(), []).right_pictures
    read = images.open(io.BytesIO(base64.b64decode(one.pixels.partition(",")[2])))
    assert max(read.size) <= 96


def test_words_that_speak_for_a_class() -> None:
    def ask(words: list[str]) -> Array:
        share = np.array([{"good": 0.9, "bad": 0.2}.get(word, 0.5) for word in words])
        return np.stack([1 - share, share], axis=1)

    texts = ["a good film"] * 4 + ["a bad film"] * 4 + ["rare"]
    no, yes = class_words(texts, ["no", "yes"], ask)
    assert yes.words == (("good", 0.9),) and no.words == (("bad", 0.8),)
    assert class_words(["once"], ["no", "yes"], ask) == ()


def series(rows: int, better: bool = True) -> SeriesTest:
    x = RNG.normal(size=(rows, 12))
    y = RNG.normal(size=(rows, 4))
    close, far = y + 0.1 * RNG.normal(size=y.shape), y + RNG.normal(size=y.shape)
    errors = 0.1 * RNG.normal(size=(400, 4))
    output, seasonal = (close, far) if better else (far, close)
    return SeriesTest("y", x, y, output, seasonal, errors, 80, 4, 1.0)


def test_a_forecast_beside_the_simple_ones() -> None:
    tested = series(200)
    results = series_results(tested, network(), [])
    assert [model.name for model in results.models] == ["network", "seasonal_naive", "naive"]
    for model, out in zip(
        results.models, (tested.output, tested.seasonal, tested.x[:, -1:]), strict=True
    ):
        estimate = model.scores["mae"]
        assert estimate.value is not None
        assert estimate.value == pytest.approx(np.abs(out - tested.y).mean())
        assert estimate.low is not None and estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
    shown = results.forecast
    assert shown is not None and shown.coverage == pytest.approx(0.9, abs=0.05)
    assert shown.truth == tuple(tested.y[-1]) and shown.past == tuple(tested.x[-1])
    np.testing.assert_allclose(
        results.horizons[0].errors, np.abs(tested.output - tested.y).mean(axis=0)
    )
    assert "clearly better than the last season" in verdict(results, language("en"))
    assert "clearly better than this network" in verdict(
        series_results(series(200, better=False), network(), []), language("en")
    )


def test_a_few_windows_say_nothing_of_chance() -> None:
    results = series_results(series(5), network(), [])
    assert "too few to say how sure" in verdict(results, language("en"))
