"""Memory that begins at a cache line.

A vector that a processor reads across two cache lines costs twice. NumPy's arrays begin at any
multiple of 16 bytes, so how fast a kernel is would depend on where its arrays happen to lie.
"""

from __future__ import annotations

import numpy as np

from ..typing import Array

CACHE_LINE = 64  # bytes, and those of the widest vector


def aligned_bytes(size: int) -> Array:
    """Zeroed bytes that begin at a cache line; at least a line of them."""
    raw = np.zeros(size + CACHE_LINE, np.uint8)
    start = -address(raw) % CACHE_LINE
    return raw[start : start + max(size, CACHE_LINE)]


def aligned(array: Array) -> Array:
    """The array if it begins at a cache line or is shorter than one, else a copy that does.

    >>> aligned(np.ones((3, 4))).ctypes.data % CACHE_LINE, aligned(np.float32(2.0)).shape
    (0, ())
    """
    if array.nbytes < CACHE_LINE or not address(array) % CACHE_LINE:
        return array
    copy: Array = aligned_bytes(array.nbytes)[: array.nbytes].view(array.dtype)
    copy = copy.reshape(array.shape)
    copy[...] = array
    return copy


def address(array: Array) -> int:
    """Where an array's numbers are."""
    start: int = array.__array_interface__["data"][0]
    return start
