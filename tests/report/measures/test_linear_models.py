"""Linear models, beside scikit-learn's."""

from __future__ import annotations

import numpy as np

from ranvier.report.measures.linear_models import logistic_regression, minimized, ridge, softmax
from report.golden_measures import golden


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
