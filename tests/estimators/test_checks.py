"""scikit-learn's own checks of estimators: all of them pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("sklearn", reason="the estimators need scikit-learn")

from sklearn.utils.estimator_checks import parametrize_with_checks

from ranvier.estimators import MLPClassifier, MLPRegressor, RanvierClassifier, RanvierRegressor

# NOTE: quick ones; the checks of what is learned set max_iter themselves.
QUICK = [MLPClassifier(max_iter=20)]
LONG = [
    MLPClassifier(),
    MLPRegressor(),
    MLPClassifier(solver="lbfgs", max_iter=20),
    RanvierClassifier(epochs=40, members=1),
    RanvierRegressor(epochs=40, members=1),
]


@pytest.mark.filterwarnings("ignore")  # they train too briefly, on one class, on few rows
@parametrize_with_checks(QUICK)
def test_scikit_learns_checks(
    estimator: Any, check: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(LONG)
def test_scikit_learns_checks_at_length(
    estimator: Any, check: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    check(estimator)
