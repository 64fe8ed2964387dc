"""`keras.metrics`."""

from __future__ import annotations

from ....metrics import (
    AUC,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    MeanAbsoluteError,
    MeanSquaredError,
    Metric,
    Precision,
    Recall,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    get,
)
from ....metrics import F1 as F1Score
from ....metrics import R2 as R2Score
from ....metrics import TopK as SparseTopKCategoricalAccuracy
from ....metrics import TopK as TopKCategoricalAccuracy
from ...names import module_getattr

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "F1Score",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "get",
]

__getattr__ = module_getattr("keras.metrics", globals())
