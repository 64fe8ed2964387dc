"""Training on a table within a time: epochs planned by the clock, the best of them kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..io.writing import FilePath
from ..typing import Array
from .choice import Choice
from .plan import Plan


@dataclass
class Trained:
    """A trained network, and what came out of its training.

    `network` reads the encoder's arrays. `history` holds numbers by name, one for each epoch;
    `held_out` what the network says of the held-out rows at the epoch that was kept (as `predict`
    does), `residuals` how far off that is (regression, in the target's units, else empty);
    `choices` are what was decided: members, epochs, batch size, what ended the training.
    """

    task: str
    network: Any
    temperature: float = 1.0
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    held_out: Array = field(default_factory=lambda: np.empty(0))
    residuals: Array = field(default_factory=lambda: np.empty(0))
    choices: tuple[Choice, ...] = ()

    def predict(self, arrays: Mapping[str, Array]) -> Array:
        """Calibrated probabilities (rows, classes), or numbers (rows,) in the target's units."""
        raise NotImplementedError

    def pack(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays by name and a description for a saved file (see train/models/saving.py `pack`)."""
        raise NotImplementedError

    @classmethod
    def unpack(
        cls, arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath
    ) -> Trained:
        """What `pack` gave, made again; `path` is for messages."""
        raise NotImplementedError


def train(
    arrays: Mapping[str, Array],
    y: Array,
    held_out: Mapping[str, Array],
    y_held_out: Array,
    *,
    plan: Plan,
    levels: Sequence[int],
    budget: float,
    members: int | None = None,
    seed: int = 0,
    verbose: int = 1,
    weights: Array | None = None,
    on_epoch: Callable[[int, Mapping[str, float]], None] | None = None,
) -> Trained:
    """The default network trained on the encoder's arrays within `budget` seconds.

    `y` and `y_held_out` are class indices or numbers (Encoder.encode_target), `levels` the sizes
    of the categories. The epoch that scores best on the held-out rows is kept. Ctrl-C and the end
    of the time leave the best so far.
    """
    raise NotImplementedError
