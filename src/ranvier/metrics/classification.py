"""Metrics that count classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, unknown_name
from ..losses.loss import values
from ..ops import elementwise as e
from ..ops.composites import functions as composite
from ..ops.gather import scatter_add
from ..ops.movement import broadcast_to, narrow, reshape
from ..ops.reduce import argmax, sum
from ..tensors.tensor import Tensor
from ..typing import Array, ArrayLike
from .metric import NAN, MeanOfRows, Metric, labels_of, mean_of_row, one_hot_of, wide
from .whole import roc_auc

THRESHOLDS = 200


class Accuracy(MeanOfRows):
    """The share of right answers.

    Binary: prediction and target on the same side of the cut. One-hot or labels: the largest
    prediction is the class.

    >>> Accuracy()([2, 0], [[0.1, 0.2, 0.7], [0.3, 0.4, 0.3]])
    0.5
    """

    label = "accuracy"
    fits: tuple[str, ...] = ("binary", "one_hot", "labels")

    def row(self, y: Tensor, p: Tensor) -> Tensor:
        if self.form == "binary":
            y = reshape(y, p.shape)
            right = e.equal(e.greater(y, 0.5), e.greater(p, self.cut))
        else:
            right = e.equal(argmax(p, axis=-1), labels_of(y, p, self.form))
        return mean_of_row(e.astype(right, p.dtype))


class BinaryAccuracy(Accuracy):
    """`Accuracy` of targets 0 and 1 against predictions above `threshold`."""

    label = "binary_accuracy"
    fits: tuple[str, ...] = ("binary",)

    def __init__(self, name: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name)
        self.cut = self.threshold = threshold


class CategoricalAccuracy(Accuracy):
    """`Accuracy` of one-hot targets."""

    label = "categorical_accuracy"
    fits: tuple[str, ...] = ("one_hot",)


class SparseCategoricalAccuracy(Accuracy):
    """`Accuracy` of class labels."""

    label = "sparse_categorical_accuracy"
    fits: tuple[str, ...] = ("labels",)


class TopK(MeanOfRows):
    """The share of rows whose class is among the `k` largest predictions."""

    label = "top_k_categorical_accuracy"
    fits: tuple[str, ...] = ("one_hot", "labels")

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        super().__init__(name)
        if k < 1:
            raise ArgumentError(f"{self.name}: k={k}; expected at least 1")
        self.k = k

    def row(self, y: Tensor, p: Tensor) -> Tensor:
        chosen = one_hot_of(labels_of(y, p, self.form), p.shape)
        score = sum(e.where(chosen, p, 0), axis=-1, keepdims=True)
        above = e.greater(p, broadcast_to(score, p.shape))
        return mean_of_row(e.astype(e.less(sum(above, axis=-1), self.k), p.dtype))


class _Counts(Metric):
    """Base of precision, recall and F1: sums of hits, predicted and actual members of a class.

    Targets 0 and 1 have one class, "yes", over all outputs together; two softmax classes are judged
    by the second. With more classes the result is the plain mean over the classes that occur
    (macro average).
    """

    fits: tuple[str, ...] = ("binary", "one_hot", "labels")

    def shapes(self) -> Sequence[tuple[int, ...]]:
        return [(1 if self.form == "binary" else self.outputs,)] * 3

    def update(
        self, state: Sequence[Tensor], y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> list[Tensor]:
        p, y = values(y_true, y_pred)
        if self.form == "binary":
            shape = (p.size, 1)
            weight = reshape(broadcast_to(_stand(weight, p.ndim), p.shape), shape)
            predicted = reshape(e.greater(p, self.cut), shape)
            true = reshape(e.greater(reshape(y, p.shape), 0.5), shape)
        else:
            shape = (p.size // p.shape[-1], p.shape[-1])
            weight = reshape(broadcast_to(_stand(weight, p.ndim - 1), p.shape[:-1]), (shape[0], 1))
            predicted = one_hot_of(reshape(argmax(p, axis=-1), (shape[0],)), shape)
            true = one_hot_of(reshape(labels_of(y, p, self.form), (shape[0],)), shape)
        return [
            total + wide(sum(e.where(chosen, weight, 0), axis=0))
            for total, chosen in zip(
                state, (e.logical_and(predicted, true), predicted, true), strict=True
            )
        ]

    def result(self, state: Sequence[Array]) -> float:
        hits, predicted, true = (np.asarray(s, np.float64) for s in state)
        score = self.score(hits, predicted, true)
        if len(score) == 2:
            return float(score[1])
        occurs = predicted + true > 0
        return float(score[occurs].mean()) if occurs.any() else 0.0

    def score(self, hits: Array, predicted: Array, true: Array) -> Array:
        """The score of each class."""
        raise NotImplementedError


def _stand(weight: Tensor, ndim: int) -> Tensor:
    return reshape(weight, (weight.shape[0],) + (1,) * (ndim - 1))


def _ratio(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


class Precision(_Counts):
    """Of what was predicted to be of the class, the share that is; 0 when nothing was."""

    label = "precision"

    def score(self, hits: Array, predicted: Array, true: Array) -> Array:
        return _ratio(hits, predicted)


class Recall(_Counts):
    """Of what is of the class, the share that was found; 0 when there is nothing."""

    label = "recall"

    def score(self, hits: Array, predicted: Array, true: Array) -> Array:
        return _ratio(hits, true)


class F1(_Counts):
    """`2 * precision * recall / (precision + recall)`."""

    label = "f1"

    def score(self, hits: Array, predicted: Array, true: Array) -> Array:
        return _ratio(2 * hits, predicted + true)


class F1Score(_Counts):
    """The F1 of every class, and of them one number: the mean ("macro"), the mean by how often each
    occurs ("weighted"), or the F1 of all decisions together ("micro").

    The largest output is the class, or with a `threshold` every output above it. `average=None`
    gives a number for each class (`scores`), which a training cannot show.

    >>> y, p = [[1, 0, 0], [0, 1, 0]], [[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]]
    >>> round(F1Score("macro")(y, p), 4)
    0.3333
    """

    label = "f1_score"

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        if average not in (None, *_AVERAGES):
            raise unknown_name(f"average of {self.name}", average, _AVERAGES)
        self.average, self.threshold = average, threshold

    def shapes(self) -> Sequence[tuple[int, ...]]:
        return [(self.outputs,)] * 3

    def check_targets(self, y: ArrayLike) -> None:
        super().check_targets(y)
        if self.average is None and self.outputs > 1:
            raise ArgumentError(
                f"metric {self.name!r}: average=None gives {self.outputs} numbers, one for each "
                f"class, and a training shows one; choose average= one of {', '.join(_AVERAGES)}"
            )

    def update(
        self, state: Sequence[Tensor], y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> list[Tensor]:
        p, y = values(y_true, y_pred)
        if self.threshold is None and self.outputs == 1:
            raise ArgumentError(
                f"metric {self.name!r}: of one output the largest is always it; give threshold=0.5"
            )
        shape = (p.size // self.outputs, self.outputs)
        if self.form == "labels":
            true = one_hot_of(reshape(labels_of(y, p, self.form), shape[:1]), shape)
        else:
            true = e.greater(reshape(y, shape), 0.5)
        p = reshape(p, shape)
        predicted = one_hot_of(argmax(p, -1), shape) if self.threshold is None else p > self.cut
        weights = broadcast_to(_stand(weight, y_pred.ndim), (*y_pred.shape[:-1], 1))
        weight = reshape(weights, (shape[0], 1))
        return [
            total + wide(sum(e.where(chosen, weight, 0), axis=0))
            for total, chosen in zip(
                state, (e.logical_and(predicted, true), predicted, true), strict=True
            )
        ]

    def scores(self, state: Sequence[Array]) -> float | Array:
        """The number, or with `average=None` one for each class."""
        hits, predicted, true = (np.asarray(s, np.float64) for s in state)
        if self.average == "micro":
            hits, predicted, true = (x.sum(keepdims=True) for x in (hits, predicted, true))
        each = _ratio(2 * hits, predicted + true)
        if self.average == "weighted":
            return float((each * true).sum() / max(true.sum(), 1e-300))
        return each if self.average is None else float(each.mean())

    def result(self, state: Sequence[Array]) -> float:
        return float(np.mean(self.scores(state)))


_AVERAGES = ("macro", "weighted", "micro")


class AUC(Metric):
    """The area under the receiver operating characteristic.

    `evaluate` and validation sort the predictions of all rows: exact, as `roc_auc`. The epochs of
    training, whose weights change from batch to batch, and streams of more than `MAX_KEPT_ROWS`
    rows count predictions in 199 drawers of equal width, as Keras does: scores closer than 1/199
    may count as ties. NaN when only one class occurs.

    Args:
        num_thresholds: so many thresholds, one more than drawers, everywhere, as in Keras.

    >>> AUC()([0, 0, 1, 1], [0.101, 0.102, 0.103, 0.8])
    1.0
    >>> AUC(num_thresholds=200)([0, 0, 1, 1], [0.101, 0.102, 0.103, 0.8])
    0.75
    """

    label = "auc"
    fits: tuple[str, ...] = ("binary", "one_hot", "labels")

    def __init__(self, name: str | None = None, num_thresholds: int | None = None) -> None:
        super().__init__(name)
        if num_thresholds is not None and num_thresholds < 2:
            raise ArgumentError(
                f"{self.name}: num_thresholds={num_thresholds}; expected at least 2"
            )
        self.num_thresholds = num_thresholds

    @property
    def _drawers(self) -> int:
        return (THRESHOLDS if self.num_thresholds is None else self.num_thresholds) - 1

    def shapes(self) -> Sequence[tuple[int, ...]]:
        return [(self._drawers,)] * 2

    def _flat(
        self, y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(targets, scores of class 1, weights), each (predictions,)."""
        p, y = values(y_true, y_pred)
        if self.form != "binary":
            if p.shape[-1] != 2:
                raise ArgumentError(
                    f"metric {self.name!r} compares two classes; there are {p.shape[-1]} outputs"
                )
            y = labels_of(y, p, self.form)
            last = p.ndim - 1
            yes, no = (reshape(narrow(p, last, i, i + 1), y.shape) for i in (1, 0))
            p = yes - no if self.cut == 0 else yes
        weight = broadcast_to(_stand(weight, p.ndim), p.shape)
        return reshape(y, (p.size,)), reshape(p, (p.size,)), reshape(weight, (p.size,))

    @property
    def parts(self) -> int:
        return 3 if self.num_thresholds is None else 0

    def kept(self, y_true: Tensor, y_pred: Tensor, weight: Tensor) -> Sequence[Tensor]:
        y, p, weight = self._flat(y_true, y_pred, weight)
        return e.astype(e.greater(y, 0.5), dtypes.float32), p, weight

    def whole(self, kept: Sequence[Any]) -> float:
        y, p, weight = (part[kept[2] > 0] for part in kept)
        if not len(y) or y.min() == y.max():
            return NAN
        return roc_auc(y, p, weight)

    def update(
        self, state: Sequence[Tensor], y_true: Tensor, y_pred: Tensor, weight: Tensor
    ) -> list[Tensor]:
        y, p, weight = self._flat(y_true, y_pred, weight)
        if self.cut == 0:
            p = e.sigmoid(p)
        yes, count = e.greater(y, 0.5), self._drawers
        # A NaN must not become a position; it goes into the lowest drawer.
        drawer = e.where(e.isfinite(p), composite.clip(p * count, 0, count), 0)
        drawer = composite.clip(e.astype(e.ceil(drawer), dtypes.int64) - 1, 0, count - 1)
        return [
            scatter_add(total, drawer, wide(e.where(chosen, weight, 0)))
            for total, chosen in zip(state, (yes, e.logical_not(yes)), strict=True)
        ]

    def result(self, state: Sequence[Array]) -> float:
        yes, no = (np.asarray(s, np.float64) for s in state)
        if not yes.sum() or not no.sum():
            return NAN
        below = np.cumsum(no) - no
        return float((yes * (below + no / 2)).sum() / (yes.sum() * no.sum()))
