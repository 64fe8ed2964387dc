"""Losses that compare probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, ShapeError, warn
from ..nn import activations, targets
from ..nn.configuration import configuration
from ..ops import elementwise as e
from ..ops.check_index import check_index, check_integral
from ..ops.composites import functions as composite
from ..ops.creation import iota
from ..ops.movement import broadcast_to, reshape
from ..ops.op import as_values
from ..ops.reduce import sum
from ..tensors.tensor import Tensor
from ..typing import ArrayLike, TensorLike
from .last_layer import LINEAR, SIGMOID, SOFTMAX, LastLayer, last_layer
from .loss import AXES_LEFT, SMALLEST, Loss, logits_of, row_mean, values

ROUNDING = 1e-3  # so far outside 0 to 1 a probability may lie
ROW_ROUNDING = 1e-2  # and so far from 1 the sum of a row


class OfProbabilities(Loss):
    """Base of losses that compare probabilities.

    What the model gives is recognized by its last layer (`last_layer`):

    | last layer | from_logits=None | False | True |
    |---|---|---|---|
    | sigmoid, softmax | computed from the numbers before it | the same | refused |
    | linear: no activation | logits, with a warning | numbers looked at | logits |
    | anything else | numbers looked at | numbers looked at | logits |

    Numbers that are looked at must lie between 0 and 1, and for a softmax each row must sum to 1;
    else DataError.
    """

    end: str = SOFTMAX  # the activation that the model should end in
    takes_logits = True  # whether it has the argument `from_logits`
    logits_by_layer = False  # whether `from_logits` was left open and is what the model's end tells

    def check_output(self, last: LastLayer) -> None:
        super().check_output(last)
        if self.from_logits and (last.kind in (SIGMOID, SOFTMAX) or last.is_share):
            ends = last.kind if last.kind in (SIGMOID, SOFTMAX) else "numbers from 0 to 1"
            before = f"before {ends}" if ends == last.kind else f"before {self.end}"
            raise ArgumentError(
                f"{self.name}: from_logits=True expects the numbers {before}, but the model "
                f"already ends in {ends}; remove one of the two"
            )
        if last.twice:
            raise ArgumentError(
                f"{self.name}: the model ends in {last.kind} of what already went through a "
                "sigmoid or softmax, which flattens the probabilities; remove one of the two"
            )
        if self.end == SOFTMAX and last.kind == SIGMOID:
            raise ArgumentError(
                f"{self.name}: the model ends in sigmoid, whose outputs are probabilities each for "
                "itself and do not sum to 1; end it in activation='softmax', or, when several "
                "classes can be right at once, use binary_crossentropy"
            )

    def is_unsure(self, last: LastLayer) -> bool:
        if self.from_logits or (self.from_logits is None and last.kind == LINEAR):
            return False
        return last.kind != SOFTMAX if self.end == SOFTMAX else not last.is_share

    def faults(self, y_pred: TensorLike) -> Tensor:
        outside = e.logical_or(e.less(y_pred, -ROUNDING), e.greater(y_pred, 1 + ROUNDING))
        if self.end == SOFTMAX:
            error = e.abs(sum(y_pred, axis=-1, keepdims=True) - 1)
            outside = e.logical_or(outside, e.greater(error, ROW_ROUNDING))
        return outside

    def fault(self, rows: int, example: str = "") -> DataError:
        each = " whose rows sum to 1" if self.end == SOFTMAX else ""
        option = f"{type(self).__name__}(from_logits=True)"
        logits = (
            f"; if it ends in logits (no activation), say so: loss={option}"
            if self.takes_logits
            else ""
        )
        which = "row of the predictions holds" if rows == 1 else "rows of the predictions hold"
        return DataError(
            f"{self.name}: {rows} {which} no probabilities{example}; expected numbers from 0 to "
            f"1{each}. End the model in activation={self.end!r}{logits}"
        )

    def scores(self, y_pred: TensorLike) -> tuple[TensorLike, bool]:
        """(logits or probabilities, whether they are logits); numbers are not looked at."""
        last = last_layer(y_pred)
        self.check_output(last)
        if self.from_logits:
            return y_pred, True
        logits = logits_of(y_pred, self.end)
        if logits is not None:
            return logits, True
        if last.kind == LINEAR and self.from_logits is None:
            warn(
                f"{self.name}: the predictions come out of a layer without activation and are "
                f"taken as logits. Say so with from_logits=True, or end in {self.end}"
            )
            return y_pred, True
        return y_pred, False


class KLDivergence(OfProbabilities):
    """`sum(y * log(y / p))` over the last axis: Kullback & Leibler 1951. Both are probabilities."""

    name = "kl_divergence"
    takes_logits = False
    learns_numbers = True

    def check_output(self, last: LastLayer) -> None:
        super().check_output(last)
        if last.kind == LINEAR:
            raise ArgumentError(
                f"{self.name}: the model ends in a layer without activation, whose outputs are no "
                "probabilities; end it in activation='softmax'"
            )

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        y, p = self.align(y_true, y_pred)
        self.look(y_pred)
        y, p = composite.clip(y, SMALLEST, 1), composite.clip(p, SMALLEST, 1)
        return row_mean(sum(y * e.log(y / p), axis=-1))

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        super().check_targets(y, n_outputs)
        targets.check_one_hot(self.name, np.asarray(y), None)


class BinaryCrossentropy(OfProbabilities):
    """`-(y * log(p) + (1 - y) * log(1 - p))` for probabilities p of y = 1.

    For logits z, and when p is the sigmoid of z, it is `max(z, 0) - y * z + log(1 + exp(-|z|))`.
    `label_smoothing` s makes y `y * (1 - s) + s / 2`. `from_logits` says whether predictions
    are logits; None: as the model's last layer tells (see `OfProbabilities`). `pos_weight` w, one
    number or one for each output, weighs the first part, `-w * y * log(p)`: where a 1 is rare,
    zeros divided by ones (PyTorch's BCEWithLogitsLoss).

    >>> BinaryCrossentropy(from_logits=True)([1.0, 0.0], [0.0, 0.0])
    tensor(0.6931)
    >>> BinaryCrossentropy(from_logits=True, pos_weight=3.0)([1.0, 0.0], [0.0, 0.0])
    tensor(1.3863)
    """

    name = "binary_crossentropy"
    end = SIGMOID

    def __init__(
        self,
        from_logits: bool | None = None,
        label_smoothing: float = 0.0,
        pos_weight: TensorLike | None = None,
    ) -> None:
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)
        self.pos_weight = pos_weight
        is_known = pos_weight is not None and not isinstance(pos_weight, Tensor)
        if is_known and not (np.asarray(pos_weight) >= 0).all():
            raise ArgumentError(
                f"{self.name}: pos_weight={pos_weight!r}; expected 0 or more, such as 5.0"
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data."""
        config = configuration(self, skip=("pos_weight",))
        if self.pos_weight is not None:
            (weight,) = as_values(self.pos_weight)
            config["pos_weight"] = weight.numpy().tolist()
        return config

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        scores, from_logits = self.scores(y_pred)
        y, p = self.align(y_true, scores)
        if not from_logits:
            self.look(p)
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / 2
        if self.pos_weight is not None:
            weight = self._weight_of_ones(self.pos_weight, p)
            if from_logits:
                each = (1 - y) * p + (1 + (weight - 1) * y) * activations.softplus(-p)
                return row_mean(each)
            p = composite.clip(p, SMALLEST, 1 - SMALLEST)
            return row_mean(-(weight * y * e.log(p) + (1 - y) * e.log(1 - p)))
        if from_logits:
            # NOTE: maximum, not relu: its gradient of 1/2 at 0 makes the whole sigmoid(z) - y.
            return row_mean(e.maximum(p, 0) - y * p + e.log1p(e.exp(-e.abs(p))))
        p = composite.clip(p, SMALLEST, 1 - SMALLEST)
        return row_mean(-(y * e.log(p) + (1 - y) * e.log(1 - p)))

    def _weight_of_ones(self, pos_weight: TensorLike, p: Tensor) -> Tensor:
        """`pos_weight` beside the predictions."""
        (weight,) = as_values(pos_weight, like=p)
        if weight.shape not in ((), p.shape[-1:], p.shape):
            raise ShapeError(
                f"{self.name}: pos_weight has shape {weight.shape}, predictions {p.shape}; "
                "expected one number, or one for each output"
            )
        return e.astype(weight, p.dtype)

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        super().check_targets(y, n_outputs)
        targets.check_binary(self.name, np.asarray(y))


class CategoricalCrossentropy(OfProbabilities):
    """`-sum(y * log(p))` over the classes, for one-hot rows y (or probabilities).

    For logits z, and when p is the softmax of z, `log(p)` is `z - log(sum(exp(z)))`.
    `label_smoothing` s makes y `y * (1 - s) + s / classes`. `from_logits` says whether
    predictions are logits; None: as the model's last layer tells (see `OfProbabilities`).
    """

    name = "categorical_crossentropy"

    def __init__(self, from_logits: bool | None = None, label_smoothing: float = 0.0) -> None:
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        scores, from_logits = self.scores(y_pred)
        y, p = self.align(y_true, scores)
        if not from_logits:
            self.look(p)
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / y.shape[-1]
        return row_mean(-sum(y * _log_probabilities(p, from_logits), axis=-1))

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        targets.check_one_hot(self.name, targets.numbers(self.name, y), n_outputs)


class SparseCategoricalCrossentropy(OfProbabilities):
    """`-log(p[label])`: cross-entropy for integer labels of shape (n,) or (n, 1).

    >>> SparseCategoricalCrossentropy()([1], [[0.25, 0.75]])
    tensor(0.2877)

    `label_smoothing` s (Szegedy et al. 2016) gives each of the K classes the share s / K of the
    target: `-(1 - s) * log(p[label]) - s / K * sum(log(p))`, as in PyTorch. `from_logits` says
    whether predictions are logits; None: as the model's last layer tells (see `OfProbabilities`).
    """

    name = "sparse_categorical_crossentropy"

    def __init__(self, from_logits: bool | None = None, label_smoothing: float = 0.0) -> None:
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        scores, from_logits = self.scores(y_pred)
        p, labels = values(y_true, scores)
        if labels.shape == (*p.shape[:-1], 1) and p.ndim > 1:
            labels = reshape(labels, p.shape[:-1])
        if labels.shape != p.shape[:-1] or p.ndim < 2:
            one_each = p.ndim > 2 and labels.shape in (p.shape[:1], (p.shape[0], 1))
            advice = AXES_LEFT if one_each else "For one-hot targets use categorical_crossentropy"
            raise ShapeError(
                f"{self.name}: labels have shape {labels.shape}, predictions {p.shape}; expected "
                f"labels of shape {p.shape[:-1]}, one for each row. {advice}"
            )
        if isinstance(labels, Tensor) and not labels.is_traced:
            targets.check_labels(self.name, labels.numpy(), p.shape[-1])
        if not from_logits:
            self.look(p)
        labels = e.astype(check_integral(labels, what="label", owner=self.name), np.int64)
        labels = check_index(labels, p.shape[-1], wrap=False, what="label", owner=self.name)
        labels = broadcast_to(reshape(labels, (*labels.shape, 1)), p.shape)
        chosen = e.equal(iota(p.shape, axis=p.ndim - 1), labels)
        logs = _log_probabilities(p, from_logits)
        right = sum(e.where(chosen, logs, 0), axis=-1)
        if self.label_smoothing:
            even = self.label_smoothing / p.shape[-1] * sum(logs, axis=-1)
            return row_mean(-((1 - self.label_smoothing) * right + even))
        return row_mean(-right)

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        y = targets.numbers(self.name, y)
        # A sequence can be as long as there are classes; then its labels are not all 0 and 1.
        if y.ndim == 2 and y.shape[1] == n_outputs and y.max() > 1:
            y = y.reshape(-1)
        targets.check_labels(self.name, y, n_outputs)


def _smoothing(value: float) -> float:
    if not 0 <= value <= 1:
        raise ArgumentError(f"label_smoothing={value}; expected a number from 0 to 1, such as 0.1")
    return value


def _log_probabilities(p: Tensor, from_logits: bool) -> Tensor:
    """`log(p)`, or the log of the softmax of the logits p, over the last axis."""
    if not from_logits:
        return e.log(composite.clip(p, SMALLEST, 1 - SMALLEST))
    return composite.log_softmax(p)
