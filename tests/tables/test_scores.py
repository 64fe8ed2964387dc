"""Scores beside scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.errors import DataError
from ranvier.tables.scores import scores

peers = pytest.importorskip("sklearn.metrics")


@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_those_of_scikit_learn(weighted: bool) -> None:
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
