"""Real data sets as NumPy arrays, one function each.

Digits and irises travel in the package. The others are files that are looked for in the folder
`RANVIER_DATA` and in the cache, downloaded into the cache when they are in neither, and checked
against their hash. Images and labels stay integers as published; measurements are float32.
Functions named `load_...` return `(x_train, y_train), (x_test, y_test)` as Keras does; texts and
series to go on with return their parts in order.

| file | what it holds |
|---|---|
| files.py | The files of each data set: addresses, hashes, mirrors |
| held.py | The shapes that loaders return, and the part held out where none is published |
| images.py | Images |
| series.py | Time series |
| tables.py | Tables |
| text.py | Texts |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...base.missing import module_getattr
from .files import (
    ADULT_FILES,
    AIRLINE_FILE,
    CALIFORNIA_FILE,
    ETTH1_FILE,
    MNIST_FILES,
    POLARITY_FILES,
    SHAKESPEARE_FILE,
)
from .images import load_digits, load_mnist
from .series import ETTH1_COLUMNS, load_airline_passengers, load_etth1
from .tables import (
    ADULT_COLUMNS,
    ADULT_NUMBERS,
    CALIFORNIA_COLUMNS,
    IRIS_SPECIES,
    load_adult,
    load_california_housing,
    load_iris,
)
from .text import load_rt_polarity, load_tiny_shakespeare

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
