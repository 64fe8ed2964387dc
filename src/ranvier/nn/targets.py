"""Forms of targets, checked on NumPy arrays before training starts.

| form | array | for |
|---|---|---|
| `"labels"` | integers from 0 on, shape (n,) or (n, 1) | sparse_categorical_crossentropy |
| `"one_hot"` | rows of probabilities, shape (n, classes) | categorical_crossentropy |
| `"binary"` | 0 and 1 (or -1 and 1), shape (n,) or (n, outputs) | binary_crossentropy |
| `"text"` | strings | encode them first: `encode_labels` |
| `"real"` | anything else | regression |
"""

from __future__ import annotations

import numpy as np

from ..base.finite import all_finite
from ..errors import DataError, ShapeError
from ..ops.check_index import FRACTION_REFUSALS, REFUSALS, is_integral
from ..typing import Array, ArrayLike


def target_form(y: ArrayLike) -> str:
    """The form of the targets `y`; a column of 0 and 1 is "binary".

    >>> target_form(np.array([0, 2, 1])), target_form(np.eye(3)), target_form(np.array([0.5, 2]))
    ('labels', 'one_hot', 'real')
    """
    y = np.asarray(y)
    if y.dtype.kind in "USO":
        return "text"
    if y.dtype.kind == "b":
        return "binary"
    column = y.ndim == 1 or y.shape[-1] == 1
    if not y.size or (y.dtype.kind == "f" and not np.array_equal(y, np.round(y))):
        if not column and y.size and y.min() >= 0 and np.allclose(y.sum(-1), 1, atol=1e-3):
            return "one_hot"
        return "real"
    low, high = y.min(), y.max()
    if np.isin(y, (-1, 1)).all() and low < 0:
        return "binary"
    if low >= 0 and high <= 1:
        return "binary" if column or not np.all(y.sum(-1) == 1) else "one_hot"
    if column and low >= 0 and y.dtype.kind in "iu":
        return "labels"
    return "real"


def encode_labels(y: ArrayLike) -> tuple[Array, Array]:
    """Integers for any labels, and the classes in order: `classes[codes]` is `y`.

    >>> codes, classes = encode_labels(["cat", "dog", "cat"])
    >>> codes.tolist(), classes.tolist()
    ([0, 1, 0], ['cat', 'dog'])
    """
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    return codes.reshape(np.shape(y)).astype(np.int64), classes


def numbers(what: str, y: ArrayLike) -> Array:
    """`y` as an array of finite numbers with at least one row, or DataError."""
    try:
        y = np.asarray(y)
    except ValueError:
        raise DataError(f"{what}: targets have rows of different lengths") from None
    if y.dtype.kind in "USO":
        first = str(y.ravel()[0]) if y.size else ""
        raise DataError(
            f"{what}: targets are text or objects such as {first!r}; expected numbers. "
            "Convert labels to numbers with codes, classes = ranvier.nn.targets.encode_labels(y)"
        )
    if not y.ndim or not len(y):
        raise DataError(f"{what}: there are no targets (shape {y.shape}); expected one a row")
    if not all_finite(y):
        row = int(np.argwhere(~np.isfinite(y))[0][0])
        count = int((~np.isfinite(y)).sum())
        raise DataError(
            f"{what}: {count} of the targets are NaN or infinite, the first in row {row}; "
            "remove these rows or fill them in"
        )
    return y


def check_columns(what: str, y: Array, outputs: int | None) -> None:
    """One target column for each output; (n,) counts as (n, 1)."""
    if outputs is None or y.ndim > 2:
        return
    columns = 1 if y.ndim == 1 else y.shape[1]
    if columns != outputs:
        raise ShapeError(
            f"{what}: targets of shape {y.shape} have {columns} column{'s' * (columns > 1)}, the "
            f"model has {outputs} output{'s' * (outputs > 1)}; end the model in Dense({columns}), "
            f"or give targets of shape ({len(y)}, {outputs})"
        )


