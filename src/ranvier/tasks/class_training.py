"""Networks that tell classes: rows held out, training within a time, the score on the test rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..data.split import train_test_split
from ..tables.choice import Choice
from ..train.models.model import Model
from ..typing import Array
from .training import train_within

_HELD_OUT = 0.1  # of the rows of each class, once to choose the weights and once to test them


class Parts(NamedTuple):
    """The rows to train on, to choose the weights by, and to test; each with all classes."""

    train: Array
    valid: Array
    test: Array


def parts_of(codes: Array, seed: int) -> Parts:
    """A tenth of each class to choose by and to test; more where that is less than one row.

    Every class in `codes` (rows,) has at least three rows.
    """
    rows = np.arange(len(codes))
    share = max(_HELD_OUT, 1 / int(np.bincount(codes)[np.unique(codes)].min()))
    train, test = train_test_split(rows, test_size=share, seed=seed, stratify=codes)
    rest = share / (1 - share)
    train, valid = train_test_split(train, test_size=rest, seed=seed, stratify=codes[train])
    return Parts(np.asarray(train), np.asarray(valid), np.asarray(test))


def train_classes(
    network: Model,
    x: Array,
    y: Array,
    parts: Parts,
    *,
    seconds: float,
    started: float,
    rate: float,
    most_epochs: float,
    seed: int,
    say: Callable[[str], None] | None,
) -> tuple[float, Choice]:
    """Train a compiled network; its accuracy on the test rows, and how the training ended."""
    held_x, held_y = x[parts.valid], y[parts.valid]
    run = train_within(
        network, x[parts.train], y[parts.train],
        lambda: -float(network.evaluate(held_x, held_y, return_dict=True)["loss"]),
        seconds=seconds, started=started, rate=rate, seed=seed, most_epochs=most_epochs, say=say,
    )  # fmt: skip
    tested = network.evaluate(x[parts.test], y[parts.test], return_dict=True)
    return float(tested["accuracy"]), run.choice()
