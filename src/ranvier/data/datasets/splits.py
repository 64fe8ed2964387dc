"""The held-out part where none is published, and the types that loaders return."""

from __future__ import annotations

from ...typing import Array
from ..split import train_test_split

Pair = tuple[Array, Array]
Split = tuple[Pair, Pair]


def fifth_held_out(x: Array, y: Array, seed: int) -> Split:
    """A stratified fifth of the rows as the second pair."""
    x_train, x_test, y_train, y_test = train_test_split(x, y, seed=seed, stratify=y)
    return (x_train, y_train), (x_test, y_test)
