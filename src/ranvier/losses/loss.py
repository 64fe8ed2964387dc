"""The base of all losses: rows, weights, and when a target fits a prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, DataError, ShapeError
from ..nn import targets
from ..nn.configuration import configuration
from ..ops import elementwise as e
from ..ops.check_index import check_index
from ..ops.composites.shaping import expand_dims
from ..ops.creation import full
from ..ops.movement import broadcast_to, reshape
from ..ops.op import apply, as_values
from ..ops.reduce import max, mean, sum
from ..tensors.mode import no_grad, state
from ..tensors.tensor import Tensor
from ..tracing.watched import Watched, entered
from ..typing import ArrayLike, TensorLike
from .last_layer import LastLayer, last_layer

SMALLEST = 1e-7  # probabilities are kept this far from 0 and 1, as in Keras


class Loss(Watched):
    """Base of all losses.

    `learns_numbers` says that targets are quantities: labels that are text have none. `from_logits`
    says that predictions are logits; None: as the model's last layer tells.
    """

    _called_with = "y_true, y_pred"

    name: str = "loss"
    learns_numbers = False
    from_logits: bool | None = False

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        """The loss of each row: shape (batch,)."""
        raise NotImplementedError

    def __call__(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> Tensor:
        """One number: `sum(sample_weight * per_row) / rows`.

        Of sequences with a mask, as in Keras, positions count instead of rows: the mean over
        those that the mask includes.
        """
        entered(self)
        if isinstance(y_pred, Tensor) and y_pred.mask is not None:
            (y_true,) = as_values(y_true, like=y_pred)
            if y_true.shape[:2] == y_pred.mask.shape:
                return self._of_positions(y_true, y_pred, sample_weight)
        rows = self.per_row(y_true, y_pred)
        if sample_weight is None and not self._must_ask(y_pred):
            return mean(rows)
        if sample_weight is None:
            weight = apply(full, like=rows, value=1.0, shape=rows.shape[:1], dtype=rows.dtype)
        else:
            weight = self._weights(sample_weight, rows, rows.shape[0])
        weight = self.checked(y_pred, weight)
        return sum(weight * rows) / rows.shape[0]

    def _of_positions(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: TensorLike | None
    ) -> Tensor:
        count = y_pred.shape[0]
        weight = apply(full, like=y_pred, value=1.0, shape=(count,), dtype=y_pred.dtype)
        real = by_position(y_true, y_pred, weight)[-1]
        if sample_weight is not None:
            weight = self._weights(sample_weight, weight, count)
        y, p, weight = by_position(y_true, y_pred, weight)
        weight = self.checked(p, weight)
        return sum(weight * self.per_row(y, p)) / e.maximum(sum(real), 1.0)

    def _weights(self, weights: TensorLike, rows: Tensor, count: int) -> Tensor:
        """The weights as floats, one for each row (or a single one)."""
        (weight,) = as_values(weights, like=rows)
        if weight.shape not in ((), (count,), (count, 1)):
            raise ShapeError(
                f"{self.name}: sample_weight has shape {weight.shape}; expected one weight for "
                f"each of the {count} rows: {(count,)}"
            )
        weight = e.astype(weight, rows.dtype)
        return broadcast_to(reshape(weight, (-1,)) if weight.shape else weight, (count,))

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        """Raise DataError or ShapeError when the targets `y` (NumPy) cannot belong to this loss."""
        targets.check_columns(self.name, targets.numbers(self.name, y), n_outputs)

    # -- what the predictions may be --

    def check_output(self, last: LastLayer) -> None:
        """Raise ArgumentError when predictions of such a last layer cannot belong to this loss."""
        if last.always_one:
            raise ArgumentError(
                f"{self.name}: the model ends in the softmax of one output, which is always 1; "
                "use activation='sigmoid' with binary_crossentropy"
            )

    def is_unsure(self, last: LastLayer) -> bool:
        """Whether only the numbers tell if predictions of such a last layer belong to this loss."""
        return False

    def faults(self, y_pred: TensorLike) -> Tensor:
        """True at the predictions that this loss cannot be taken of."""
        raise NotImplementedError

    def fault(self, rows: int, example: str = "") -> DataError:
        """The error for so many rows with faults."""
        raise NotImplementedError

    def look(self, y_pred: TensorLike, last: LastLayer | None = None) -> None:
        """Raise DataError when predictions that are numbers already have faults.

        While a function is traced there are no numbers: see `checked`.
        """
        last = last_layer(y_pred) if last is None else last
        if not self.is_unsure(last) or _in_graph(y_pred):
            return
        with no_grad():
            p, _ = values(y_pred, y_pred)
            bad = self.faults(p).numpy()
        if bad.any():
            rows = bad.reshape(len(bad), -1).any(axis=1)
            row = int(np.argmax(rows))
            example = f", the first is row {row}: {_short(p.numpy()[row])}"
            raise self.fault(int(rows.sum()), example)

    def _must_ask(self, y_pred: TensorLike) -> bool:
        """Whether compiled code has to look at the predictions."""
        return _in_graph(y_pred) and self.is_unsure(last_layer(y_pred))

    def checked(self, y_pred: TensorLike, weight: Tensor) -> Tensor:
        """`weight`, one number for each row of traced predictions; where a row that counts has a
        fault, the compiled code ends there, having changed nothing, with a DataError.
        """
        if not self._must_ask(y_pred):
            return weight
        p, _ = values(y_pred, y_pred)
        bad = e.astype(self.faults(p), np.int32)
        rows = max(bad, axis=tuple(range(1, bad.ndim))) if bad.ndim > 1 else bad
        counted = e.where(e.greater(weight, 0), rows, 0)
        none = check_index(counted, 1, wrap=False, what="prediction", owner=self.name)
        return e.where(e.equal(none, 0), weight, 0.0)

    def align(self, y_true: TensorLike, y_pred: TensorLike) -> tuple[Tensor, Tensor]:
        """Both as floats of one shape: (n,) is read as (n, 1) beside (n, 1); else ShapeError."""
        y_pred, y_true = values(y_true, y_pred)
        true, pred = y_true.shape, y_pred.shape
        if true != pred:
            short, long = sorted((true, pred), key=len)
            if len(short) != 1 or long != (*short, 1):
                raise ShapeError(
                    f"{self.name}: targets have shape {true}, predictions {pred}; expected the "
                    f"same shape, or (n,) beside (n, 1).{_advice(true, pred)}"
                )
            y_true = reshape(y_true, pred)
        return e.astype(y_true, y_pred.dtype), y_pred

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data."""
        return configuration(self)

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v}" for k, v in self.get_config().items())
        return f"{type(self).__name__}({options})"


