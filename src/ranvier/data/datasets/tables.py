"""Real data sets as NumPy arrays, one function each.

Digits and irises travel in the package. The others are files that are looked for in the folder
`RANVIER_DATA` and in the cache and checked against their hash; the error for a missing one says
where it comes from. Images and labels stay whole numbers as published; measurements are float32.
Functions named `load_...` return `(x_train, y_train), (x_test, y_test)` as Keras does.
"""

from __future__ import annotations

import io
from typing import Literal, overload

import numpy as np

from ..errors import FileError, unknown_name
from .fetch import DataFile, read, read_packaged
from .split import train_test_split

Pair = tuple[np.ndarray, np.ndarray]
Split = tuple[Pair, Pair]
Columns = dict[str, np.ndarray]
ColumnsSplit = tuple[tuple[Columns, np.ndarray], tuple[Columns, np.ndarray]]

IRIS_SPECIES = ("setosa", "versicolor", "virginica")


@overload
def load_digits(*, split: Literal[True] = True, seed: int = 0) -> Split: ...
@overload
def load_digits(*, split: Literal[False], seed: int = 0) -> Pair: ...
def load_digits(*, split: bool = True, seed: int = 0) -> Split | Pair:
    """The UCI handwritten digits: 1,797 images of 8x8 pixels, each 0 (blank) to 16 (full ink).

    Images are (n, 8, 8) uint8, labels (n,) int64. A stratified fifth (360 rows) is held out; with
    `split=False` all rows come back as `(x, y)` in their published order.
    Source: Alpaydin and Kaynak (1998), https://doi.org/10.24432/C50P49, CC BY 4.0.

    >>> (x_train, y_train), (x_test, y_test) = load_digits()
    >>> x_train.shape, x_test.shape, y_train[:5]
    ((1437, 8, 8), (360, 8, 8), array([5, 4, 2, 1, 9]))
    """
    with np.load(io.BytesIO(read_packaged("digits.npz")), allow_pickle=False) as arrays:
        x, y = arrays["images"], arrays["labels"].astype(np.int64)
    return _fifth_held_out(x, y, seed) if split else (x, y)


@overload
def load_iris(*, split: Literal[True] = True, seed: int = 0) -> Split: ...
@overload
def load_iris(*, split: Literal[False], seed: int = 0) -> Pair: ...
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
    return _fifth_held_out(x, y, seed) if split else (x, y)


_MNIST = "the mirror https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST_FILES = (
    DataFile(
        "mnist/train-images-idx3-ubyte.gz",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        _MNIST,
    ),
    DataFile(
        "mnist/train-labels-idx1-ubyte.gz",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        _MNIST,
    ),
    DataFile(
        "mnist/t10k-images-idx3-ubyte.gz",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        _MNIST,
    ),
    DataFile(
        "mnist/t10k-labels-idx1-ubyte.gz",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        _MNIST,
    ),
)


def load_mnist() -> Split:
    """MNIST: 60,000 handwritten digits to train on and 10,000 to test, 28x28 pixels from 0 to 255.

    Images are (n, 28, 28) uint8, labels (n,) int64. Read from files, see `MNIST_FILES`.
    Source: LeCun, Bottou, Bengio and Haffner (1998), from NIST's Special Databases 1 and 3.
    """
    import gzip

    x_train, y_train, x_test, y_test = (_idx(gzip.decompress(data)) for data in read(*MNIST_FILES))
    return (x_train, y_train.astype(np.int64)), (x_test, y_test.astype(np.int64))


_ADULT = "https://github.com/jbrownlee/Datasets (UCI Adult, https://doi.org/10.24432/C5XW20)"
ADULT_FILES = (
    DataFile(
        "adult/adult-train.csv",
        3_974_305,
        "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
        _ADULT,
    ),
    DataFile(
        "adult/adult-test.csv",
        2_003_132,
        "72567b94f5c1a6f8501377dd80f93892c3848ff071cf91ba47e00b0785a28074",
        _ADULT,
    ),
)
ADULT_NUMBERS = (
    "age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week",
)  # fmt: skip
ADULT_COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation",
    "relationship", "race", "sex", "capital-gain", "capital-loss", "hours-per-week",
    "native-country", "income",
)  # fmt: skip


@overload
def load_adult(*, encode: Literal[True] = True) -> Split: ...
@overload
def load_adult(*, encode: Literal[False]) -> ColumnsSplit: ...
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


CALIFORNIA_FILE = DataFile(
    "california_housing/housing.csv",
    1_423_529,
    "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
    "https://github.com/ageron/handson-ml2 (datasets/housing)",
)
CALIFORNIA_COLUMNS = (
    "longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population",
    "households", "median_income", "<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN",
)  # fmt: skip


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


# --- how files become arrays --------------------------------------------------------------------


def _fifth_held_out(x: np.ndarray, y: np.ndarray, seed: int) -> Split:
    x_train, x_test, y_train, y_test = train_test_split(x, y, seed=seed, stratify=y)
    return (x_train, y_train), (x_test, y_test)


def _idx(content: bytes) -> np.ndarray:
    """An array of bytes in MNIST's format: 0, 0, 8 (bytes), number of axes, sizes, values."""
    zero, kind, axes = content[:2], content[2], content[3]
    sizes = np.frombuffer(content, ">u4", count=axes, offset=4)
    start = 4 + 4 * axes
    if zero != b"\0\0" or kind != 8 or len(content) != start + int(sizes.prod()):
        raise FileError("not an IDX file of unsigned bytes, or a shortened one")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes).copy()


def _one_hot(columns: Columns, categories: Columns) -> np.ndarray:
    """Columns of numbers first, then one column of 0 and 1 for each category; float32."""
    numbers = [column[:, None] for name, column in columns.items() if name not in categories]
    flags = [columns[name][:, None] == known for name, known in categories.items()]
    return np.concatenate([*numbers, *flags], axis=1, dtype=np.float32, casting="unsafe")
