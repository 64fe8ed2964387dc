"""Draws by weight and grids, under PyTorch's names."""

from __future__ import annotations

from typing import Any

from ... import random
from ...errors import ShapeError
from ...ops.composites import shaping
from .tensor import Tensor, of


def multinomial(
    input: Any, num_samples: int, replacement: bool = False, generator: Any = None
) -> Any:
    """Places drawn with chances in proportion to the weights `input`, (n,) or (rows, n).

    int64; without `replacement` none twice. Weights that are negative, NaN or all 0 are refused.
    """
    weights = of(input)
    if weights.ndim not in (1, 2) or weights.dtype.kind != "f":
        raise ShapeError(
            f"multinomial: got {weights.dtype} of shape {weights.shape}; expected floats, weights "
            "of shape (n,) or (rows, n)"
        )
    return of((generator or random).categorical(weights, num_samples, replacement))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Any, ...]:
    """Each vector (or single number) spread over the grid of all."""
    given = list(tensors[0]) if isinstance(tensors[0], list | tuple) else list(tensors)
    lines = [of(x) if of(x).shape else of(x).reshape(1) for x in given]
    return tuple(of(x) for x in shaping.meshgrid(*lines, indexing=indexing))


Tensor.multinomial = multinomial  # type: ignore[attr-defined]