def _in_graph(y_pred: TensorLike) -> bool:
    """Whether what is computed from it now belongs to a graph and has no numbers."""
    return state.trace is not None or (isinstance(y_pred, Tensor) and y_pred.is_traced)


def by_position(y: Tensor, out: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where `out` has a mask, each position of its sequences as a row of its own, with weight 0 at
    those that the mask excludes; else all as they are.
    """
    mask = out.mask
    if mask is None or y.shape[:2] != mask.shape:
        return y, out, weight
    batch, time = mask.shape
    wide = expand_dims(weight, 1) * e.astype(mask, weight.dtype)

    def rows(t: Tensor) -> Tensor:
        flat = reshape(t, (batch * time, *t.shape[2:]))
        flat.mask = None
        return flat

    flat = rows(out)
    if out.logits is not None:
        flat.logits = (out.logits[0], rows(out.logits[1]))
    return rows(y), flat, rows(wide)


def _short(numbers: ArrayLike) -> str:
    """A few numbers, as text."""
    flat = np.asarray(numbers).reshape(-1)
    text = ", ".join(f"{n:.4g}" for n in flat[:4])
    return f"[{text}{', ...' if flat.size > 4 else ''}]" if np.ndim(numbers) else text


def values(y_true: TensorLike, y_pred: TensorLike) -> tuple[Tensor, Tensor]:
    """(the prediction as floats, the target), both as tensors."""
    (y_pred,) = as_values(y_pred)
    (y_true,) = as_values(y_true, like=y_pred)
    if not y_pred.shape:
        # A single number is a batch of one row: the worked example of one weight.
        y_pred = reshape(y_pred, (1,))
        y_true = reshape(y_true, (1,)) if not y_true.shape else y_true
    return e.as_float(y_pred), y_true


AXES_LEFT = (
    "The output has axes of an image or a sequence left: put Flatten() or a layer such as "
    "GlobalAveragePooling2D() before the last Dense; a recurrent layer gives its last output with "
    "return_sequences=False"
)


def _advice(true: tuple[int, ...], pred: tuple[int, ...]) -> str:
    if true[:1] != pred[:1]:
        return " The numbers of rows differ."
    if len(true) == 1 and len(pred) == 2:
        return (
            f" The model has {pred[1]} outputs for one target: end it in Dense(1), or, for class "
            "labels, use sparse_categorical_crossentropy"
        )
    if len(true) == 2 and len(pred) == 2:
        return f" End the model in Dense({true[1]})"
    if len(pred) > 2 and (len(true) == 1 or true[1:] == (1,) or true[1:] == pred[-1:]):
        return " " + AXES_LEFT
    return " Use reshape on one of them"


class ElementLoss(Loss):
    """Base of losses that compare element by element and average over the axes after the first."""

    def element(self, y: Tensor, p: Tensor) -> Tensor:
        """The loss of each element."""
        raise NotImplementedError

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        return row_mean(self.element(*self.align(y_true, y_pred)))


def row_mean(x: Tensor) -> Tensor:
    """The mean over all axes after the first."""
    return mean(x, axis=tuple(range(1, x.ndim))) if x.ndim > 1 else x


def logits_of(p: TensorLike, kind: str) -> Tensor | None:
    """What `p` was computed from by the activation `kind`, if it was."""
    note = p.logits if isinstance(p, Tensor) else None
    return note[1] if note is not None and note[0] == kind else None


class FunctionLoss(Loss):
    """A user's function `(y_true, y_pred)` that gives one number for each row (or each element)."""

    name = "function"

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.function = function
        self.name = getattr(function, "__name__", "function")

    def per_row(self, y_true: TensorLike, y_pred: TensorLike) -> Tensor:
        (y_pred,) = as_values(y_pred)
        (y_true,) = as_values(y_true, like=y_pred)
        rows = self.function(y_true, y_pred)
        if not isinstance(rows, Tensor) or rows.shape[:1] != y_pred.shape[:1]:
            got = f"shape {rows.shape}" if isinstance(rows, Tensor) else type(rows).__name__
            raise ShapeError(
                f"loss {self.name!r} gave {got} for {y_pred.shape[0]} rows; expected one number "
                "for each row, so that rows can be weighted: reduce with mean(..., axis=-1)"
            )
        return row_mean(rows)

    def check_targets(self, y: ArrayLike, n_outputs: int | None = None) -> None:
        targets.numbers(self.name, y)
