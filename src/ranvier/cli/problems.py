"""Tables for `ranvier compare`: the sets by name and files of the user, split into rows to train on
and rows to test on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArgumentError, DataError, StateError
from ..io.reading import check_input
from ..typing import Array

BUILT_IN_SETS = ("digits", "iris", "adult", "mnist", "california")
_MAX_TEST_ROWS = 4000  # more would not change the score visibly


_MAX_NUMERIC_CLASSES = 20  # a target of more integers is a regression
_MAX_CATEGORIES = 50  # of a column; rarer ones have no feature


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
    """The built-in set of that name, or the table in a .csv or .parquet file."""
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
    columns = table_columns(path)
    if target not in columns:
        known = ", ".join(columns)
        what = "--target is missing" if target is None else f"--target {target}: no such column"
        raise ArgumentError(f"{what}; {path} has {known}")
    y = columns.pop(target)
    if not columns:
        raise DataError(f"{path}: there is no column beside the target {target!r}")
    names, codes = np.unique(y, return_inverse=True)
    integers = y.dtype.kind != "U" and bool((y == np.round(y)).all())
    if y.dtype.kind != "U" and np.isnan(y).any():
        raise DataError(f"{path}: the target {target!r} has missing values; remove those rows")
    few = integers and len(names) <= _MAX_NUMERIC_CLASSES
    classes = len(names) if y.dtype.kind == "U" or few else 0
    from ..data import train_test_split

    values = codes if classes else y.astype(np.float32)
    rows = np.arange(len(y))
    train, test = train_test_split(rows, seed=0)
    x = np.concatenate([_features(column, train) for column in columns.values()], axis=1)
    test = test[:_MAX_TEST_ROWS]
    return Problem(Path(path).stem, classes, x[train], values[train], x[test], values[test])


def table_columns(path: str) -> dict[str, Array]:
    """The columns of a file by name: float64 where every entry is a number or empty, else text."""
    if not Path(path).exists():
        raise DataError(f"{path} is neither a file nor one of {', '.join(BUILT_IN_SETS)}")
    check_input(path)
    if path.endswith(".parquet"):
        try:
            import pyarrow.parquet as parquet
        except ImportError:
            raise StateError("a .parquet file needs pyarrow: pip install pyarrow") from None
        table = parquet.read_table(path).to_pydict()
        rows = {k: ["" if v is None else str(v) for v in column] for k, column in table.items()}
    else:
        with open(path, newline="", encoding="utf-8-sig") as file:
            head, *lines = list(csv.reader(file, skipinitialspace=True)) or [[]]
        bad = next((i for i, line in enumerate(lines) if line and len(line) != len(head)), None)
        if bad is not None or not lines:
            why = f"line {bad + 2} has another number of columns" if bad is not None else "no rows"
            raise DataError(f"{path}: {why}; expected a heading and rows of {len(head)} columns")
        cells = zip(*[line for line in lines if line], strict=True)
        rows = {name: list(column) for name, column in zip(head, cells, strict=True)}
    return {name: _as_numbers(column) for name, column in rows.items()}


def _as_numbers(column: Sequence[str]) -> Array:
    try:
        return np.array([v if v.strip() not in ("", "?", "NA") else "nan" for v in column], float)
    except ValueError:
        return np.array(column, dtype=str)


def _features(column: Array, train: Array) -> Array:
    """A column as features, by its training rows: gaps get the median; text one column a word."""
    if column.dtype.kind != "U":
        gaps = np.isnan(column)
        middle = np.nanmedian(column[train]) if not gaps[train].all() else 0.0
        return np.where(gaps, middle, column).astype(np.float32)[:, None]
    words, counts = np.unique(column[train], return_counts=True)
    words = words[np.argsort(-counts, kind="stable")[:_MAX_CATEGORIES]]
    return np.asarray(column[:, None] == words, np.float32)
