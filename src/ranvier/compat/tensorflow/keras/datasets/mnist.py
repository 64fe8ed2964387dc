"""`keras.datasets.mnist`."""

from __future__ import annotations

from typing import Any

from .....data import load_mnist
from ....names import module_getattr


def load_data(path: str = "mnist.npz") -> Any:
    """`(x_train, y_train), (x_test, y_test)`, images of 28x28 bytes; see `ranvier.data.load_mnist`.

    `path` changes nothing: the files lie in the folder `RANVIER_DATA` or in the cache, or come from
    a mirror.
    """
    return load_mnist()


__all__ = ["load_data"]

__getattr__ = module_getattr("keras.datasets.mnist", globals())
