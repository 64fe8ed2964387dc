"""Whether numbers are finite, found out quickly."""

from __future__ import annotations

import math

import numpy as np

from ..typing import Array

_MAX_SUMMED_ELEMENTS = 10_000  # of an array that is quicker summed than looked at one by one


def all_finite(array: Array) -> bool:
    """Whether no float of the array is NaN or infinite; all else is finite.

    >>> all_finite(np.array([1.0, 1e308])), all_finite(np.array([1.0, np.nan]))
    (True, False)
    """
    if array.dtype.kind != "f" or not array.size:
        return True
    if array.size == 1:
        return math.isfinite(array.item())
    # One sum of squares is quicker; it may overflow, which the next lines tell from NaN.
    if array.size <= _MAX_SUMMED_ELEMENTS and math.isfinite(np.vdot(array, array)):
        return True
    with np.errstate(invalid="ignore"):
        return bool(np.isfinite(array.min()) and np.isfinite(array.max()))
