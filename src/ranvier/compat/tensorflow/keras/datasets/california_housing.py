"""`keras.datasets.california_housing`."""

from __future__ import annotations

from typing import Any

from .....data import load_california_housing
from ....names import module_getattr


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Any:
    """`(x_train, y_train), (x_test, y_test)`; see `ranvier.data.load_california_housing`.

    NOTE: values are in 100,000 dollars, and x has five columns for the nearness to the ocean beside
    Keras' eight measurements. `version`, `path` and `test_split` change nothing.
    """
    return load_california_housing(seed=seed)


__all__ = ["load_data"]

__getattr__ = module_getattr("keras.datasets.california_housing", globals())
