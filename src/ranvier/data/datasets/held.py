"""The shapes of what loaders return, and the part that is held out where none is published."""

from __future__ import annotations

import numpy as np

from ..split import train_test_split

Pair = tuple[np.ndarray, np.ndarray]
Split = tuple[Pair, Pair]


def fifth_held_out(x: np.ndarray, y: np.ndarray, seed: int) -> Split:
    """A stratified fifth of the rows as the second pair."""
    x_train, x_test, y_train, y_test = train_test_split(x, y, seed=seed, stratify=y)
    return (x_train, y_train), (x_test, y_test)
