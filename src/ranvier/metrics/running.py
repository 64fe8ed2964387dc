"""Metrics of many batches, for loops of one's own: `update_state`, `result`, `reset_state`."""

from __future__ import annotations

import numpy as np

from .. import dtypes
from ..base.missing import Spelled
from ..losses.loss import by_position, values
from ..ops import elementwise as e
from ..ops.creation import ones_like
from ..ops.op import as_values
from ..ops.reduce import sum
from ..tensors.mode import no_grad
from ..tensors.tensor import Tensor
from ..typing import Array, TensorLike
from .metric import Metric, form_of, wide


class Running(Spelled):
    """A metric summed up batch after batch; `metric(y_true, y_pred)` is that of one set at once.

    `update_state` may stand in a compiled step, too. The sums are float64 and those of the metric:
    AUC counts in drawers, also where it would sort a single set.

    >>> from ranvier import metrics
    >>> running = Running(metrics.Accuracy())
    >>> running.update_state([0, 1], [[0.9, 0.1], [0.2, 0.8]])
    >>> running.update_state([0, 0], [[0.9, 0.1], [0.2, 0.8]])
    >>> running.result()
    0.75

    Args:
        metric: which one.
        form: what targets look like: "binary", "one_hot", "labels" or "real"; None: as those of the
            first batch do, which then must be there as numbers.
    """

    def __init__(self, metric: Metric, form: str | None = None) -> None:
        self.metric, self.form = metric, form
        self._bound: Metric | None = None  # the metric for the size of the predictions
        self._sums: list[Tensor] = []

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Add one batch; `sample_weight` (batch,)."""
        with no_grad():
            p, y = values(y_true, y_pred)
            metric = self._bound or self._bind(y, p)
            (weight,) = as_values(np.ones(p.shape[0]) if sample_weight is None else sample_weight)
            rows = by_position(y, p, e.astype(weight, p.dtype))
            for total, new in zip(self._sums, metric.update(self._sums, *rows), strict=True):
                total.assign(new)

    def _bind(self, y: Tensor, p: Tensor) -> Metric:
        metric, form = self.metric, self.form
        if form is None:
            form = "real" if "real" in metric.fits else form_of(y.numpy(), p.numpy())
        outputs = p.shape[-1] if p.ndim > 1 else 1
        cut = 0.5 if metric.threshold is None else metric.threshold
        self._bound = metric.bound(form, outputs, cut)
        self._sums = self._bound.make_state()
        return self._bound

    def result(self) -> float | Array:
        """The number so far, 0 before the first batch; an array where the metric gives one number
        for each class.
        """
        return 0.0 if self._bound is None else self._bound.scores([t.numpy() for t in self._sums])

    def reset_state(self) -> None:
        """Begin again with nothing."""
        for t in self._sums:
            t.assign(np.zeros(t.shape))


class Mean(Spelled):
    """The mean of the numbers given to `update_state`, such as the losses of an epoch's batches.

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> mean.result()
    tensor(2.)
    """

    def __init__(self, name: str = "mean") -> None:
        self.name = name
        self.total, self.weight = (Tensor(np.zeros(()), dtypes.float64) for _ in range(2))

    def update_state(self, numbers: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Add numbers of any shape, with a weight for each or one for all."""
        with no_grad():
            (x,) = as_values(numbers)
            (w,) = as_values(ones_like(x) if sample_weight is None else sample_weight)
            self.total.assign(self.total + wide(sum(x * w)))
            self.weight.assign(self.weight + wide(sum(w)))

    def result(self) -> Tensor:
        """The mean so far, float32; 0 before the first number."""
        mean = self.total / e.where(e.equal(self.weight, 0.0), 1.0, self.weight)
        return e.astype(mean, dtypes.float32)

    def reset_state(self) -> None:
        """Begin again with nothing."""
        for t in (self.total, self.weight):
            t.assign(0.0)


class Sum(Mean):
    """The sum of the numbers given to `update_state`."""

    def __init__(self, name: str = "sum") -> None:
        super().__init__(name)

    def result(self) -> Tensor:
        """The sum so far, float32."""
        return e.astype(self.total, dtypes.float32)
