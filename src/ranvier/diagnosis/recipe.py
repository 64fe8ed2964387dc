"""A training that can be done again with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..typing import Array

if TYPE_CHECKING:
    from ..train.models.model import Model

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Recipe:
    """What a training is made of; `dataclasses.replace` gives one with something changed.

    build        makes the model, compiled and untrained, each time a new one
    train        (x, y) to train on
    validation   (x, y) to be judged by
    epochs, batch_size   as `fit` takes them
    patience     epochs without a better validation loss after which it stops; None: it does not
    class_weight as `fit` takes it
    score        by which a change is judged, of `trials.scores.SCORES`; "": as the target asks for
    """

    build: Callable[[], Model]
    train: Pair
    validation: Pair
    epochs: int = 30
    batch_size: int = 32
    patience: int | None = None
    class_weight: Mapping[Any, float] | str | None = None
    score: str = ""
