"""`keras.random`: draws, from the common generator or from a seed or SeedGenerator."""

from __future__ import annotations

from typing import Any

from .... import dtypes, random
from ...names import module_getattr


class SeedGenerator(random.Generator):
    """A source of random numbers of its own."""


def _source(seed: Any) -> Any:
    if isinstance(seed, random.Generator):
        return seed
    return random if seed is None else random.Generator(seed)


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float32", seed: Any = None
) -> Any:
    """Normally distributed numbers."""
    return _source(seed).normal(tuple(shape), mean, stddev, dtypes.as_dtype(dtype))


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = "float32", seed: Any = None
) -> Any:
    """Numbers from `minval` (included) to `maxval` (excluded)."""
    return _source(seed).uniform(tuple(shape), minval, maxval, dtypes.as_dtype(dtype))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Integers from `minval` (included) to `maxval` (excluded)."""
    return _source(seed).randint(minval, maxval, tuple(shape), dtypes.as_dtype(dtype))


__all__ = ["SeedGenerator", "normal", "randint", "uniform"]

__getattr__ = module_getattr("keras.random", globals())