def check_binary(what: str, y: Array) -> None:
    """Every target between 0 and 1 (probabilities are allowed)."""
    bad = (y < 0) | (y > 1)
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        value = y[bad].ravel()[0]
        if np.isin(y, (-1, 1)).all():
            fix = "labels are -1 and 1 here: use (y + 1) / 2, or the loss 'hinge'"
        else:
            fix = (
                "for several classes use Dense(classes, activation='softmax') with "
                "sparse_categorical_crossentropy; for real numbers use mean_squared_error"
            )
        raise DataError(f"{what}: targets must be 0 or 1; row {row} holds {value}; {fix}")


def check_signs(what: str, y: Array) -> None:
    """Targets all in {-1, 1} or all in {0, 1}."""
    if not (np.isin(y, (-1, 1)).all() or np.isin(y, (0, 1)).all()):
        bad = y[~np.isin(y, (-1, 0, 1))]
        seen = f"{bad.ravel()[0]}" if bad.size else "-1, 0 and 1 together"
        raise DataError(f"{what}: targets must be -1 and 1 (or 0 and 1); found {seen}")


def check_labels(what: str, y: Array, classes: int | None) -> None:
    """Integers from 0 to classes - 1, one for each row."""
    if classes == 1:
        raise ShapeError(
            f"{what}: the model has 1 output, so only one class; for two classes end it in "
            "Dense(2, activation='softmax'), or use Dense(1, activation='sigmoid') with "
            "binary_crossentropy"
        )
    if classes is not None and y.ndim == 2 and y.shape[1] == classes:
        raise DataError(
            f"{what}: targets of shape {y.shape} look one-hot; expected labels of shape "
            f"({len(y)},). Use categorical_crossentropy, or y.argmax(axis=1)"
        )
    if not is_integral(y).all():
        refuse_fractions(what, y)
    if y.dtype.kind == "b" or classes is None:
        return
    if y.min() < 0 or y.max() >= classes:
        refuse_labels(what, y, classes)


def refuse_labels(what: str, y: Array, classes: int, axis: int = 0) -> None:
    """DataError for labels that are not all among the classes."""
    low, high = int(y.min()), int(y.max())
    fix = f"end the model in Dense({high + 1}) or more"
    if low == 1 and high == classes:
        fix = "labels start at 1 here: subtract 1 from them"
    elif low < 0:
        fix = "labels must start at 0: encode them with ranvier.nn.targets.encode_labels"
    raise DataError(
        f"{what}: labels run from {low} to {high}, the model has {classes} outputs "
        f"(classes 0 to {classes - 1}); {fix}"
    )


def refuse_fractions(what: str, y: Array) -> None:
    """DataError for labels that are no integers."""
    value = y[~is_integral(y)].ravel()[0]
    raise DataError(
        f"{what}: targets must be class labels (integers); found {value}. "
        "For real-valued targets use mean_squared_error"
    )


REFUSALS["label"] = refuse_labels
FRACTION_REFUSALS["label"] = refuse_fractions


def check_one_hot(what: str, y: Array, classes: int | None) -> None:
    """Rows of class probabilities that sum to 1."""
    if y.ndim == 1 or (y.shape[-1] == 1 and classes != 1):
        raise DataError(
            f"{what}: targets of shape {y.shape} are labels, one for each row; expected one-hot "
            f"rows ({len(y)}, {classes if classes else 'classes'}). Use "
            "sparse_categorical_crossentropy, or ranvier.one_hot(y, classes)"
        )
    if classes == 1 and y.shape[-1] == 1:
        raise ShapeError(
            f"{what}: the model has 1 output, so only one class; use "
            "Dense(1, activation='sigmoid') with binary_crossentropy"
        )
    check_columns(what, y, classes)
    if y.min() < 0 or not np.allclose(y.sum(axis=-1), 1, atol=1e-2):
        row = int(np.argwhere((y < 0).any(-1) | (abs(y.sum(-1) - 1) > 1e-2))[0][0])
        raise DataError(
            f"{what}: each row of targets must be probabilities that sum to 1; row {row} is "
            f"{y[row].tolist()}. When several classes can be right at once use "
            "Dense(classes, activation='sigmoid') with binary_crossentropy"
        )
