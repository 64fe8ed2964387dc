"""Curves and thresholds, beside scikit-learn's and by their own definitions."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.metrics import curves
from report.golden_measures import golden


def test_roc_curve() -> None:
    g = golden("binary")
    false, true, thresholds = curves.roc_curve(g["positive"] == 1, g["score"])
    assert np.allclose(false, g["roc_false"]) and np.allclose(true, g["roc_true"])
    assert np.allclose(thresholds[1:], g["roc_thresholds"][1:]) and thresholds[0] == np.inf


def test_precision_recall_curve() -> None:
    g = golden("binary")
    precision, recall, thresholds = curves.precision_recall_curve(g["positive"] == 1, g["score"])
    # scikit-learn goes from low to high thresholds and ends with (1, 0).
    assert np.allclose(precision[::-1], g["precision"][:-1])
    assert np.allclose(recall[::-1], g["recall"][:-1])
    assert np.allclose(thresholds[::-1], g["pr_thresholds"])


def test_thresholds() -> None:
    g = golden("binary")
    positive, score = g["positive"] == 1, g["score"]
    table = curves.threshold_table(positive, score, np.array([0.0, 0.25, 0.5, 2.0]))
    assert table[0].recall == 1.0 and table[0].flagged == 1.0
    assert table[3].precision is None and table[3].recall == 0.0
    for row in table[:3]:
        called = score >= row.threshold
        assert row.precision == pytest.approx(positive[called].mean())
        assert row.recall == pytest.approx((called & positive).sum() / positive.sum())
    best = curves.best_threshold(positive, score)
    (chosen,) = curves.threshold_table(positive, score, np.array([best]))
    every = curves.threshold_table(positive, score, np.unique(score))
    assert chosen.f1 == pytest.approx(max(row.f1 for row in every))


def test_thinned_curves_keep_their_ends() -> None:
    x = np.sort(np.random.default_rng(0).random(5000))
    thin_x, thin_y = curves.thinned(x, x**2)
    assert len(thin_x) <= 152 and thin_x[0] == x[0] and thin_x[-1] == x[-1]
    assert np.array_equal(thin_y, thin_x**2)
