"""Sizes as PyTorch says them."""

from __future__ import annotations

import math
from typing import Any


class Sizes(int):
    """The number of elements, as Ranvier has it; called, the shape or one size of it, as PyTorch
    has it: `x.size(0)`.
    """

    shape: tuple[int, ...]

    def __new__(cls, shape: tuple[int, ...]) -> Sizes:
        self = super().__new__(cls, math.prod(shape))
        self.shape = shape
        return self

    def __call__(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]


def sizes_of(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given one by one or as one tuple."""
    several = len(sizes) == 1 and isinstance(sizes[0], tuple | list)
    return tuple(int(n) for n in (sizes[0] if several else sizes))
