"""Scores beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.errors import DataError
from ranvier.report.measures.details import confusion_of
from ranvier.report.measures.linear_models import softmax
from ranvier.tables.scores import HIGHER_IS_BETTER, Score, class_scores, number_scores, scores
from ranvier.typing import Array
from report.golden_measures import golden


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_those_of_scikit_learn(weighted: bool) -> None:
    peers = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    weights = random.uniform(0.1, 2, 300) if weighted else None
    for classes in (2, 4):
        shares = random.dirichlet(np.ones(classes), 300).round(1)
        shares /= shares.sum(axis=1, keepdims=True)
        y = random.integers(0, classes, 300)
        found = scores("binary" if classes == 2 else "multiclass", y, shares, weights)
        clipped = np.clip(shares, 1e-7, 1 - 1e-7)
        clipped /= clipped.sum(axis=1, keepdims=True)
        expected = {
            "log_loss": peers.log_loss(y, clipped, sample_weight=weights),
            "accuracy": peers.accuracy_score(y, shares.argmax(axis=1), sample_weight=weights),
        }
        if classes == 2:
            expected["auc"] = peers.roc_auc_score(y, shares[:, 1], sample_weight=weights)
        assert found == pytest.approx(expected, rel=1e-12)
    y, predicted = random.normal(size=(2, 300))
    assert scores("regression", y, predicted, weights) == pytest.approx(
        {
            "rmse": peers.mean_squared_error(y, predicted, sample_weight=weights) ** 0.5,
            "mae": peers.mean_absolute_error(y, predicted, sample_weight=weights),
            "r2": peers.r2_score(y, predicted, sample_weight=weights),
        },
        rel=1e-12,
    )


def test_what_cannot_be_scored_is_left_out_or_refused() -> None:
    one_class = scores("binary", np.ones(3, int), np.full((3, 2), 0.5))
    assert set(one_class) == {"log_loss", "accuracy"}
    assert set(scores("regression", np.ones(3), np.ones(3))) == {"rmse", "mae"}
    with pytest.raises(DataError, match="no rows"):
        scores("regression", np.ones(0), np.ones(0))
    with pytest.raises(DataError, match="2 predictions for 3 targets"):
        scores("regression", np.ones(3), np.ones(2))
    for constant in (0.1, 1e6 + 0.1):  # their mean differs from them by a bit
        assert "r2" not in scores("regression", np.full(7, constant), np.arange(7.0))


def test_a_prediction_that_is_no_number_gives_a_score_that_is_none() -> None:
    assert np.isnan(scores("regression", np.arange(3.0), np.array([0, np.nan, 2]))["rmse"])


# --- scores as functions of weights -------------------------------------------------------------


def values(made: dict[str, Score], rows: int) -> dict[str, float]:
    return {name: float(score(np.ones(rows))) for name, score in made.items()}


def test_scores_of_two_classes() -> None:
    g = golden("binary")
    probability = np.stack([1 - g["score"], g["score"]], axis=1)
    got = values(class_scores(g["positive"], probability), len(probability))
    for name in ("accuracy", "balanced_accuracy", "f1", "auc", "average_precision", "log_loss"):
        assert got[name] == pytest.approx(float(g[name]), abs=1e-12), name
    for name, value in scores("binary", g["positive"], probability).items():
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
    made = number_scores(g["truth"], g["predicted"])
    weights = np.stack([np.ones(len(g["truth"])), g["weight"]])
    for name, score in made.items():
        plain, weighted = score(weights)
        assert plain == pytest.approx(float(g[name]), rel=1e-10), name
        assert weighted == pytest.approx(float(g[f"{name}_weighted"]), rel=1e-10), name


def test_every_score_says_which_way_is_better() -> None:
    names = {*class_scores(np.array([0, 1]), np.eye(2)), *number_scores(np.eye(1)[0], np.eye(1)[0])}
    assert names <= set(HIGHER_IS_BETTER)


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
