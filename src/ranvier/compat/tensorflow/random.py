"""`tf.random`."""

from __future__ import annotations

from typing import Any

from ... import dtypes
from ... import random as ranvier_random
from ..names import module_getattr


def set_seed(seed: int) -> None:
    """The same draws from here on, in every run."""
    ranvier_random.seed(seed)


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = dtypes.float32) -> Any:
    """Normally distributed numbers."""
    return ranvier_random.normal(tuple(shape), mean, stddev, dtype)


def uniform(
    shape: Any, minval: float = 0, maxval: float | None = None, dtype: Any = dtypes.float32
) -> Any:
    """Numbers from `minval` (included) to `maxval` (excluded; 1 for floats)."""
    dtype = dtypes.as_dtype(dtype)
    if dtype.kind == "f":
        return ranvier_random.uniform(
            tuple(shape), minval, 1.0 if maxval is None else maxval, dtype
        )
    return ranvier_random.randint(int(minval), int(maxval or 0), tuple(shape), dtype)


__all__ = ["normal", "set_seed", "uniform"]

__getattr__ = module_getattr("tf.random", globals())
