"""Losses: how wrong a prediction is.

Every loss gives one number for each row (`per_row`) and their mean (calling it): `sum(weight *
row) / rows`, as in Keras. Over the axes after the first an elementwise loss is averaged; a
cross-entropy or divergence is summed over the classes (the last axis).

Targets and predictions have the same shape; (n,) stands beside (n, 1); nothing else is ever
broadcast.

A prediction that comes out of sigmoid or softmax remembers its logits (the numbers before), and
the cross-entropies are computed from those: exact where the probabilities have already become 0
or 1.

| file | what it holds |
|---|---|
| crossentropy.py | Losses that compare probabilities |
| distance.py | Losses that compare element by element |
| last_layer.py | What the last layer gives: probabilities, logits, or neither |
| loss.py | The base of all losses: rows, weights, and when a target fits a prediction |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ..base.missing import answered, module_getattr
from ..errors import DataError, unknown_name
from ..nn.configuration import restore
from ..ops.check_index import REFUSALS
from ..tensors.tensor import Tensor
from ..typing import Array, TensorLike
from .crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    SparseCategoricalCrossentropy,
)
from .distance import (
    HalfSquaredError,
    Hinge,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanSquaredError,
    Perceptron,
    Poisson,
    SquaredHinge,
)
from .loss import FunctionLoss, Loss

CLASSES: dict[str, type[Loss]] = {
    cls.__name__: cls
    for cls in (
        MeanSquaredError, HalfSquaredError, MeanAbsoluteError, Huber, LogCosh, Poisson, Hinge,
        SquaredHinge, Perceptron, KLDivergence, BinaryCrossentropy, CategoricalCrossentropy,
        SparseCategoricalCrossentropy,
    )
}  # fmt: skip
NAMES: dict[str, type[Loss]] = {cls.name: cls for cls in CLASSES.values()} | {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "kullback_leibler_divergence": KLDivergence,
    "logcosh": LogCosh,
}
_FUNCTIONS: dict[Callable[..., Tensor], type[Loss]] = {}

# A loss, its class, its name, a function of (y_true, y_pred), or the {"class", "config"} of a file.
LossLike: TypeAlias = Loss | type[Loss] | str | Callable[..., Any] | Mapping[str, Any]


def refuse_predictions(name: str, faults: Array, size: int, axis: int) -> None:
    """Raise the DataError of a loss for the rows of predictions where `faults` is not 0."""
    cls = NAMES.get(name)
    if cls is None:
        raise DataError(f"{name}: the predictions hold numbers that this loss cannot be taken of")
    raise cls().fault(int((faults != 0).sum()))


REFUSALS["prediction"] = refuse_predictions


def _function(cls: type[Loss]) -> Callable[..., Tensor]:
    """The loss as a function `(y_true, y_pred, sample_weight=None, **class arguments)`."""

    def loss(
        y_true: TensorLike,
        y_pred: TensorLike,
        sample_weight: TensorLike | None = None,
        **options: Any,
    ) -> Tensor:
        return cls(**options)(y_true, y_pred, sample_weight)

    loss.__name__ = loss.__qualname__ = cls.name
    loss.__doc__ = f"{cls.__doc__}\n\n    As a function: one number, the mean over the rows."
    known = answered(loss)
    _FUNCTIONS[known] = cls
    return known


mean_squared_error = _function(MeanSquaredError)
half_squared_error = _function(HalfSquaredError)
mean_absolute_error = _function(MeanAbsoluteError)
huber = _function(Huber)
log_cosh = _function(LogCosh)
poisson = _function(Poisson)
hinge = _function(Hinge)
squared_hinge = _function(SquaredHinge)
perceptron = _function(Perceptron)
kl_divergence = _function(KLDivergence)
binary_crossentropy = _function(BinaryCrossentropy)
categorical_crossentropy = _function(CategoricalCrossentropy)
sparse_categorical_crossentropy = _function(SparseCategoricalCrossentropy)


@answered
def get(loss: LossLike) -> Loss:
    """A loss from a name, a Loss, a function of `(y_true, y_pred)` or a configuration.

    >>> get("mse")
    MeanSquaredError()
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str) and loss.lower() in NAMES:
        return NAMES[loss.lower()]()
    if isinstance(loss, str) and loss in CLASSES:
        return CLASSES[loss]()
    if isinstance(loss, Mapping):
        return restore("loss", loss, CLASSES)
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if callable(loss):
        function: Callable[..., Any] = loss
        known = _FUNCTIONS.get(function)
        return known() if known is not None else FunctionLoss(function)
    raise unknown_name("loss", loss, NAMES)


__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Perceptron",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "half_squared_error",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
    "perceptron",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
