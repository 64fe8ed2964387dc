"""Tables for `ranvier compare`: the sets by name and files of the user, split into rows to train on
and rows to test on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import DataError
from ..io.reading import check_input
from ..typing import Array

BUILT_IN_SETS = ("digits", "iris", "adult", "mnist", "california")
_MAX_TEST_ROWS = 4000  # more would not change the score visibly


class Problem(NamedTuple):
    """A table split in two: features (n, d) float32, and classes 0, 1, ... or numbers."""

    name: str
    classes: int  # 0: regression
    x: Array
    y: Array
    x_test: Array
    y_test: Array

    @property
    def score(self) -> str:
        """What is measured on the test rows."""
        return "accuracy" if self.classes else "R2"


def read(data: str, target: str | None = None) -> Problem:
    """The built-in set of that name, or the table in a file."""
    from .. import data as sets

    if data not in BUILT_IN_SETS:
        return _from_file(data, target)
    loaders: dict[str, Any] = {
        "digits": sets.load_digits,
        "iris": sets.load_iris,
        "adult": sets.load_adult,
        "mnist": sets.load_mnist,
        "california": sets.load_california_housing,
    }
    (x, y), (x_test, y_test) = loaders[data]()
    x, x_test = (part.reshape(len(part), -1).astype(np.float32) for part in (x, x_test))
    classes = 0 if data == "california" else int(y.max()) + 1
    return Problem(data, classes, x, y, x_test[:_MAX_TEST_ROWS], y_test[:_MAX_TEST_ROWS])


def _from_file(path: str, target: str | None) -> Problem:
    from ..tables import Encoder, make_plan, read_table
    from ..tables.trees import matrix

    _check_there(path)
    reading = read_table(path)
    plan = make_plan(reading, target)
    train, test = plan.split_rows(reading.frame)
    rows, others = reading.frame[train], reading.frame[test[:_MAX_TEST_ROWS]]
    encoder, arrays = Encoder.fit_transform(rows, plan)
    return Problem(
        Path(path).stem,
        len(plan.classes),
        matrix(arrays).astype(np.float32),
        encoder.encode_target(rows),
        matrix(encoder.transform(others)).astype(np.float32),
        encoder.encode_target(others),
    )


def table_columns(path: str) -> dict[str, Array]:
    """The columns of a file by name: float64 where every entry is a number or empty, else text.

    Empty is what is written as NA or ? too.
    """
    import polars as pl

    from ..tables import read_table

    _check_there(path)
    columns = {}
    for column in read_table(path).frame:
        if column.dtype == pl.String:
            text = column.str.strip_chars()
            gaps = text.is_in(["", "?", "NA"]).fill_null(True)
            numbers = text.cast(pl.Float64, strict=False)
            if not (numbers.is_null() & ~gaps).any():
                column = numbers.fill_null(float("nan"))
        columns[column.name] = column.to_numpy()
    return {k: a.astype(str if a.dtype.kind == "O" else np.float64) for k, a in columns.items()}


def _check_there(path: str) -> None:
    if not Path(path).exists():
        raise DataError(f"{path} is neither a file nor one of {', '.join(BUILT_IN_SETS)}")
    check_input(path)
