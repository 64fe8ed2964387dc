"""Pictures of tensors: a PNG inside the page, positive numbers in one colour, negative in another.

The darker a pixel, the larger its number; 0 is clear, so that pictures fit a light and a dark page.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from ...typing import Array

_MOST = 8  # pictures of one tensor
_LARGEST = 128  # pixels along an axis
_SMALLEST = 3  # an axis shorter than this is no picture
_STACKS = {"score", "e"}  # of attention: a matrix for each head
POSITIVE, NEGATIVE = (49, 113, 207), (214, 104, 20)


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


def png(matrix: Array, largest: float | None = None) -> str:
    """A matrix as a data URI; `largest` is the size that is shown in full colour."""
    values = np.nan_to_num(matrix.astype(np.float64))
    top = float(np.abs(values).max()) if largest is None else largest
    share = np.clip(np.abs(values) / (top or 1.0), 0, 1)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where((values >= 0)[..., None], POSITIVE, NEGATIVE)
    pixels[..., 3] = np.round(255 * share)
    height, width = values.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    body = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    body += _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
