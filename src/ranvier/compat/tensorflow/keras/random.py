"""`keras.random`: draws, from the common generator or from a seed or SeedGenerator."""

from __future__ import annotations

from typing import Any

from .... import random
from ...table import fill


class SeedGenerator(random.Generator):
    """A source of random numbers of its own."""


def _source(seed: Any) -> Any:
    if isinstance(seed, random.Generator):
        return seed
    return random if seed is None else random.Generator(seed)


__all__, __getattr__ = fill(
    globals(),
    "keras.random",
    normal=lambda shape, mean=0.0, stddev=1.0, dtype="float32", seed=None: _source(seed).normal(
        shape, mean, stddev, dtype
    ),
    uniform=lambda shape, minval=0.0, maxval=1.0, dtype="float32", seed=None: _source(seed).uniform(
        shape, minval, maxval, dtype
    ),
    randint=lambda shape, minval, maxval, dtype="int32", seed=None: _source(seed).randint(
        minval, maxval, shape, dtype
    ),
)
