"""Data: sets to learn on, splits, tables, texts and series as arrays, and streams.

| file | what it holds |
|---|---|
| cell_kinds.py | Kinds of text cells where numbers were expected: dates, units, labels |
| conversion.py | Lists, arrays, dicts and tables of other libraries as arrays of numbers |
| datasets/ | data sets ready to load |
| fetch.py | Data files: located or downloaded, and verified against their hash |
| named_columns.py | Columns matched by name between training and prediction |
| sequence_padding.py | Sequences of different lengths padded to one array, and their masks |
| sliding_windows.py | Time series cut into windows |
| split.py | Splitting rows into a training part and a held-out part |
| streams/ | rows that are read chunk by chunk |
| text.py | Text as numbers: cleaning, words or characters, vocabularies |
| toy.py | Small synthetic data sets |
| vectorize.py | Texts as rows of numbers: by words, characters or pairs of bytes |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..base.missing import module_getattr, spelled
from . import conversion

if TYPE_CHECKING:
    from . import datasets
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
    from .sequence_padding import length_mask, pad_sequences
    from .sliding_windows import seasonal_naive, windows
    from .split import train_test_split
    from .streams.file_streams import stream_images, stream_npy
    from .streams.pipeline import Pipeline
    from .streams.stream import Stream, stream_arrays, stream_batches
    from .streams.table_streams import stream_csv, stream_parquet
    from .text import Vocabulary, clean
    from .toy import make_blobs, make_moons, make_regression, make_xor
    from .vectorize import BytePairs, TextVectorization

# In `conversion` they stand without the check of keywords, which every call of fit would pay for.
as_array = spelled(conversion.as_array)
check_finite = spelled(conversion.check_finite)
check_rows = conversion.check_rows
column_names = spelled(conversion.column_names)

# Names by the module that is imported when one of them is first asked for.
_PARTS = {
    "datasets": (
        "IRIS_SPECIES load_adult load_airline_passengers load_california_housing load_digits "
        "load_etth1 load_iris load_mnist load_rt_polarity load_tiny_shakespeare"
    ),
    "streams.file_streams": "stream_images stream_npy",
    "sequence_padding": "length_mask pad_sequences",
    "streams.pipeline": "Pipeline",
    "sliding_windows": "seasonal_naive windows",
    "split": "train_test_split",
    "streams.stream": "Stream stream_arrays stream_batches",
    "streams.table_streams": "stream_csv stream_parquet",
    "text": "Vocabulary clean",
    "toy": "make_blobs make_moons make_regression make_xor",
    "vectorize": "BytePairs TextVectorization",
}

__all__ = [
    "IRIS_SPECIES",
    "BytePairs",
    "Pipeline",
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
    _when_asked = {n: f"{part}:{n}" for part, names in _PARTS.items() for n in names.split()}
    __getattr__ = module_getattr(
        __name__, globals(), when_asked={"datasets": "datasets", **_when_asked}
    )
