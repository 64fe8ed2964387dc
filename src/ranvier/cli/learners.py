"""The learners of `ranvier compare`: a network and scikit-learn's, each with four settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..typing import Array

Predict: TypeAlias = Callable[[Array], Array]
Setting: TypeAlias = dict[str, Any]  # arguments of a learner, by name
Fit: TypeAlias = Callable[[Array, Array, int, Setting, int], Predict]


class Learner(NamedTuple):
    """`fit(x, y, classes, setting, seed)` gives a function that predicts; four settings to try."""

    fit: Fit
    settings: list[Setting]
    regression: bool = True
    classification: bool = True


def _network(x: Array, y: Array, classes: int, setting: Setting, seed: int) -> Predict:
    """A multilayer perceptron of Ranvier's; about 2,000 steps of Adam."""
    from .. import random
    from ..models.mlp import mlp

    random.seed(seed)
    middle, spread = (y.mean(), y.std() or 1.0) if not classes else (0.0, 1.0)
    task = "classification" if classes else "regression"
    model = mlp(x.shape[1], classes or 1, task=task, learning_rate=0.003, **setting)
    epochs = int(np.clip(2000 * 32 / len(x), 20, 100))
    model.fit(x, (y - middle) / spread if not classes else y, 32, epochs, verbose=0)
    if classes:
        return model.predict_classes
    return lambda rows: model.predict(rows)[:, 0] * spread + middle


def _peer(module: str, name: str, regressor: str = "", **fixed: Any) -> Fit:
    """`fit` for scikit-learn's classes of these names."""

    def fit(x: Array, y: Array, classes: int, setting: Setting, seed: int) -> Predict:
        import importlib
        import inspect

        cls = getattr(importlib.import_module(f"sklearn.{module}"), name if classes else regressor)
        seeded = "random_state" in inspect.signature(cls).parameters
        wanted = {**fixed, **setting, **({"random_state": seed} if seeded else {})}
        known = inspect.signature(cls).parameters
        made = cls(**{k: v for k, v in wanted.items() if k in known})
        return made.fit(x, y).predict  # type: ignore[no-any-return]

    return fit


def _grid(**choices: Sequence[Any]) -> list[Setting]:
    """Every combination."""
    settings: list[Setting] = [{}]
    for name, values in choices.items():
        settings = [{**setting, name: value} for setting in settings for value in values]
    return settings


LEARNERS = {
    "network": Learner(_network, _grid(hidden=([64], [128, 64]), dropout=(0.0, 0.3))),
    "logistic regression": Learner(
        _peer("linear_model", "LogisticRegression", max_iter=300),
        _grid(C=(0.01, 0.1, 1.0, 10.0)),
        regression=False,
    ),
    "linear regression": Learner(
        _peer("linear_model", "", "Ridge"),
        _grid(alpha=(0.1, 1.0, 10.0, 100.0)),
        classification=False,
    ),
    "SVM": Learner(_peer("svm", "SVC", "SVR"), _grid(C=(1.0, 10.0), gamma=("scale", 0.01))),
    "naive Bayes": Learner(
        _peer("naive_bayes", "GaussianNB"),
        _grid(var_smoothing=(1e-9, 1e-3, 1e-2, 1e-1)),
        regression=False,
    ),
    "decision tree": Learner(
        _peer("tree", "DecisionTreeClassifier", "DecisionTreeRegressor"),
        _grid(max_depth=(5, None), min_samples_leaf=(1, 5)),
    ),
    "gradient boosting": Learner(
        _peer(
            "ensemble",
            "HistGradientBoostingClassifier",
            "HistGradientBoostingRegressor",
            max_iter=40,
            max_leaf_nodes=8,
            max_bins=31,
            early_stopping=False,
        ),
        _grid(learning_rate=(0.15, 0.3), min_samples_leaf=(3, 20)),
    ),
}
