"""Losses that compare probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..nn import targets
from ..ops import composite
from ..ops import elementwise as e
from ..ops.creation import iota
from ..ops.movement import broadcast_to, reshape
from ..ops.reduce import sum
from ..tensor import Tensor
from .loss import SMALLEST, Loss, logits_of, row_mean, values


class KLDivergence(Loss):
    """`sum(y * log(y / p))` over the last axis: Kullback & Leibler 1951. Both are probabilities."""

    name = "kl_divergence"

    def per_row(self, y_true: Any, y_pred: Any) -> Any:
        y, p = self.align(y_true, y_pred)
        y, p = composite.clip(y, SMALLEST, 1), composite.clip(p, SMALLEST, 1)
        return row_mean(sum(y * e.log(y / p), axis=-1))

    def check_targets(self, y: Any, n_outputs: int | None = None) -> None:
        super().check_targets(y, n_outputs)
        targets.check_one_hot(self.name, np.asarray(y), None)


class BinaryCrossentropy(Loss):
    """`-(y * log(p) + (1 - y) * log(1 - p))` for probabilities p of y = 1.

    With `from_logits`, or when p is the sigmoid of z, it is `max(z, 0) - y * z + log(1 +
    exp(-|z|))`. `label_smoothing` s turns y into `y * (1 - s) + s / 2`.

    >>> BinaryCrossentropy(from_logits=True)([1.0, 0.0], [0.0, 0.0])
    tensor(0.6931)
    """

    name = "binary_crossentropy"

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0) -> None:
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def per_row(self, y_true: Any, y_pred: Any) -> Any:
        z = _scores(self, y_pred, "sigmoid")
        y, p = self.align(y_true, y_pred if z is None else z)
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / 2
        if z is not None:
            # NOTE: maximum, not relu: its gradient of 1/2 at 0 makes the whole sigmoid(z) - y.
            return row_mean(e.maximum(p, 0) - y * p + e.log1p(e.exp(-e.abs(p))))
        p = composite.clip(p, SMALLEST, 1 - SMALLEST)
        return row_mean(-(y * e.log(p) + (1 - y) * e.log(1 - p)))

    def check_targets(self, y: Any, n_outputs: int | None = None) -> None:
        super().check_targets(y, n_outputs)
        targets.check_binary(self.name, np.asarray(y))


class CategoricalCrossentropy(Loss):
    """`-sum(y * log(p))` over the classes, for one-hot rows y (or probabilities).

    With `from_logits`, or when p is the softmax of z, `log(p)` is `z - log(sum(exp(z)))`.
    `label_smoothing` s turns y into `y * (1 - s) + s / classes`.
    """

    name = "categorical_crossentropy"

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0) -> None:
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def per_row(self, y_true: Any, y_pred: Any) -> Any:
        z = _scores(self, y_pred, "softmax")
        y, p = self.align(y_true, y_pred if z is None else z)
        if self.label_smoothing:
            y = y * (1 - self.label_smoothing) + self.label_smoothing / y.shape[-1]
        return row_mean(-sum(y * _log_probabilities(p, z is not None), axis=-1))

    def check_targets(self, y: Any, n_outputs: int | None = None) -> None:
        targets.check_one_hot(self.name, targets.numbers(self.name, y), n_outputs)


class SparseCategoricalCrossentropy(Loss):
    """`-log(p[label])`: cross-entropy for whole-number labels of shape (n,) or (n, 1).

    >>> SparseCategoricalCrossentropy()([1], [[0.25, 0.75]])
    tensor(0.2877)

    `label_smoothing` s (Szegedy et al. 2016) gives each of the K classes the share s / K of the
    target: `-(1 - s) * log(p[label]) - s / K * sum(log(p))`, as in PyTorch.
    """

    name = "sparse_categorical_crossentropy"

    def __init__(self, from_logits: bool = False, label_smoothing: float = 0.0) -> None:
        self.from_logits = from_logits
        self.label_smoothing = _smoothing(label_smoothing)

    def per_row(self, y_true: Any, y_pred: Any) -> Any:
        z = _scores(self, y_pred, "softmax")
        p, labels = values(y_true, y_pred if z is None else z)
        if labels.shape == (*p.shape[:-1], 1) and p.ndim > 1:
            labels = reshape(labels, p.shape[:-1])
        if labels.shape != p.shape[:-1] or p.ndim < 2:
            raise ShapeError(
                f"{self.name}: labels have shape {labels.shape}, predictions {p.shape}; expected "
                f"labels of shape {p.shape[:-1]}, one for each row; for one-hot targets use "
                "categorical_crossentropy"
            )
        if isinstance(labels, Tensor) and not labels.is_traced:
            targets.check_labels(self.name, labels.numpy(), p.shape[-1])
        labels = broadcast_to(reshape(e.astype(labels, np.int64), (*labels.shape, 1)), p.shape)
        chosen = e.equal(iota(p.shape, axis=p.ndim - 1), labels)
        logs = _log_probabilities(p, z is not None)
        right = sum(e.where(chosen, logs, 0), axis=-1)
        if self.label_smoothing:
            even = self.label_smoothing / p.shape[-1] * sum(logs, axis=-1)
            return row_mean(-((1 - self.label_smoothing) * right + even))
        return row_mean(-right)

    def check_targets(self, y: Any, n_outputs: int | None = None) -> None:
        y = targets.numbers(self.name, y)
        # A sequence can be as long as there are classes; then its labels are not all 0 and 1.
        if y.ndim == 2 and y.shape[1] == n_outputs and y.max() > 1:
            y = y.reshape(-1)
        targets.check_labels(self.name, y, n_outputs)


def _smoothing(value: float) -> float:
    if not 0 <= value <= 1:
        raise ArgumentError(f"label_smoothing={value}; expected a number from 0 to 1, such as 0.1")
    return value


def _scores(loss: Any, p: Any, kind: str) -> Any:
    """The logits of p, or None when p holds probabilities."""
    note = p.logits if isinstance(p, Tensor) else None
    if note is not None and note[0] == "softmax" and p.shape[-1] == 1:
        raise ArgumentError(
            f"{loss.name}: the model ends in the softmax of one output, which is always 1; "
            "use activation='sigmoid' with binary_crossentropy"
        )
    if not loss.from_logits:
        return logits_of(p, kind, None)
    if note is not None and note[0] in ("sigmoid", "softmax"):
        raise ArgumentError(
            f"{loss.name}: from_logits=True expects the numbers before {note[0]}, but the model "
            f"already ends in {note[0]}; remove one of the two"
        )
    return p


def _log_probabilities(p: Any, from_logits: bool) -> Any:
    """`log(p)`, or the log of the softmax of the logits p, over the last axis."""
    if not from_logits:
        return e.log(composite.clip(p, SMALLEST, 1 - SMALLEST))
    return composite.log_softmax(p)
