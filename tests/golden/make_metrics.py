"""Metrics on random predictions, from scikit-learn. See README.md."""

import numpy as np
from common import write_arrays
from sklearn import metrics

random = np.random.default_rng(0)


def weighted_and_not(function, target, prediction, weight, **options) -> dict[str, float]:
    return {
        "": function(target, prediction, **options),
        "_weighted": function(target, prediction, sample_weight=weight, **options),
    }


def binary(rows: int = 200) -> dict:
    target = random.integers(0, 2, size=rows)
    # Rounding makes ties, which the area under the curve must count as half.
    score = np.round(np.clip(0.3 * target + random.uniform(0, 0.7, size=rows), 0, 1), 2)
    score[score == 0.5] = 0.51
    weight = random.uniform(0, 2, size=rows)
    made = {"target": target, "score": score, "weight": weight}
    for name, function, prediction in (
        ("accuracy", metrics.accuracy_score, score > 0.5),
        ("precision", metrics.precision_score, score > 0.5),
        ("recall", metrics.recall_score, score > 0.5),
        ("f1", metrics.f1_score, score > 0.5),
        ("auc", metrics.roc_auc_score, score),
    ):
        for ending, value in weighted_and_not(function, target, prediction, weight).items():
            made[name + ending] = value
    return made


def multiclass(rows: int = 200, classes: int = 5) -> dict:
    target = random.integers(0, classes, size=rows)
    logits = random.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[target]
    score = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predicted = score.argmax(axis=1)
    weight = random.uniform(0, 2, size=rows)
    made = {"target": target, "score": score, "weight": weight}
    for name, function, prediction, options in (
        ("accuracy", metrics.accuracy_score, predicted, {}),
        ("top_2", metrics.top_k_accuracy_score, score, {"k": 2}),
        ("top_3", metrics.top_k_accuracy_score, score, {"k": 3}),
        ("precision_macro", metrics.precision_score, predicted, {"average": "macro"}),
        ("recall_macro", metrics.recall_score, predicted, {"average": "macro"}),
        ("f1_macro", metrics.f1_score, predicted, {"average": "macro"}),
        ("confusion", metrics.confusion_matrix, predicted, {}),
    ):
        both = weighted_and_not(function, target, prediction, weight, **options)
        made |= {name + ending: value for ending, value in both.items()}
    return made


def regression(rows: int = 200) -> dict:
    target = random.normal(size=rows) * 3
    prediction = target + random.normal(size=rows)
    weight = random.uniform(0, 2, size=rows)
    made = {"target": target, "prediction": prediction, "weight": weight}
    for name, function in (
        ("mae", metrics.mean_absolute_error),
        ("mse", metrics.mean_squared_error),
        ("rmse", metrics.root_mean_squared_error),
        ("r2", metrics.r2_score),
    ):
        for ending, value in weighted_and_not(function, target, prediction, weight).items():
            made[name + ending] = value
    return made


def main() -> None:
    groups = {"binary": binary(), "multiclass": multiclass(), "regression": regression()}
    write_arrays(
        "metrics",
        {f"{group}/{key}": v for group, values in groups.items() for key, v in values.items()},
    )


if __name__ == "__main__":
    main()
