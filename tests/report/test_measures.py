"""Measures of a report, beside scikit-learn's values and by their own definitions."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ranvier.report import measures
from ranvier.report.baselines import logistic_regression, minimized, ridge, softmax
from ranvier.report.details import confusion_of
from ranvier.report.measures import Bootstrap, class_scores, number_scores
from ranvier.tables.scores import scores as table_scores
from ranvier.typing import Array

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "report_measures.npz")


def golden(part: str) -> dict[str, Array]:
    return {
        key.partition("/")[2]: GOLDEN[key] for key in GOLDEN.files if key.partition("/")[0] == part
    }


def values(scores: dict[str, measures.Score], rows: int) -> dict[str, float]:
    return {name: float(score(np.ones((1, rows)))[0]) for name, score in scores.items()}


def test_scores_of_two_classes() -> None:
    g = golden("binary")
    probability = np.stack([1 - g["score"], g["score"]], axis=1)
    got = values(class_scores(g["positive"], probability), len(probability))
    for name in ("accuracy", "balanced_accuracy", "f1", "auc", "average_precision", "log_loss"):
        assert got[name] == pytest.approx(float(g[name]), abs=1e-12), name
    for name, value in table_scores("binary", g["positive"], probability).items():
        assert got[name] == pytest.approx(value, abs=1e-12), name


def test_scores_of_many_classes() -> None:
    g = golden("multiclass")
    got = values(class_scores(g["truth"], g["probability"]), len(g["truth"]))
    for name in ("accuracy", "balanced_accuracy", "log_loss"):
        assert got[name] == pytest.approx(float(g[name]), abs=1e-9), name
    confusion = confusion_of(g["truth"], g["probability"].argmax(axis=1), list("abcd"))
    assert np.array_equal(confusion.counts, g["confusion"])


def test_scores_of_numbers_with_weights() -> None:
    g = golden("regression")
    scores = number_scores(g["truth"], g["predicted"])
    weights = np.stack([np.ones(len(g["truth"])), g["weight"]])
    for name, score in scores.items():
        plain, weighted = score(weights)
        assert plain == pytest.approx(float(g[name]), rel=1e-10), name
        assert weighted == pytest.approx(float(g[f"{name}_weighted"]), rel=1e-10), name


def test_every_score_says_which_way_is_better() -> None:
    names = {*class_scores(np.array([0, 1]), np.eye(2)), *number_scores(np.eye(1)[0], np.eye(1)[0])}
    assert names <= set(measures.HIGHER_IS_BETTER)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_weights_are_copies_of_rows(task: str) -> None:
    random = np.random.default_rng(1)
    weights = random.integers(0, 3, 40)
    copies = np.repeat(np.arange(40), weights)
    classes = {"binary": 2, "multiclass": 4}.get(task, 0)
    truth: Array = random.integers(0, classes, 40) if classes else random.normal(size=40)
    output: Array = np.round(softmax(random.normal(size=(40, classes or 1))), 1) + 0.01
    if not classes:
        output = random.normal(size=40)
    make = class_scores if classes else number_scores
    repeated = values(make(truth[copies], output[copies]), len(copies))
    for name, score in make(truth, output).items():
        assert score(weights[None, :])[0] == pytest.approx(repeated[name], abs=1e-10), name


def test_roc_curve() -> None:
    g = golden("binary")
    false, true, thresholds = measures.roc_curve(g["positive"] == 1, g["score"])
    assert np.allclose(false, g["roc_false"]) and np.allclose(true, g["roc_true"])
    assert np.allclose(thresholds[1:], g["roc_thresholds"][1:]) and thresholds[0] == np.inf


def test_precision_recall_curve() -> None:
    g = golden("binary")
    precision, recall, thresholds = measures.precision_recall_curve(g["positive"] == 1, g["score"])
    # scikit-learn goes from low to high thresholds and ends with (1, 0).
    assert np.allclose(precision[::-1], g["precision"][:-1])
    assert np.allclose(recall[::-1], g["recall"][:-1])
    assert np.allclose(thresholds[::-1], g["pr_thresholds"])


def test_reliability() -> None:
    g = golden("binary")
    bins = measures.reliability(g["positive"] == 1, g["score"])
    assert np.allclose([b.predicted for b in bins], g["predicted"])
    assert np.allclose([b.observed for b in bins], g["observed"])
    assert sum(b.rows for b in bins) == len(g["score"])
    assert all(b.low <= b.observed <= b.high for b in bins)
    error = measures.calibration_error(bins)
    gaps = [abs(b.predicted - b.observed) * b.rows for b in bins]
    assert error == pytest.approx(sum(gaps) / len(g["score"]))


def test_thresholds() -> None:
    g = golden("binary")
    positive, score = g["positive"] == 1, g["score"]
    table = measures.threshold_table(positive, score, np.array([0.0, 0.25, 0.5, 2.0]))
    assert table[0].recall == 1.0 and table[0].flagged == 1.0
    assert table[3].precision is None and table[3].recall == 0.0
    for row in table[:3]:
        called = score >= row.threshold
        assert row.precision == pytest.approx(positive[called].mean())
        assert row.recall == pytest.approx((called & positive).sum() / positive.sum())
    best = measures.best_threshold(positive, score)
    (chosen,) = measures.threshold_table(positive, score, np.array([best]))
    every = measures.threshold_table(positive, score, np.unique(score))
    assert chosen.f1 == pytest.approx(max(row.f1 for row in every))


def test_an_interval_holds_the_true_score_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for seed in range(100):
        right = random.random(200) < 0.7
        draws = Bootstrap(200, seed)
        measured = draws.measure(lambda rows, right=right: {"a": measures._mean(right[rows])})  # type: ignore[misc]
        estimate = draws.interval(*measured["a"])
        assert estimate.low is not None and estimate.high is not None
        held += estimate.low <= 0.7 <= estimate.high
    assert 88 <= held <= 100


def test_more_rows_than_are_drawn_from_give_narrow_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = np.random.default_rng(0).random(20_000) < 0.5

    def width() -> float:
        draws = Bootstrap(len(right))
        measured = draws.measure(lambda rows: {"a": measures._mean(right[rows])})
        estimate = draws.interval(*measured["a"])
        assert estimate.low is not None and estimate.high is not None
        assert estimate.value == right.mean()
        return estimate.high - estimate.low

    whole = width()
    monkeypatch.setattr(measures, "_MAX_ROWS", 2_000)
    assert width() == pytest.approx(whole, rel=0.2)


def test_draws_without_a_score_do_not_count() -> None:
    truth = np.array([1] + [0] * 30)
    probability = np.stack([np.linspace(0.9, 0.1, 31), np.linspace(0.1, 0.9, 31)], axis=1)
    draws = Bootstrap(len(truth))
    measured = draws.measure(lambda rows: class_scores(truth[rows], probability[rows]))
    assert np.isnan(measured["auc"][1]).any()
    for value, drawn in measured.values():
        estimate = draws.interval(value, drawn)
        numbers = (estimate.value, estimate.low, estimate.high)
        assert all(x is None or math.isfinite(x) for x in numbers)


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_conformal_intervals_hold_what_they_promise(level: float) -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(300):
        residuals, new = random.normal(size=60), random.normal(size=60)
        width = measures.conformal_width(residuals, level)
        assert width is not None
        held.append((np.abs(new) <= width).mean())
    assert level - 0.01 < np.mean(held) < level + 0.03


def test_thinned_curves_keep_their_ends() -> None:
    x = np.sort(np.random.default_rng(0).random(5000))
    thin_x, thin_y = measures.thinned(x, x**2)
    assert len(thin_x) <= 152 and thin_x[0] == x[0] and thin_x[-1] == x[-1]
    assert np.array_equal(thin_y, thin_x**2)


def test_linear_models() -> None:
    g = golden("linear")
    assert np.allclose(ridge(g["x"], g["y"]), g["ridge"], atol=1e-9)
    weights = logistic_regression(g["x"], g["label"], 3)
    got = softmax(np.c_[g["x"], np.ones(len(g["x"]))] @ weights)
    assert np.allclose(got, g["logistic"], atol=2e-3)


def test_minimized_ends_at_the_least() -> None:
    scales = np.array([1.0, 30.0, 1000.0])
    least = minimized(lambda x: (float(scales @ (x - 2) ** 2), 2 * scales * (x - 2)), np.zeros(3))
    assert np.allclose(least, 2, atol=1e-4)


@pytest.mark.parametrize("rows", [10, 5_000, 10_000, 1_000_000])
def test_few_rows_are_drawn_in_all(rows: int) -> None:
    draws = Bootstrap(rows)
    assert 200 <= draws.draws <= 1000 and draws.draws * draws.drawn_rows <= 4_000_000
