"""`keras.metrics`: Ranvier's, which also sum up by themselves.

m = keras.metrics.SparseCategoricalAccuracy()
m.update_state(y, predictions)        # batch after batch
m.result(), m.reset_state()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .... import metrics as ours
from ....ops import elementwise, reduce
from ....ops.creation import ones_like
from ....ops.op import as_values
from ....tensors.mode import no_grad
from ....tensors.tensor import Tensor
from ...table import fill, names


class _Summed:
    """What `update_state` adds up; `fit` keeps sums of its own."""

    _sums: list[Tensor] | None = None

    def _add(self, *arguments: Any) -> None:
        raise NotImplementedError

    def update_state(self, *arguments: Any, sample_weight: Any = None) -> None:
        """Add one batch: (y_true, y_pred), or the numbers themselves for Mean and Sum."""
        with no_grad():
            self._add(*arguments, *(() if sample_weight is None else (sample_weight,)))

    def reset_state(self) -> None:
        """Begin again with nothing."""
        for t in self._sums or ():
            t.assign(np.zeros(t.shape))

    reset_states = reset_state

    def __call__(self, *arguments: Any, sample_weight: Any = None) -> Any:
        self.update_state(*arguments, sample_weight=sample_weight)
        return self.result()

    def result(self, state: Sequence[Any] | None = None) -> Any:
        """The number so far."""
        raise NotImplementedError


def _summed(kind: Any, form: str, name: str) -> Any:
    """`kind` with sums of its own, for targets of this form."""

    def made_for(metric: Any, y_pred: Any) -> Any:
        outputs = y_pred.shape[-1] if y_pred.ndim > 1 else 1
        cut = 0.5 if metric.threshold is None else metric.threshold
        return metric.bound(form, outputs, cut)

    class Made(_Summed, kind):  # type: ignore[misc]
        def _add(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            y, p = as_values(y_true, y_pred)
            metric = made_for(self, p)
            if self._sums is None:
                self._sums = kind.make_state(metric)
            weight = Tensor(np.ones(p.shape[0], np.float32))
            if sample_weight is not None:
                (weight,) = as_values(sample_weight)
            for t, new in zip(self._sums, metric.update(self._sums, y, p, weight), strict=True):
                t.assign(new)

        def result(self, state: Sequence[Any] | None = None) -> Any:
            if state is not None:
                return kind.result(self, state)
            if self._sums is None:
                return Tensor(0.0)
            return Tensor(float(kind.result(self, [t.numpy() for t in self._sums])))

    Made.__name__ = kind.__name__  # files name Ranvier's class
    Made.__qualname__ = name
    Made.__doc__ = (kind.__doc__ or "").partition("\n")[0]
    return Made


class _AUC(ours.AUC):
    """The area under the receiver operating characteristic, with Keras' order of arguments."""

    def __init__(self, num_thresholds: int | None = None, name: str | None = None) -> None:
        super().__init__(name, num_thresholds)


_AUC.__name__ = "AUC"


class F1Score(_summed(ours.F1Score, "one_hot", "F1Score")):  # type: ignore[misc]
    """The F1 of each class, of the largest output or of those above `threshold`.

    >>> F1Score(average="macro")([[1, 0], [0, 1]], [[0.6, 0.4], [0.7, 0.3]]).shape
    ()
    """

    def result(self, state: Sequence[Any] | None = None) -> Any:
        """The number so far, or one for each class."""
        if state is not None:
            return super().result(state)
        if self._sums is None:
            return Tensor(0.0)
        return Tensor(self.scores([t.numpy() for t in self._sums]), "float32")


class Mean(_Summed):
    """The mean of the numbers given to `update_state`.

    >>> m = Mean()
    >>> m.update_state([1.0, 3.0])
    >>> m.result()
    tensor(2.)
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        self.name = name
        self._sums = [Tensor(np.zeros((), np.float64)), Tensor(np.zeros((), np.float64))]

    def _add(self, values: Any, sample_weight: Any = None) -> None:
        (x,) = as_values(values)
        (w,) = as_values(ones_like(x) if sample_weight is None else sample_weight)
        assert self._sums is not None
        for t, new in zip(self._sums, (x * w, w), strict=True):
            t.assign(t + elementwise.astype(reduce.sum(new), "float64"))

    def result(self, state: Sequence[Any] | None = None) -> Any:
        """The mean so far; 0 before the first number."""
        assert self._sums is not None
        total, count = self._sums
        mean = total / elementwise.where(elementwise.equal(count, 0.0), 1.0, count)
        return elementwise.astype(mean, "float32")


class Sum(Mean):
    """The sum of the numbers given to `update_state`."""

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def result(self, state: Sequence[Any] | None = None) -> Any:
        """The sum so far."""
        assert self._sums is not None
        return elementwise.astype(self._sums[0], "float32")


_SUMMED = {
    "Accuracy": (ours.Accuracy, "labels"),
    "BinaryAccuracy": (ours.BinaryAccuracy, "binary"),
    "CategoricalAccuracy": (ours.CategoricalAccuracy, "one_hot"),
    "SparseCategoricalAccuracy": (ours.SparseCategoricalAccuracy, "labels"),
    "TopKCategoricalAccuracy": (ours.TopK, "one_hot"),
    "SparseTopKCategoricalAccuracy": (ours.TopK, "labels"),
    "Precision": (ours.Precision, "binary"),
    "Recall": (ours.Recall, "binary"),
    "AUC": (_AUC, "binary"),
    "R2Score": (ours.R2, "real"),
    "MeanAbsoluteError": (ours.MeanAbsoluteError, "real"),
    "MeanSquaredError": (ours.MeanSquaredError, "real"),
    "RootMeanSquaredError": (ours.RootMeanSquaredError, "real"),
}

__all__, __getattr__ = fill(
    globals(),
    "keras.metrics",
    names(ours, "Metric get"),
    {name: _summed(kind, form, name) for name, (kind, form) in _SUMMED.items()},
)
