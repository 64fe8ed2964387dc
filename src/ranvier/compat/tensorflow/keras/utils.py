"""`keras.utils`."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from .... import data, random
from ....errors import DataError
from ....nn import register_layer as _register
from ....typing import ArrayLike
from ...table import fill, names
from . import dataset


def set_random_seed(seed: int) -> None:
    """The same draws from here on: of Ranvier, of NumPy's global generator and of Python."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    python_random.seed(seed)


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> np.ndarray[Any, Any]:
    """Whole-number labels as one-hot rows of float32.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    codes = labels.astype(np.int64)
    count = int(codes.max(initial=-1)) + 1 if num_classes is None else num_classes
    if (codes != labels).any() or (codes < 0).any() or (codes >= count).any():
        raise DataError(
            f"to_categorical: labels must be integers from 0 to {count - 1}; they run from "
            f"{labels.min()} to {labels.max()}"
        )
    return np.eye(count, dtype=np.float32)[codes]


def normalize(x: ArrayLike, axis: int = -1, order: int = 2) -> np.ndarray[Any, Any]:
    """Rows of length 1."""
    rows = np.atleast_1d(np.asarray(x))
    lengths = np.atleast_1d(np.linalg.norm(rows, order, axis))
    lengths[lengths == 0] = 1
    return np.asarray(rows / np.expand_dims(lengths, axis))


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Any:
    """Enter a layer class, so that models holding it can be saved and loaded."""
    return _register


__all__, __getattr__ = fill(
    globals(),
    "keras.utils",
    names(data, "pad_sequences"),
    names(dataset, "image_dataset_from_directory timeseries_dataset_from_array"),
)
