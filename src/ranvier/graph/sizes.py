"""What shape rules ask of sizes, which may be numbers or made from a number of rows (row_count.py).

Each asks in one way: of a number as ever, and of what is made from a number of rows whether it is
so whatever that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard, cast

from ..base.nested import map_leaves
from ..errors import UnknownSizeError
from .row_count import ROWS, NotedFloat, RowCount, Unknown

__all__ = [
    "ROWS", "divides", "exceeds", "float_of", "is_unknown", "negative", "rows_for", "same",
    "with_rows",
]  # fmt: skip


def is_unknown(value: object) -> TypeGuard[Any]:
    """Whether it is made from a number of rows that is not known."""
    return isinstance(value, Unknown)


def float_of(value: float) -> float:
    """`value` as a float, also of a number of rows that is not known."""
    return cast(float, NotedFloat("float", (value,))) if is_unknown(value) else float(value)


def rows_for(size: int, n: int) -> int:
    """How many rows there are where `size`, a * rows + b, is n.

    >>> rows_for(3 * ROWS - 1, 11)
    4
    """
    b, a = cast(Any, size).coefficients if isinstance(size, RowCount) else (0, 1)
    return (n - b) // a


def exceeds(a: float | RowCount, b: float | RowCount) -> bool:
    """Whether a > b whatever the number of rows: what fits some number of rows is let through.

    >>> exceeds(5, 4), exceeds(5, ROWS), exceeds(ROWS + 1, ROWS)
    (True, False, True)
    """
    try:
        return bool(a > b)
    except UnknownSizeError:
        return False


def same(a: object, b: object) -> bool:
    """Whether two sizes or shapes are equal whatever the number of rows.

    >>> same((ROWS, 3), (ROWS, 3)), same((ROWS, 3), (1, 3))
    (True, False)
    """
    try:
        return bool(a == b)
    except UnknownSizeError:
        return False


def negative(sizes: Sequence[int]) -> bool:
    """Whether one of the sizes is below 0 whatever the number of rows."""
    try:
        return min(sizes, default=0) < 0
    except UnknownSizeError:
        return any(exceeds(0, n) for n in sizes)


def divides(a: int, b: int) -> bool:
    """Whether b is a multiple of a, which is not 0, whatever the number of rows."""
    try:
        return bool(a and b % a == 0)
    except UnknownSizeError:
        return False


def with_rows(value: object, rows: int) -> Any:
    """`value`, or the values inside of tuples, lists and dicts, for so many rows.

    >>> with_rows((ROWS, 3 * ROWS - 1, 7, "sum"), 10)
    (10, 29, 7, 'sum')
    """
    if isinstance(value, Unknown):
        return value.at(rows)
    if not isinstance(value, tuple | list | dict):
        return value
    return map_leaves(lambda v: v.at(rows) if isinstance(v, Unknown) else v, value)
