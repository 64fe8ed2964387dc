"""Sizes of arrays: what no machine holds is refused with its shape, whoever asks for it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

from ..errors import ShapeError
from ..typing import DType, Shape

MAX_BYTES = (1 << 63) - 1  # of an array: what an address can count


def check_bytes(what: str, shape: Shape, dtype: DType) -> None:
    """Refuse what no machine holds. As in NumPy, an axis of size 0 does not excuse the others."""
    if _elements_beside(shape) * dtype.itemsize > MAX_BYTES:
        raise too_large(what, shape, dtype)


def too_large(what: str, shape: Shape, dtype: DType) -> ShapeError:
    """The error for an array that no memory holds."""
    elements = _elements_beside(shape)
    beside = "" if math.prod(shape) else ", not counting the axes of size 0"
    return ShapeError(
        f"{what}: a tensor of shape {shape} has {elements:,} elements{beside}, which is "
        f"{elements * dtype.itemsize / 2**30:.3g} GiB as {dtype}, more than this machine "
        f"can hold (the limit for any machine is {MAX_BYTES:,} bytes). Is a size or an axis wrong?"
    )


@contextlib.contextmanager
def room_for(what: str, shape: Shape, dtype: DType) -> Iterator[None]:
    """Inside, NumPy makes an array of this shape; ShapeError where no memory holds it."""
    check_bytes(what, shape, dtype)
    try:
        yield
    except MemoryError:
        raise too_large(what, shape, dtype) from None


def _elements_beside(shape: Shape) -> int:
    """How many elements there would be without the axes of size 0."""
    return math.prod(n for n in shape if n)
