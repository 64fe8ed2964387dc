"""Programs as people write them with scikit-learn's networks run with the import changed.

Each program gets the module that it would import from, and gives what it would print; both modules
give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators need scikit-learn")

import pandas as pd
from sklearn import neural_network
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris, make_moons, make_multilabel_classification
from sklearn.ensemble import AdaBoostClassifier, BaggingRegressor, StackingClassifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    train_test_split,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ranvier import estimators

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::FutureWarning"
)


def four_points(nn: ModuleType) -> Any:
    """The smallest network that there is in a tutorial."""
    x, y = [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]], [0, 0, 1, 1]
    network = nn.MLPClassifier((6, 2), solver="lbfgs", alpha=1e-5, random_state=1).fit(x, y)
    # NOTE: what it says between the points hangs on rounding errors, which the search enlarges.
    return [w.shape for w in network.coefs_], network.predict(x)


def labels(nn: ModuleType) -> Any:
    """Several labels at once."""
    x, y = make_multilabel_classification(n_samples=120, n_features=8, random_state=0)
    network = nn.MLPClassifier((15,), max_iter=30, random_state=1).fit(x, y)
    return network.predict(x), network.score(x, y)


def scaled_pipeline(nn: ModuleType) -> Any:
    """Scale, learn, report."""
    x_train, x_test, y_train, y_test = train_test_split(*load_iris(return_X_y=True), random_state=0)
    model = make_pipeline(StandardScaler(), nn.MLPClassifier((15,), max_iter=60, random_state=1))
    model.fit(x_train, y_train)
    return classification_report(y_test, model.predict(x_test))


def penalties(nn: ModuleType) -> Any:
    """The strength of the penalty by cross-validation."""
    x, y = make_moons(noise=0.3, n_samples=100, random_state=0)
    network = nn.MLPClassifier((15,), random_state=1, max_iter=30, learning_rate_init=0.01)
    search = GridSearchCV(network, {"alpha": 10.0 ** -np.arange(1, 4)}, cv=3).fit(x, y)
    return search.cv_results_["mean_test_score"], search.best_params_


def learning_strategies(nn: ModuleType) -> Any:
    """Curves of the loss by learning rate and momentum."""
    x, y = load_iris(return_X_y=True)
    curves = []
    for options in (
        {"learning_rate": "constant", "momentum": 0.0},
        {"learning_rate": "constant", "momentum": 0.9, "nesterovs_momentum": False},
        {"learning_rate": "invscaling", "momentum": 0.9},
    ):
        network = nn.MLPClassifier(
            (15,), solver="sgd", learning_rate_init=0.2, random_state=0, max_iter=20, **options
        )
        curves.append(network.fit(x, y).loss_curve_)
    return curves


def more_iterations(nn: ModuleType) -> Any:
    """One epoch after the other, and the score after each."""
    x, y = load_iris(return_X_y=True)
    network = nn.MLPClassifier((15,), max_iter=1, warm_start=True, random_state=0)
    return [network.fit(x, y).score(x, y) for _ in range(5)]


def frames(nn: ModuleType) -> Any:
    """Columns by name, categories one-hot, data frames between the steps."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=80), "town": rng.choice(["Oslo", "Rome"], 80)})
    y = np.where(frame["town"] == "Oslo", "cold", "warm")
    town = OneHotEncoder(sparse_output=False)
    columns = ColumnTransformer(
        [("number", StandardScaler(), ["size"]), ("town", town, ["town"])]
    ).set_output(transform="pandas")
    model = make_pipeline(columns, nn.MLPClassifier((15,), max_iter=30, random_state=0))
    model.fit(frame, y)
    return model[-1].feature_names_in_, model.predict(frame)


def scaled_target(nn: ModuleType) -> Any:
    """A target that is scaled on the way in and back on the way out."""
    x, y = load_diabetes(return_X_y=True)
    network = nn.MLPRegressor(hidden_layer_sizes=(15,), max_iter=30, random_state=0)
    model = TransformedTargetRegressor(network, transformer=StandardScaler()).fit(x, y)
    dependence = partial_dependence(model, x[:100], [2], grid_resolution=5)
    return model.predict(x[:20]), dependence["average"]


def ensembles(nn: ModuleType) -> Any:
    """A network as a part of other estimators."""
    x, y = load_iris(return_X_y=True)
    network = nn.MLPClassifier((15,), max_iter=30, random_state=0)
    stack = StackingClassifier([("network", network)], LogisticRegression(), cv=2).fit(x, y)
    boosted = AdaBoostClassifier(network, n_estimators=2, random_state=0).fit(x, y)
    calibrated = CalibratedClassifierCV(network, cv=2).fit(x, y)
    apart = OneVsRestClassifier(network).fit(x, y)
    both = MultiOutputClassifier(network).fit(x, np.stack([y, y > 1], axis=1))
    bagged = BaggingRegressor(
        nn.MLPRegressor(hidden_layer_sizes=(15,), max_iter=20, random_state=0), 2, random_state=0
    ).fit(x, y)
    return [m.predict(x) for m in (stack, boosted, calibrated, apart, both, bagged)]


def curves(nn: ModuleType) -> Any:
    """Scores by rows, by an argument, of parts held out, and by shuffled columns."""
    x, y = load_iris(return_X_y=True)
    network = nn.MLPClassifier((15,), max_iter=20, random_state=0)
    parts = StratifiedKFold(3, shuffle=True, random_state=0)
    rows = learning_curve(network, x, y, cv=parts, train_sizes=[0.5, 1.0])[2]
    alphas = validation_curve(network, x, y, param_name="alpha", param_range=[0.1, 1.0], cv=parts)
    again = cross_val_score(network, x, y, cv=parts, scoring="neg_log_loss")
    p = cross_val_predict(network, x, y, cv=parts, method="predict_proba")
    important = permutation_importance(network.fit(x, y), x, y, n_repeats=2, random_state=0)
    random = RandomizedSearchCV(
        network, {"alpha": [0.1, 1.0, 10.0]}, n_iter=2, random_state=0, cv=2
    )
    scores = random.fit(x, y).cv_results_["mean_test_score"]
    return rows, alphas[1], again, log_loss(y, p), important["importances"], scores


PROGRAMS: list[Callable[[ModuleType], Any]] = [
    four_points, labels, scaled_pipeline, more_iterations, frames, scaled_target,
]  # fmt: skip
LONG: list[Callable[[ModuleType], Any]] = [penalties, learning_strategies, ensembles, curves]


def same(a: Any, b: Any) -> None:
    """Equal, numbers up to rounding."""
    if isinstance(a, list | tuple) and any(isinstance(v, np.ndarray | list | tuple) for v in a):
        for one, other in zip(a, b, strict=True):
            same(one, other)
    elif np.asarray(a).dtype.kind == "f":
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-8)
    else:
        assert np.array_equal(a, b)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_programs_run_with_the_import_changed(program: Callable[[ModuleType], Any]) -> None:
    same(program(neural_network), program(estimators))


@pytest.mark.slow
@pytest.mark.parametrize("program", LONG, ids=lambda p: p.__name__)
def test_long_programs_run_with_the_import_changed(program: Callable[[ModuleType], Any]) -> None:
    same(program(neural_network), program(estimators))
