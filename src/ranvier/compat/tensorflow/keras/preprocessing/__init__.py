"""`keras.preprocessing`: names from before they moved to `keras.utils`."""

from __future__ import annotations

from ....names import module_getattr
from ..dataset import image_dataset_from_directory, timeseries_dataset_from_array
from . import sequence

__all__ = ["image_dataset_from_directory", "sequence", "timeseries_dataset_from_array"]

__getattr__ = module_getattr("keras.preprocessing", globals())
