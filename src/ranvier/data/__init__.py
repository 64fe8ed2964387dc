"""Data: sets to learn on, splits, and tables turned into arrays."""

from .datasets import (
    IRIS_SPECIES,
    load_adult,
    load_california_housing,
    load_digits,
    load_iris,
    load_mnist,
)
from .split import train_test_split
from .tables import as_array, check_finite, check_rows, column_names
from .toy import make_blobs, make_moons, make_regression, make_xor

__all__ = [
    "IRIS_SPECIES",
    "as_array",
    "check_finite",
    "check_rows",
    "column_names",
    "load_adult",
    "load_california_housing",
    "load_digits",
    "load_iris",
    "load_mnist",
    "make_blobs",
    "make_moons",
    "make_regression",
    "make_xor",
    "train_test_split",
]
