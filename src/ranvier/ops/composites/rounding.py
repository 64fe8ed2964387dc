"""Rounding to decimals, and division that cuts off the fraction."""

from __future__ import annotations

from ...typing import ArrayLike, V
from .. import elementwise as e
from ..op import as_integer, as_values


def round_decimals(x: V | ArrayLike, decimals: int = 0) -> V:
    """x to so many decimals, halves to the even digit; -1 rounds to tens.

    >>> import ranvier
    >>> round_decimals(ranvier.tensor([1.25, -0.375]), 1)
    tensor([ 1.2, -0.4])
    """
    (x,) = as_values(x)
    digits = as_integer("round", "decimals", decimals)
    if not digits:
        return e.round(x)
    scale = 10.0 ** abs(digits)
    return e.round(x * scale) / scale if digits > 0 else e.round(x / scale) * scale


def truncate_divide(x: V | ArrayLike, y: V | ArrayLike) -> V:
    """`x / y` without its fraction, towards 0; of integers an integer.

    >>> import ranvier
    >>> truncate_divide(ranvier.tensor([7, -7]), 2)
    tensor([ 3, -3])
    """
    (x,) = as_values(x)
    below = e.floor_divide(x, y)
    if below.dtype.kind == "f":
        return e.trunc(e.divide(x, y))
    inexact = e.not_equal(x - below * y, 0)
    return below + e.astype(e.logical_and(inexact, e.less(below, 0)), below.dtype)
