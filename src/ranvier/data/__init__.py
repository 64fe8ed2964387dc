"""Data: sets to learn on, splits, tables, texts and series turned into arrays, and streams.

| file | what it holds |
|---|---|
| cells.py | What cells of text look like where numbers were expected |
| columns.py | The columns of a table, found again by name |
| datasets/ | data sets ready to load |
| fetch.py | Data files that are found or downloaded, and checked against their hash |
| sequences.py | Sequences of different lengths in one array, and their masks |
| series.py | Time series cut into windows |
| sources.py | Streams over files: .npy, Parquet, CSV, folders of images |
| split.py | Rows divided into a part to train on and a part held out |
| stream.py | Streams: rows that are read chunk by chunk |
| tables.py | Lists, arrays, dicts and tables of other libraries as arrays of numbers |
| text.py | Text as numbers: cleaning, words or characters, vocabularies |
| toy.py | Small made-up data sets |
| vectorize.py | Texts as rows of numbers: by words, characters or pairs of bytes |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr, spelled
from . import datasets, tables
from .datasets import (
    IRIS_SPECIES,
    load_adult,
    load_airline_passengers,
    load_california_housing,
    load_digits,
    load_etth1,
    load_iris,
    load_mnist,
    load_rt_polarity,
    load_tiny_shakespeare,
)
from .sequences import length_mask, pad_sequences
from .series import seasonal_naive, windows
from .sources import stream_csv, stream_images, stream_npy, stream_parquet
from .split import train_test_split
from .stream import Stream, stream_arrays, stream_batches
from .text import Vocabulary, clean
from .toy import make_blobs, make_moons, make_regression, make_xor
from .vectorize import BytePairs, TextVectorization

# Without the look at their keywords, which every call of fit would pay for, these stand in tables.
as_array = spelled(tables.as_array)
check_finite = spelled(tables.check_finite)
check_rows = tables.check_rows
column_names = spelled(tables.column_names)

__all__ = [
    "IRIS_SPECIES",
    "BytePairs",
    "Stream",
    "TextVectorization",
    "Vocabulary",
    "as_array",
    "check_finite",
    "check_rows",
    "clean",
    "column_names",
    "datasets",
    "length_mask",
    "load_adult",
    "load_airline_passengers",
    "load_california_housing",
    "load_digits",
    "load_etth1",
    "load_iris",
    "load_mnist",
    "load_rt_polarity",
    "load_tiny_shakespeare",
    "make_blobs",
    "make_moons",
    "make_regression",
    "make_xor",
    "pad_sequences",
    "seasonal_naive",
    "stream_arrays",
    "stream_batches",
    "stream_csv",
    "stream_images",
    "stream_npy",
    "stream_parquet",
    "train_test_split",
    "windows",
]

if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
