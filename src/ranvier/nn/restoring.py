"""Limits while layers are built from a file.

A description is a few bytes that can ask for any number of layers and for weights of any size. In
`restoring` every new layer and every new weight is counted before it is made, against what the
file holds; and a weight begins with zeros, since its numbers come from the file.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import FileError
from ..typing import DTypeLike

MAX_LAYERS = 100_000
SLACK_BYTES = 16 << 20  # for what a layer makes and does not save


class _Limits(threading.local):
    """What this thread may still make; `weight_bytes` is None where nothing is restored."""

    weight_bytes: int | None = None
    held_bytes = 0
    layers = 0


_limits = _Limits()


@contextmanager
def restoring(held_bytes: int) -> Iterator[None]:
    """Inside, in this thread, layers are built from a file that holds weights of so many bytes."""
    _limits.held_bytes = held_bytes
    _limits.weight_bytes, _limits.layers = held_bytes + SLACK_BYTES, MAX_LAYERS
    try:
        yield
    finally:
        _limits.weight_bytes = None


def count_layer() -> None:
    """One more layer; FileError if the description asks for too many."""
    if _limits.weight_bytes is None:
        return
    _limits.layers -= 1
    if _limits.layers < 0:
        raise FileError(f"its description asks for more than {MAX_LAYERS:,} layers")


def unfilled(shape: Sequence[int], dtype: DTypeLike) -> np.ndarray[Any, Any] | None:
    """Zeros for a weight whose numbers come from a file; None where nothing is restored."""
    if _limits.weight_bytes is None:
        return None
    kind = dtypes.as_dtype(dtype)
    sizes = tuple(int(n) for n in shape)
    _limits.weight_bytes -= math.prod(sizes) * kind.itemsize
    if min(sizes, default=0) < 0 or _limits.weight_bytes < 0:
        raise FileError(
            f"its description asks for a weight of shape {sizes}; with those before it, that is "
            f"more than the {_limits.held_bytes:,} bytes of weights that the file holds"
        )
    return np.zeros(sizes, kind)
