"""Columns of the tables that the tasks are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.conversion import column_names, is_frame
from ..errors import DataError, unknown_name
from ..typing import Array, DataLike


def column(frame: DataLike, name: str, call: str) -> Array:
    """The values of a column of a data frame or a dict of columns, (rows,).

    >>> column({"a": [1, 2]}, "a", "fit")
    array([1, 2])
    """
    names = column_names(frame)
    if names is None:
        raise DataError(
            f"{call}: expected a table, that is a data frame or a dict of columns; got a "
            f"{type(frame).__name__}"
        )
    if name not in names:
        raise unknown_name("column", name, names)
    table: Any = frame  # that has columns by name
    return np.asarray(table[name])


def column_or_values(data: Any, name: str, call: str) -> Any:
    """The column `name` where a table is given; else what is given, which has one value a row.

    >>> column_or_values({"a": [1, 2]}, "a", "predict"), column_or_values([3], "a", "predict")
    (array([1, 2]), [3])
    """
    is_table = isinstance(data, Mapping) or is_frame(data)
    return column(data, name, call) if is_table else data


def silent(text: str) -> None:
    """What says nothing, in place of `print`."""
