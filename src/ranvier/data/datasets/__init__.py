"""Real data sets as NumPy arrays, one function each.

Digits and irises travel in the package. The others are files that are looked for in the folder
`RANVIER_DATA` and in the cache, downloaded into the cache when they are in neither, and checked
against their hash. Images and labels stay integers as published; measurements are float32.
Functions named `load_...` return `(x_train, y_train), (x_test, y_test)` as Keras does; texts and
series to continue return their parts in order.

| file | what it holds |
|---|---|
| image_sets.py | Images |
| published_files.py | The files of each data set: addresses, hashes, mirrors |
| series_sets.py | Time series |
| splits.py | A fifth held out, where no test part is published |
| table_sets.py | Tables |
| text_sets.py | Texts |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.missing import module_getattr
from .image_sets import load_digits, load_mnist
from .published_files import (
    ADULT_FILES,
    AIRLINE_FILE,
    CALIFORNIA_FILE,
    ETTH1_FILE,
    MNIST_FILES,
    POLARITY_FILES,
    SHAKESPEARE_FILE,
)
from .series_sets import ETTH1_COLUMNS, load_airline_passengers, load_etth1
from .table_sets import (
    ADULT_COLUMNS,
    ADULT_NUMBERS,
    CALIFORNIA_COLUMNS,
    IRIS_SPECIES,
    load_adult,
    load_california_housing,
    load_iris,
)
from .text_sets import load_rt_polarity, load_tiny_shakespeare

__all__ = [
    "ADULT_COLUMNS",
    "ADULT_FILES",
    "ADULT_NUMBERS",
    "AIRLINE_FILE",
    "CALIFORNIA_COLUMNS",
    "CALIFORNIA_FILE",
    "ETTH1_COLUMNS",
    "ETTH1_FILE",
    "IRIS_SPECIES",
    "MNIST_FILES",
    "POLARITY_FILES",
    "SHAKESPEARE_FILE",
    "load_adult",
    "load_airline_passengers",
    "load_california_housing",
    "load_digits",
    "load_etth1",
    "load_iris",
    "load_mnist",
    "load_rt_polarity",
    "load_tiny_shakespeare",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
