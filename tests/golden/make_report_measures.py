"""Curves, scores and linear models of the report, from scikit-learn. See README.md."""

import numpy as np
from common import write_arrays
from sklearn import calibration, linear_model, metrics

random = np.random.default_rng(0)


def binary(rows: int = 300) -> dict:
    positive = random.integers(0, 2, size=rows)
    # Rounding makes ties.
    score = np.round(np.clip(0.3 * positive + random.uniform(0, 0.7, size=rows), 0, 1), 2)
    false, true, roc = metrics.roc_curve(positive, score, drop_intermediate=False)
    precision, recall, thresholds = metrics.precision_recall_curve(positive, score)
    observed, predicted = calibration.calibration_curve(positive, score, n_bins=10)
    probability = np.stack([1 - score, score], axis=1)
    clipped = np.clip(probability, 1e-7, 1 - 1e-7)
    label = probability.argmax(axis=1)
    return {
        "positive": positive,
        "score": score,
        "roc_false": false,
        "roc_true": true,
        "roc_thresholds": roc,
        "precision": precision,
        "recall": recall,
        "pr_thresholds": thresholds,
        "observed": observed,
        "predicted": predicted,
        "accuracy": metrics.accuracy_score(positive, label),
        "balanced_accuracy": metrics.balanced_accuracy_score(positive, label),
        "f1": metrics.f1_score(positive, label),
        "auc": metrics.roc_auc_score(positive, score),
        "average_precision": metrics.average_precision_score(positive, score),
        "log_loss": metrics.log_loss(positive, clipped / clipped.sum(axis=1, keepdims=True)),
    }


def multiclass(rows: int = 300, classes: int = 4) -> dict:
    truth = random.integers(0, classes, size=rows)
    logits = random.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[truth]
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label = probability.argmax(axis=1)
    return {
        "truth": truth,
        "probability": probability,
        "accuracy": metrics.accuracy_score(truth, label),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, label),
        "log_loss": metrics.log_loss(truth, probability),
        "confusion": metrics.confusion_matrix(truth, label),
    }


def regression(rows: int = 200) -> dict:
    truth = random.normal(1000, 50, size=rows)
    predicted = truth + random.normal(0, 20, size=rows)
    weight = random.integers(0, 4, size=rows)
    made = {"truth": truth, "predicted": predicted, "weight": weight}
    for name, function in (
        ("rmse", metrics.root_mean_squared_error),
        ("mae", metrics.mean_absolute_error),
        ("r2", metrics.r2_score),
    ):
        made[name] = function(truth, predicted)
        made[f"{name}_weighted"] = function(truth, predicted, sample_weight=weight)
    return made


def linear(rows: int = 150, columns: int = 5) -> dict:
    x = random.normal(size=(rows, columns))
    y = x @ random.normal(size=columns) + 3 + random.normal(size=rows)
    label = (x[:, :3] + 0.8 * random.normal(size=(rows, 3))).argmax(axis=1)
    ridge = linear_model.Ridge(alpha=1.0).fit(x, y)
    logistic = linear_model.LogisticRegression(C=1.0, tol=1e-10, max_iter=5000).fit(x, label)
    return {
        "x": x,
        "y": y,
        "label": label,
        "ridge": np.append(ridge.coef_, ridge.intercept_),
        "logistic": logistic.predict_proba(x),
    }


parts = {"binary": binary(), "multiclass": multiclass(), "regression": regression()}
parts["linear"] = linear()
write_arrays(
    "report_measures",
    {f"{part}/{name}": value for part, made in parts.items() for name, value in made.items()},
)
