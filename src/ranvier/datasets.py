"""`import ranvier.datasets`: the data sets of `ranvier.data.datasets`, under the shorter name."""

from __future__ import annotations

import sys

from .data import datasets

sys.modules[__name__] = datasets


def __getattr__(name: str) -> object:
    """For whoever holds this module itself, such as a tool that loaded the file."""
    return getattr(datasets, name)
