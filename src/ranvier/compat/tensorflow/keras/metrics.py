"""`keras.metrics`: Ranvier's, which also sum up by themselves.

m = keras.metrics.SparseCategoricalAccuracy()
m.update_state(y, predictions)        # batch after batch
m.result(), m.reset_state()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import metrics as ours
from ....metrics import running
from ....tensors.tensor import Tensor
from ....typing import Array, DTypeLike
from ...table import fill, first_paragraph, names


class _Called:
    """A call adds a batch, or numbers, and gives the result so far."""

    def __call__(self: Any, *arguments: Any, sample_weight: Any = None) -> Any:
        self.update_state(*arguments, sample_weight=sample_weight)
        return self.result()

    def reset_states(self: Any) -> None:
        """Begin again with nothing."""
        self.reset_state()


class _Summed(_Called):
    """A metric with sums of its own; `fit` keeps others."""

    targets: str  # their form
    _running: running.Running | None = None

    def sums(self: Any) -> running.Running:
        """What was added so far."""
        if self._running is None:
            self._running = running.Running(self, self.targets)
        return self._running  # type: ignore[no-any-return]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch."""
        self.sums().update_state(y_true, y_pred, sample_weight)

    def reset_state(self) -> None:
        """Begin again with nothing."""
        self.sums().reset_state()

    def result(self, state: Sequence[Array] | None = None) -> Any:
        """The number so far, or one for each class."""
        if state is not None:
            return super().result(state)  # type: ignore[misc]
        return Tensor(self.sums().result(), "float32")


def _summed(name: str, kind: type[ours.Metric], targets: str) -> type[ours.Metric]:
    """`kind` with sums of its own, for targets of this form."""
    made = type(kind.__name__, (_Summed, kind), {"targets": targets, "__module__": __name__})
    made.__qualname__, made.__doc__ = name, first_paragraph(kind)  # files name Ranvier's class
    return made


class _AUC(ours.AUC):
    """The area under the receiver operating characteristic, with Keras' order of arguments."""

    def __init__(self, num_thresholds: int | None = None, name: str | None = None) -> None:
        super().__init__(name, num_thresholds)


_AUC.__name__ = "AUC"  # for files


class Mean(_Called, running.Mean):
    """The mean of the numbers given to `update_state`."""

    def __init__(self, name: str = "mean", dtype: DTypeLike | None = None) -> None:
        super().__init__(name)


class Sum(_Called, running.Sum):
    """The sum of the numbers given to `update_state`."""

    def __init__(self, name: str = "sum", dtype: DTypeLike | None = None) -> None:
        super().__init__(name)


# Keras' name -> the metric, and what its targets look like.
_SUMMED: dict[str, tuple[type[ours.Metric], str]] = {
    "AUC": (_AUC, "binary"),
    "Accuracy": (ours.Accuracy, "labels"),
    "BinaryAccuracy": (ours.BinaryAccuracy, "binary"),
    "CategoricalAccuracy": (ours.CategoricalAccuracy, "one_hot"),
    "F1Score": (ours.F1Score, "one_hot"),
    "MeanAbsoluteError": (ours.MeanAbsoluteError, "real"),
    "MeanSquaredError": (ours.MeanSquaredError, "real"),
    "Precision": (ours.Precision, "binary"),
    "R2Score": (ours.R2, "real"),
    "Recall": (ours.Recall, "binary"),
    "RootMeanSquaredError": (ours.RootMeanSquaredError, "real"),
    "SparseCategoricalAccuracy": (ours.SparseCategoricalAccuracy, "labels"),
    "SparseTopKCategoricalAccuracy": (ours.TopK, "labels"),
    "TopKCategoricalAccuracy": (ours.TopK, "one_hot"),
}

__all__, __getattr__ = fill(
    globals(),
    "keras.metrics",
    names(ours, "Metric get"),
    {name: _summed(name, *row) for name, row in _SUMMED.items()},
)
