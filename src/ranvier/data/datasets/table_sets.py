"""Tables: irises, incomes and houses."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np

from ...base.missing import spelled
from ...errors import unknown_name
from ...typing import Array
from ..fetch import read, read_packaged
from ..split import train_test_split
from .published_files import ADULT_FILES, CALIFORNIA_FILE
from .splits import Pair, Split, fifth_held_out

Columns = dict[str, Array]
ColumnsSplit = tuple[tuple[Columns, Array], tuple[Columns, Array]]

IRIS_SPECIES = ("setosa", "versicolor", "virginica")
ADULT_NUMBERS = (
    "age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week",
)  # fmt: skip
ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week",
    "native-country", "income",
)  # fmt: skip


CALIFORNIA_COLUMNS = (
    "longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population",
    "households", "median_income", "<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN",
)  # fmt: skip


@overload
def load_iris(*, split: Literal[True] = True, seed: int = 0) -> Split: ...
@overload
def load_iris(*, split: Literal[False], seed: int = 0) -> Pair: ...
@spelled
def load_iris(*, split: bool = True, seed: int = 0) -> Split | Pair:
    """Fisher's irises: 150 flowers, sepal and petal length and width in cm, three species.

    Features are (n, 4) float32 in the order sepal length, sepal width, petal length, petal width;
    labels count in the order of `IRIS_SPECIES`. A stratified fifth (30 rows) is held out; with
    `split=False` all rows come back as `(x, y)`.
    Source: Fisher (1936), https://doi.org/10.24432/C56C76, CC BY 4.0.

    >>> x, y = load_iris(split=False)
    >>> x.shape, x[0], IRIS_SPECIES[y[0]]
    ((150, 4), array([5.1, 3.5, 1.4, 0.2], dtype=float32), 'setosa')
    """
    lines = read_packaged("iris.csv").decode().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    x = np.array([row[:4] for row in rows], dtype=np.float32)
    y = np.array([IRIS_SPECIES.index(row[4]) for row in rows], dtype=np.int64)
    return fifth_held_out(x, y, seed) if split else (x, y)


@overload
def load_adult(*, encode: Literal[True] = True) -> Split: ...
@overload
def load_adult(*, encode: Literal[False]) -> ColumnsSplit: ...
@spelled
def load_adult(*, encode: bool = True) -> Split | ColumnsSplit:
    """UCI Adult, the 1994 census: does a person earn more than 50,000 $ a year (1)?

    32,561 rows to train on, 16,281 to test. With `encode`, x is (n, 108) float32: the six columns
    of numbers (`ADULT_NUMBERS`), then one column of 0 and 1 for each category met in the training
    rows; a missing entry, written `?`, is a category. Without, x is a dict of the 14 columns by
    name (float32 or text), as `pandas.DataFrame(x)` takes it. Scale the numbers before training.
    Source: Kohavi and Becker (1996), https://doi.org/10.24432/C5XW20.
    """
    parts = []
    for content in read(*ADULT_FILES):
        rows = [line.split(", ") for line in content.decode().splitlines() if line]
        columns: Columns = dict(zip(ADULT_COLUMNS, np.array(rows).T, strict=True))
        for name in ADULT_NUMBERS:
            columns[name] = columns[name].astype(np.float32)
        income = columns.pop("income")
        parts.append((columns, np.char.startswith(income, ">").astype(np.int64)))
    (train, y_train), (test, y_test) = parts
    if not encode:
        return (train, y_train), (test, y_test)
    categories = {name: np.unique(train[name]) for name in train if name not in ADULT_NUMBERS}
    return (_one_hot(train, categories), y_train), (_one_hot(test, categories), y_test)


@spelled
def load_california_housing(*, missing: str = "median", seed: int = 0) -> Split:
    """The median house value of 20,640 Californian districts (1990 census), in 100,000 dollars.

    x is (n, 13) float32 in the order of `CALIFORNIA_COLUMNS`: eight measurements, then the nearness
    to the ocean as five columns of 0 and 1. A fifth of the rows is held out. The bedrooms of 207
    districts are missing: `missing="median"` fills in the training rows' median, `"keep"` leaves
    NaN. Values stop at 5.00001. Source: Pace and Barry (1997), Statistics & Probability Letters 33.
    """
    if missing not in ("median", "keep"):
        raise unknown_name("treatment of missing values", missing, ("median", "keep"))
    lines = read(CALIFORNIA_FILE)[0].decode().splitlines()[1:]
    rows = np.array([line.split(",") for line in lines])
    numbers = np.where(rows[:, :9] == "", "nan", rows[:, :9]).astype(np.float64)
    shore = rows[:, 9:] == np.array(CALIFORNIA_COLUMNS[8:])
    x = np.concatenate([numbers[:, :8], shore], axis=1).astype(np.float32)
    y = (numbers[:, 8] / 100_000).astype(np.float32)
    x_train, x_test, y_train, y_test = train_test_split(x, y, seed=seed)
    if missing == "median":
        middle = np.nanmedian(x_train, axis=0)
        x_train, x_test = (np.where(np.isnan(part), middle, part) for part in (x_train, x_test))
    return (x_train, y_train), (x_test, y_test)


def _one_hot(columns: Columns, categories: Columns) -> Array:
    """Columns of numbers first, then one column of 0 and 1 for each category; float32."""
    numbers = [column[:, None] for name, column in columns.items() if name not in categories]
    flags = [columns[name][:, None] == known for name, known in categories.items()]
    return np.concatenate([*numbers, *flags], axis=1, dtype=np.float32, casting="unsafe")
