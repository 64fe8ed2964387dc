"""Metrics of distances between numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..losses import MeanAbsoluteError as _AbsoluteLoss
from ..losses import MeanSquaredError as _SquaredLoss
from ..losses.loss import values
from ..ops.movement import reshape
from ..ops.reduce import sum
from ..tensors.tensor import Tensor
from ..typing import Array
from .metric import NAN, LossMetric, Metric, wide


class MeanAbsoluteError(LossMetric):
    """`mean(|y - p|)`."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(_AbsoluteLoss(), name or "mae")


class MeanSquaredError(LossMetric):
    """`mean((y - p) ** 2)`."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(_SquaredLoss(), name or "mse")


class RootMeanSquaredError(LossMetric):
    """`sqrt(mean((y - p) ** 2))` over all rows, in the unit of the targets.

    >>> RootMeanSquaredError()([0.0, 0.0], [3.0, 4.0])
    3.5355339059327378
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(_SquaredLoss(), name or "rmse")

    def result(self, state: Sequence[Array]) -> float:
        return math.sqrt(super().result(state))


class R2(Metric):
    """`1 - sum((y - p) ** 2) / sum((y - mean(y)) ** 2)`: 1 is perfect, 0 as good as the mean.

    The mean over the output columns; NaN when the targets do not vary.
    """

    label = "r2"

    def shapes(self) -> Sequence[tuple[int, ...]]:
        return [(), (self.outputs,), (self.outputs,), (self.outputs,)]

    def update(
        self, state: Sequence[Tensor], y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> list[Tensor]:
        count, first, second, wrong = state
        p, y = values(y_true, y_pred)
        shape = (p.shape[0], self.outputs)
        p, y, w = wide(reshape(p, shape)), wide(reshape(y, shape)), wide(weight)
        stand = reshape(w, (p.shape[0], 1))
        error = y - p
        return [
            count + sum(w),
            first + sum(stand * y, axis=0),
            second + sum(stand * y * y, axis=0),
            wrong + sum(stand * error * error, axis=0),
        ]

    def result(self, state: Sequence[Array]) -> float:
        count, first, second, wrong = (np.asarray(s, np.float64) for s in state)
        if not count:
            return NAN
        spread = second - first * first / count
        with np.errstate(all="ignore"):
            return float(np.mean(np.where(spread > 0, 1 - wrong / spread, NAN)))
