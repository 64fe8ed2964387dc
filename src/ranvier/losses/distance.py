"""Losses that compare element by element."""

from __future__ import annotations

import math

import numpy as np

from ..errors import ArgumentError, DataError
from ..nn import targets
from ..ops import elementwise as e
from ..ops.composites import functions as composite
from ..tensors.tensor import Tensor
from ..typing import ArrayLike, TensorLike
from .last_layer import STEP, LastLayer, last_layer
from .loss import SMALLEST, ElementLoss, logits_of


class MeanSquaredError(ElementLoss):
    """`mean((y - p) ** 2)`.

    >>> MeanSquaredError()([[1.0], [2.0]], [[0.0], [4.0]])
    tensor(2.5)
    """

    name = "mean_squared_error"
    learns_numbers = True

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        error = p - y
        return error * error


class HalfSquaredError(ElementLoss):
    """`mean((y - p) ** 2 / 2)`, whose derivative is plainly `p - y`."""

    name = "half_squared_error"
    learns_numbers = True

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        error = p - y
        return error * error * 0.5


class MeanAbsoluteError(ElementLoss):
    """`mean(|y - p|)`; the gradient at 0 is 0."""

    name = "mean_absolute_error"
    learns_numbers = True

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        return e.abs(p - y)


class Huber(ElementLoss):
    """`d ** 2 / 2` for `d = |p - y|` up to `delta`, then `delta * (d - delta / 2)`: Huber 1964."""

    name = "huber"
    learns_numbers = True

    def __init__(self, delta: float = 1.0) -> None:
        if not delta > 0:
            raise ArgumentError(f"Huber: delta={delta}; expected a number above 0")
        self.delta = delta

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        d = e.abs(p - y)
        small = e.minimum(d, self.delta)
        return small * (d - small * 0.5)


class LogCosh(ElementLoss):
    """`log(cosh(p - y))`: for `d = |p - y|` `d ** 2 / 2` if small, `d - log 2` if large."""

    name = "log_cosh"
    learns_numbers = True

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        d = e.abs(p - y)
        return d + e.log1p(e.exp(d * -2)) - math.log(2)


class Poisson(ElementLoss):
    """`p - y * log(p)`: the negative log-likelihood of counts y under rates p, less constants."""

    name = "poisson"
    learns_numbers = True

    def align(self, y_true: TensorLike, y_pred: TensorLike) -> tuple[Tensor, Tensor]:
        self.look(y_pred)
        return super().align(y_true, y_pred)

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        return p - y * e.log(p + SMALLEST)

    def is_unsure(self, last: LastLayer) -> bool:
        return last.low < 0

    def faults(self, y_pred: TensorLike) -> Tensor:
        return e.less(y_pred, -SMALLEST)

    def fault(self, rows: int, example: str = "") -> DataError:
        return DataError(
            f"{self.name}: {rows} row{'s' * (rows > 1)} of the predictions hold negative numbers"
            f"{example}; expected rates, at least 0. End the model in activation='exponential' or "
            "'softplus'"
        )

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        super().check_targets(y, n_outputs)
        if np.min(y) < 0:
            raise DataError(f"{self.name}: targets are counts, at least 0; got {np.min(y)}")


class _Signed(ElementLoss):
    """Base of losses for targets -1 and 1; a target 0 means -1."""

    def check_output(self, last: LastLayer) -> None:
        super().check_output(last)
        if last.low >= 0:
            raise ArgumentError(
                f"{self.name}: the model ends in {last.description}, so its outputs are never "
                "below 0 and every row would be taken for class 1; expected scores on both sides "
                "of 0: end it without activation, or in 'tanh'"
            )

    def align(self, y_true: TensorLike, y_pred: TensorLike) -> tuple[Tensor, Tensor]:
        self.check_output(last_layer(y_pred))
        y, p = super().align(y_true, y_pred)
        return e.where(e.equal(y, 0), -1, y), p

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        super().check_targets(y, n_outputs)
        targets.check_signs(self.name, np.asarray(y))


class Hinge(_Signed):
    """`max(1 - y * p, 0)` for y of -1 or 1: the loss of support vector machines."""

    name = "hinge"

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        return composite.relu(1 - y * p)


class SquaredHinge(_Signed):
    """`max(1 - y * p, 0) ** 2` for y of -1 or 1."""

    name = "squared_hinge"

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        short = composite.relu(1 - y * p)
        return short * short


class Perceptron(_Signed):
    """`-y * z` where the sign of z is wrong, else 0: Rosenblatt 1958.

    z is the number before the `step` activation if the model ends in it. Its gradient, -y * x on
    each mistake, is the perceptron rule; z = 0 counts as a mistake, so that learning can start
    from zero weights.
    """

    name = "perceptron"

    def check_output(self, last: LastLayer) -> None:
        if last.kind != STEP:
            super().check_output(last)

    def align(self, y_true: TensorLike, y_pred: TensorLike) -> tuple[Tensor, Tensor]:
        z = logits_of(y_pred, STEP)
        return super().align(y_true, y_pred if z is None else z)

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        margin = y * p
        return e.where(e.greater(margin, 0), 0, -margin)
