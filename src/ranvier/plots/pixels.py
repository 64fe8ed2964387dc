"""Matrices as pixels, and pixels as a PNG inside a page: no dependency, nothing from a file.

Signed numbers have one colour above 0 and another below: the larger, the less of the page shows
through. Those pictures, of colours in the middle, can be read on a light and on a dark page.
"""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np

from ..typing import Array

POSITIVE, NEGATIVE = (49, 113, 207), (214, 104, 20)


def signed(matrix: Array, largest: float | None = None) -> Array:
    """The pixels of numbers: blue above 0, orange below; `largest` has the full colour.

    >>> signed(np.array([[1.0, -0.5, 0.0]]))[..., 3].tolist()
    [[255, 128, 0]]
    """
    values = np.nan_to_num(matrix.astype(np.float64))
    top = float(np.abs(values).max(initial=0.0)) if largest is None else largest
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where((values >= 0)[..., None], POSITIVE, NEGATIVE)
    pixels[..., 3] = np.round(255 * np.clip(np.abs(values) / (top or 1.0), 0, 1))
    return pixels


def picture(image: Array) -> Array:
    """The pixels of an image: (rows, columns) of grey or (rows, columns, 3) of red, green, blue,
    bytes or numbers of any range, which is stretched from black to white.

    >>> picture(np.array([[0.0, 0.5], [1.0, 2.0]]))[..., 0].tolist()
    [[0, 64], [128, 255]]
    """
    if image.dtype != np.uint8:
        values = np.nan_to_num(image.astype(np.float64))
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        image = np.round(255 * (values - low) / ((high - low) or 1.0)).astype(np.uint8)
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=-1)
    opaque = np.full((*image.shape[:2], 1), 255, np.uint8)
    return np.concatenate([image[..., :3], opaque], axis=-1)


def png(colours: Array) -> str:
    """Bytes (rows, columns, 4) as a PNG in a data URI."""
    height, width = colours.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(colours, np.uint8))
    body = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    body += _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
