"""The base of metrics that are summed batch by batch.

A metric keeps sums. `make_state` gives them as zeros; `update`, written in ops, adds one batch,
inside the compiled step; `result` makes of them the number on the host. Rows of weight 0
(padding) count nothing.

NOTE: sums are float64. In float32 a count stops growing at 2**24 = 16,777,216 rows, and r2 would
lose its digits.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from .. import dtypes, losses
from ..errors import DataError
from ..losses.loss import Loss, by_position, values
from ..nn import targets
from ..nn.configuration import configuration
from ..ops import elementwise as e
from ..ops.check_index import check_integral
from ..ops.creation import iota
from ..ops.movement import broadcast_to, reshape
from ..ops.reduce import argmax, mean, sum
from ..tensors.mode import no_grad
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched
from ..typing import Array, ArrayLike, Shape, TensorLike


class Metric(Watched):
    """Base of all metrics.

    `resolve` fixes what the metric has to know of the model:

        form     what targets look like: "binary", "one_hot", "labels" or "real"
        outputs  size of the last axis of the predictions
        cut      predictions above it mean yes: 0.5 for probabilities, 0 for logits and margins
    """

    _called_with = "y_true, y_pred"

    label: str = "metric"  # the name when none is given
    fits: tuple[str, ...] = ("binary", "one_hot", "labels", "real")
    threshold: float | None = None  # a prediction above it means yes, where one was asked for
    weighted = False  # in `fit` and `evaluate` sample weights count

    def __init__(self, name: str | None = None) -> None:
        self.name = name or self.label
        self.form = "real"
        self.outputs = 1
        self.cut = 0.5

    def bound(self, form: str, outputs: int, cut: float = 0.5) -> Self:
        """A copy of this metric for targets of this form and this many outputs."""
        if form not in self.fits:
            fix = "use 'mae', 'rmse' or 'r2'" if form == "real" else "choose another metric or loss"
            raise DataError(
                f"metric {self.name!r} counts {_FORMS[self.fits[0]]}, but the targets are "
                f"{_FORMS[form]}; {fix}"
            )
        other = copy.copy(self)
        other.form, other.outputs, other.cut = form, outputs, cut
        return other

    # -- what a subclass writes --

    def shapes(self) -> Sequence[tuple[int, ...]]:
        """The shapes of the sums."""
        return [(), ()]

    def update(
        self, state: Sequence[Tensor], y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> list[Tensor]:
        """The sums after one batch; `weight` has shape (batch,)."""
        raise NotImplementedError

    @property
    def parts(self) -> int:
        """How many arrays `evaluate` keeps of all rows, for `whole`; 0: the sums say it all."""
        return 0

    def kept(self, y_true: Tensor, y_pred: Tensor, weight: Tensor) -> Sequence[Tensor]:
        """Those arrays of one batch (traced)."""
        return ()

    def whole(self, kept: Sequence[Array]) -> float:
        """The exact number, from what was kept of all rows."""
        raise NotImplementedError

    def result(self, state: Sequence[Array]) -> float:
        """The number, from the sums as NumPy arrays."""
        total, count = state
        return float(total / count) if count else NAN

    def scores(self, state: Sequence[Array]) -> float | Array:
        """`result`, or an array where there is a number for each class."""
        return self.result(state)

    def results(self, states: Sequence[Array]) -> list[float]:
        """`result` for many states at once: each array of the state has a first axis more."""
        if type(self).result is Metric.result:
            total, count = states
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where(count > 0, total / count, NAN).tolist()  # type: ignore[no-any-return]
        return [self.result(state) for state in zip(*states, strict=True)]

    # -- use --

    def make_state(self) -> list[Tensor]:
        """The sums before the first batch."""
        return [
            Tensor(np.zeros(s, np.float64), name=f"{self.name}.{i}")
            for i, s in enumerate(self.shapes())
        ]

    def check_targets(self, y: ArrayLike) -> None:
        """DataError when the targets `y` (NumPy) are of a kind that this metric cannot count."""
        if self.form == "real":
            return
        y = targets.numbers(f"metric {self.name!r}", y)
        whole = y.dtype.kind != "f" or np.array_equal(y, np.round(y))
        share = y.min() >= 0 and y.max() <= 1
        if share or (whole and (self.form == "labels" or np.isin(y, (-1, 1)).all())):
            return
        outside = y[(y < 0) | (y > 1)]
        bad = outside[0] if outside.size else y[y != np.round(y)][0]
        raise DataError(
            f"metric {self.name!r} counts {_FORMS[self.form]}, but the targets hold {bad}; "
            "for real-valued targets use 'mae', 'rmse' or 'r2'"
        )

    def __call__(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """The metric of one set of predictions, at once."""
        metric = self
        if type(self).bound is Metric.bound and self.form == "real" and self.fits[0] != "real":
            true, predicted = np.asarray(y_true), np.asarray(y_pred)
            outputs = predicted.shape[-1] if predicted.ndim > 1 else 1
            metric = self.bound(form_of(true, predicted), outputs)
        with no_grad():
            p, y = values(y_true, y_pred)
            rows = p.shape[0]
            weights = np.ones(rows) if sample_weight is None else np.asarray(sample_weight)
            y, p, weight = by_position(y, p, Tensor(weights, p.dtype))
            if metric.parts:
                return metric.whole([part.numpy() for part in metric.kept(y, p, weight)])
            state = metric.update(metric.make_state(), y, p, weight)
        return metric.result([s.numpy() for s in state])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data."""
        return configuration(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


NAN = float("nan")

_FORMS = {
    "binary": "targets 0 and 1",
    "one_hot": "one-hot targets",
    "labels": "class labels",
    "real": "real numbers",
}


def form_of(y: Array, p: Array) -> str:
    """The form of targets `y` beside predictions `p`, from values and shapes."""
    if p.ndim > 1 and p.shape[-1] > 1:
        if y.shape == p.shape:
            return "one_hot" if targets.target_form(y) == "one_hot" else "binary"
        return "labels"
    return "binary" if targets.target_form(y) in ("binary", "labels", "one_hot") else "real"


class MeanOfRows(Metric):
    """Base of metrics that are the weighted mean of one number for each row."""

    def row(self, y: Tensor, p: Tensor) -> Tensor:
        """One number for each row: shape (batch,)."""
        raise NotImplementedError

    def update(
        self, state: Sequence[Tensor], y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> list[Tensor]:
        total, count = state
        p, y = values(y_true, y_pred)
        row = self.row(y, p)
        if row.dtype == dtypes.float64:
            weight = wide(weight)
        row = e.astype(row, weight.dtype)
        return [total + wide(sum(row * weight)), count + wide(sum(weight))]


class LossMetric(MeanOfRows):
    """The mean of a loss over the rows."""

    def __init__(self, loss: losses.LossLike, name: str | None = None) -> None:
        self.loss: Loss = losses.get(loss)
        super().__init__(name or self.loss.name)

    def of_logits(self) -> LossMetric:
        """This metric for predictions that are logits, if its loss leaves that open."""
        if self.loss.from_logits is not None:
            return self
        other = copy.copy(self)
        other.loss = copy.copy(self.loss)
        other.loss.from_logits = True
        return other

    def row(self, y: Tensor, p: Tensor) -> Tensor:
        return self.loss.per_row(y, p)


def wide(x: Tensor) -> Tensor:
    """x as float64."""
    return e.astype(x, dtypes.float64)


def column(x: Tensor) -> Tensor:
    """(n, 1) as (n,); everything else as it is."""
    return reshape(x, x.shape[:-1]) if x.ndim > 1 and x.shape[-1] == 1 else x


def mean_of_row(x: Tensor) -> Tensor:
    """The mean over the axes after the first."""
    return mean(x, axis=tuple(range(1, x.ndim))) if x.ndim > 1 else x


def labels_of(y: Tensor, p: Tensor, form: str) -> Tensor:
    """Class labels of shape `p.shape[:-1]`, int64."""
    if form == "one_hot":
        return argmax(y, axis=-1)
    labels = check_integral(reshape(y, p.shape[:-1]), what="label", owner="metric")
    return e.astype(labels, dtypes.int64)


def one_hot_of(labels: Tensor, shape: Shape) -> Tensor:
    """True where the last axis of `shape` stands at the label."""
    spread = broadcast_to(reshape(labels, (*labels.shape, 1)), shape)
    return e.equal(iota(shape, axis=len(shape) - 1), spread)
