"""Pictures of tensors: which of their matrices say something as pictures (plots/pixels.py)."""

from __future__ import annotations

from ...typing import Array

_MOST = 8  # pictures of one tensor
_LARGEST = 128  # pixels along an axis
_SMALLEST = 3  # an axis shorter than this is no picture
_STACKS = {"score", "e"}  # of attention: a matrix for each head


def pictures(array: Array, symbol: str, rows: int) -> list[tuple[str, Array]]:
    """Titles and matrices of numbers that say something as pictures.

    Images (batch, height, width, channels) and filters (height, width, channels, filters), matrices
    from 16 numbers on, and stacks of matrices such as the scores of attention.
    """
    weight = symbol.removeprefix("∂L/∂") in ("W", "U")
    if array.dtype.kind != "f" or array.ndim < 2:
        return []
    if array.ndim == 4 and weight:
        count = min(array.shape[-1], _MOST)
        titled = [(f"filter {k}", array[:, :, 0, k]) for k in range(count)]
    elif array.ndim == 4 and array.shape[0] == rows and symbol not in _STACKS:
        count = min(array.shape[-1], _MOST)
        titled = [(f"channel {k}", array[0, :, :, k]) for k in range(count)]
    elif array.ndim == 2:
        titled = [("", array)]
    else:
        stack = array[0] if array.shape[0] == rows else array
        stack = stack.reshape(-1, *array.shape[-2:])
        count = min(len(stack), _MOST)
        titled = [(f"{k}" if len(stack) > 1 else "", stack[k]) for k in range(count)]
    return [
        (title, matrix)
        for title, matrix in titled
        if min(matrix.shape) >= _SMALLEST and max(matrix.shape) <= _LARGEST and matrix.size >= 9
    ]
