"""Metrics: numbers people read, beside the loss that training reads.

Metrics of training are summed batch by batch inside the compiled step (metric.py); `Running` sums
one up in a loop of one's own; `confusion_matrix` and `roc_auc` take whole arrays.

| file | what it holds |
|---|---|
| calibration.py | Whether probabilities come true, and intervals that hold a stated share |
| classification.py | Metrics that count classes |
| curves.py | ROC and precision-recall curves, and what follows from a threshold |
| metric.py | The base of metrics that are summed batch by batch |
| regression.py | Metrics of distances between numbers |
| running.py | Metrics of many batches, for loops of one's own |
| whole.py | Metrics of whole sets of predictions, exact, in NumPy |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from .. import losses
from ..base.missing import answered, module_getattr
from ..errors import unknown_name
from ..losses.distance import Hinge, Perceptron, SquaredHinge
from ..nn.configuration import restore
from ..typing import Shape
from .classification import (
    AUC,
    F1,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    F1Score,
    Precision,
    Recall,
    SparseCategoricalAccuracy,
    TopK,
)
from .metric import LossMetric, MeanOfRows, Metric
from .regression import R2, MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError
from .running import Mean, Running, Sum
from .whole import confusion_matrix, roc_auc

NAMES: dict[str, Callable[[], Metric]] = {
    "accuracy": Accuracy,
    "acc": Accuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "precision": Precision,
    "recall": Recall,
    "f1": F1,
    "f1_score": F1,
    "auc": AUC,
    "mae": MeanAbsoluteError,
    "mean_absolute_error": MeanAbsoluteError,
    "mse": MeanSquaredError,
    "mean_squared_error": MeanSquaredError,
    "rmse": RootMeanSquaredError,
    "root_mean_squared_error": RootMeanSquaredError,
    "r2": R2,
    "r2_score": R2,
    "top_k_categorical_accuracy": TopK,
    "sparse_top_k_categorical_accuracy": TopK,
    "top_k": TopK,
}


# A metric or its class, or what stands for a loss.
MetricLike: TypeAlias = Metric | type[Metric] | losses.LossLike

# What files may name.
_CLASSES: tuple[type, ...] = (*dict.fromkeys(NAMES.values()), F1Score, LossMetric)  # type: ignore[arg-type]


@answered
def get(metric: MetricLike) -> Metric:
    """A metric from a name, a Metric, a loss or its name, a function of `(y_true, y_pred)`, or the
    {"class", "config"} of a file.

    >>> get("acc")
    Accuracy('acc')
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, Mapping):
        known = {m.__name__: m for m in _CLASSES}
        return restore("metric", metric, known)
    if isinstance(metric, str):
        if metric.lower() in NAMES:
            made = NAMES[metric.lower()]()
            made.name = metric
            return made
        if metric.lower() not in losses.NAMES:
            raise unknown_name("metric", metric, NAMES)
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if not isinstance(metric, str | losses.Loss) and not callable(metric):
        raise unknown_name("metric", metric, NAMES)
    loss = losses.get(metric)
    return LossMetric(loss, metric if isinstance(metric, str) else loss.name)


def resolve(
    metric: MetricLike, loss: losses.LossLike | None, output_shape: Shape, target_shape: Shape
) -> Metric:
    """The metric made ready for a model: its loss, the shapes of an output and a target row.

    The form of the targets follows from the loss; for other losses from the shapes, as in Keras.

    >>> resolve("accuracy", losses.get("mse"), (3,), ()).form
    'labels'
    """
    made = get(metric)
    loss = losses.get(loss) if loss is not None else None
    outputs = output_shape[-1] if output_shape else 1
    if isinstance(made, LossMetric) and loss is not None and loss.from_logits:
        made = made.of_logits()
    return made.bound(*_form(made, loss, output_shape, target_shape, outputs))


def _form(
    metric: Metric, loss: losses.Loss | None, output: Shape, target: Shape, outputs: int
) -> tuple[str, int, float]:
    logits = loss is not None and bool(loss.from_logits)
    cut = 0.5 if metric.threshold is None else metric.threshold
    if logits and isinstance(loss, losses.BinaryCrossentropy):
        return "binary", outputs, _logit(cut)
    if isinstance(loss, losses.SparseCategoricalCrossentropy):
        return "labels", outputs, 0.0 if logits else cut
    if isinstance(loss, losses.CategoricalCrossentropy | losses.KLDivergence):
        return "one_hot", outputs, 0.0 if logits else cut
    if isinstance(loss, losses.BinaryCrossentropy):
        return "binary", outputs, cut
    if isinstance(loss, Hinge | SquaredHinge | Perceptron):
        return ("binary", 1, 0.0) if outputs == 1 else ("one_hot", outputs, cut)
    if "real" in metric.fits:
        return "real", outputs, cut
    if outputs == 1:
        return "binary", 1, cut
    if target == output:
        return ("one_hot" if "one_hot" in metric.fits else "binary"), outputs, cut
    return "labels", outputs, cut


def _logit(share: float) -> float:
    """The logit whose sigmoid is `share`."""
    if not 0 < share < 1:
        return math.copysign(math.inf, share - 0.5)
    return math.log(share / (1 - share))


__all__ = [
    "AUC",
    "F1",
    "R2",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "F1Score",
    "LossMetric",
    "Mean",
    "MeanAbsoluteError",
    "MeanOfRows",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "Recall",
    "RootMeanSquaredError",
    "Running",
    "SparseCategoricalAccuracy",
    "Sum",
    "TopK",
    "confusion_matrix",
    "get",
    "resolve",
    "roc_auc",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
