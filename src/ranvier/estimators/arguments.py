"""What each argument may be, and sample weights.

scikit-learn's constructors keep their arguments as they come, so that estimators can be cloned;
they are looked at when `fit` begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, DataError, ShapeError, unknown_name
from ..typing import Array, ArrayLike, DType


def keep(estimator: object, arguments: Mapping[str, Any]) -> None:
    """Keep what a constructor was called with: its `locals()`, each as an attribute of that name.

    NOTE: scikit-learn reads the arguments off the constructor of each class, so that every class
    lists its own.
    """
    for name, value in arguments.items():
        if name != "self":
            setattr(estimator, name, value)


class Number(NamedTuple):
    """A number between two limits; `open` ones are not allowed themselves."""

    low: float
    high: float = math.inf
    integer: bool = False
    open_low: bool = False
    open_high: bool = False

    def allows(self, value: object) -> bool:
        """Whether an argument may be this."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            return False
        if self.integer and not isinstance(value, Integral):
            return False
        number = float(value)
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return above and below

    def __str__(self) -> str:
        kind = "an integer" if self.integer else "a number"
        low = f"above {self.low:g}" if self.open_low else f"of at least {self.low:g}"
        if self.high == math.inf:
            return f"{kind} {low}"
        return f"{kind} {low} and {'below' if self.open_high else 'at most'} {self.high:g}"


_SHARE = Number(0, 1, open_high=True)
NUMBERS: Mapping[str, Number] = {
    "alpha": Number(0),
    "beta_1": _SHARE,
    "beta_2": _SHARE,
    "epsilon": Number(0, open_low=True),
    "learning_rate_init": Number(0, open_low=True),
    "max_fun": Number(1, integer=True),
    "max_iter": Number(1, integer=True),
    "momentum": _SHARE,
    "n_iter_no_change": Number(1, integer=True),
    "power_t": Number(0),
    "tol": Number(0),
    "validation_fraction": _SHARE,
}
CHOICES: Mapping[str, Sequence[str]] = {
    "activation": ("identity", "logistic", "tanh", "relu"),
    "learning_rate": ("constant", "invscaling", "adaptive"),
    "loss": ("squared_error", "poisson"),
    "solver": ("adam", "sgd", "lbfgs"),
}
SWITCHES = ("early_stopping", "nesterovs_momentum", "shuffle", "warm_start")


def check(estimator: str, arguments: Mapping[str, object]) -> None:
    """ArgumentError for an argument that is not what it may be."""
    for name, value in arguments.items():
        if name in CHOICES and value not in CHOICES[name]:
            raise unknown_name(f"{estimator} {name}", value, CHOICES[name])
        if name == "n_iter_no_change" and value == math.inf:
            continue
        if name in NUMBERS and not NUMBERS[name].allows(value):
            raise _not_allowed(estimator, name, value, str(NUMBERS[name]))
        if name in SWITCHES and not isinstance(value, bool | np.bool_):
            raise _not_allowed(estimator, name, value, "True or False")
    by_class = arguments.get("class_weight")
    if not (by_class is None or by_class == "balanced" or isinstance(by_class, dict | list)):
        allowed = "None, 'balanced', a dict {class: weight}, or a list of dicts for several labels"
        raise _not_allowed(estimator, "class_weight", by_class, allowed)
    batch = arguments.get("batch_size", "auto")
    auto = isinstance(batch, str) and batch == "auto"
    if not (auto or Number(1, integer=True).allows(batch)):
        raise _not_allowed(estimator, "batch_size", batch, "'auto' or an integer of at least 1")


def _not_allowed(estimator: str, name: str, value: object, allowed: str) -> ArgumentError:
    return ArgumentError(f"{estimator}: {name}={value!r}; expected {allowed}")


def hidden_sizes(estimator: str, sizes: object) -> tuple[int, ...]:
    """The sizes of the hidden layers, from one integer or from a sequence of them."""
    listed: list[Any] = [sizes]
    if isinstance(sizes, Iterable) and not isinstance(sizes, str):
        listed = list(sizes)
    if not all(Number(1, integer=True).allows(size) for size in listed):
        raise ArgumentError(
            f"{estimator}: hidden_layer_sizes must be > 0, got {sizes!r}; expected the number of "
            "neurons of each hidden layer, as in hidden_layer_sizes=(100, 50)"
        )
    return tuple(int(size) for size in listed)


def sample_weights(
    estimator: str, weights: ArrayLike | None, rows: int, dtype: DType
) -> Array | None:
    """The weights of the rows, or None: all count the same.

    Raises:
        ShapeError: not one weight for each row.
        DataError: weights that are negative or not finite, or all 0.
    """
    if weights is None:
        return None
    array = np.asarray(weights)
    if array.dtype.kind not in "fiub":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{estimator}: sample_weight holds {array.dtype}, which are no numbers ({error})"
            ) from error
    array = np.full(rows, array) if array.ndim == 0 else array
    if array.shape != (rows,):
        # NOTE: scikit-learn's words first, as programs look for them.
        problem = "Sample weights must be 1D array or scalar; " if array.ndim != 1 else ""
        raise ShapeError(
            f"{problem}{estimator}: sample_weight.shape == {array.shape}, expected ({rows},), one "
            "weight for each row of X"
        )
    array = np.ascontiguousarray(array, dtype)
    if not np.isfinite(array).all():
        first = int(np.argmin(np.isfinite(array)))
        raise DataError(
            f"{estimator}: sample_weight contains NaN or infinity, first at row {first}; give each "
            "row a finite weight, 0 to leave it out"
        )
    if (array < 0).any():
        first = int(np.argmax(array < 0))
        raise DataError(
            f"{estimator}: sample_weight is negative at row {first} ({array[first]:g}); weights "
            "say how often a row counts, so give 0 to leave it out"
        )
    if not array.any():
        raise DataError(
            f"{estimator}: all sample weights are zero, so no row would count; sample weights must "
            "contain at least one non-zero number"
        )
    return array
