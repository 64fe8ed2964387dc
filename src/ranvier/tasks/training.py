"""Training within a time: rounds by the clock, the best weights kept.

A round is a few batches of rows, drawn in a new order each time all rows have been seen. After each
round the clock says how far the training is; the learning rate follows that, and not a number of
epochs that somebody would have to know beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, pi

import numpy as np

from ..base.message import Message
from ..tables.choice import Choice
from ..train.models.model import Model
from ..typing import Array

_FLAT = 0.3  # the share of the time before the learning rate falls
_LAST_RATE = 0.01  # of the highest
_ROUND_SECONDS = 0.5
_LOOKS = 20  # at the held-out rows
RESERVE = 0.06  # of the time, for the last look and for saving

_ENDS = {
    "time": Message("ended by time"),
    "patience": Message("ended by patience"),
    "epochs": Message("ended by epochs"),
    "Ctrl-C": Message("ended by Ctrl-C"),
}

Score = Callable[[], float]  # of the rows held out; higher is better


@dataclass
class Run:
    """What came of a training: `scores` at each look, `best` among them and the epochs it took,
    `epochs` and `seconds` of all.
    """

    scores: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    best: float = float("-inf")
    best_epochs: float = 0.0
    epochs: float = 0.0
    seconds: float = 0.0
    ended_by: str = "time"

    def choice(self) -> Choice:
        """How long it took and why it ended."""
        epochs = Message("{count} epochs", count=f"{self.epochs:.1f}")
        return Choice("training", epochs, _ENDS[self.ended_by], "--budget")


def rate_at(progress: float, highest: float) -> float:
    """The learning rate at this share of the training: flat, then half a cosine.

    >>> rate_at(0.0, 0.1), round(rate_at(0.65, 0.1), 4), rate_at(1.0, 0.1)
    (0.1, 0.0505, 0.001)
    """
    falling = max(0.0, min(1.0, (progress - _FLAT) / (1 - _FLAT)))
    share = _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + cos(pi * falling))
    return highest * share


def train_within(
    model: Model,
    x: Array,
    y: Array,
    score: Score | None,
    *,
    seconds: float,
    started: float | None = None,
    rate: float = 0.001,
    batch_size: int = 64,
    most_epochs: float = 200.0,
    patience: int = 8,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> Run:
    """Train a compiled model for so many seconds; it ends with its best weights by `score`, those
    that it begins with among them, or, without a score, with its last.

    `started` is when the time began (`time.monotonic()`); reading and compiling count. It ends
    early after `most_epochs`, or when `patience` looks in the falling part brought nothing better.
    """
    began = time.monotonic() if started is None else started
    run, best = Run(), model.get_weights()
    if score is not None:
        run.best = score()
    batch_size = min(batch_size, len(x))
    batches = 2
    order = _Order(len(x), seed)
    looks, without, progress = 0, 0, 0.0
    try:
        while progress < 1.0 and without < patience:
            rows = order.take(batches * batch_size)
            model.optimizer.learning_rate = rate_at(progress, rate)
            at = time.monotonic()
            losses = model.fit(x[rows], y[rows], batch_size, verbose=0, shuffle=False).history
            now = time.monotonic()
            run.losses.append(losses["loss"][-1])
            run.epochs += len(rows) / len(x)
            batches = _next_round(batches, now - at, len(x) // batch_size + 1)
            left = seconds * (1 - RESERVE)
            progress = max((now - began) / left, run.epochs / most_epochs)
            if score is not None and (progress * _LOOKS >= looks + 1 or progress >= 1.0):
                looks = int(progress * _LOOKS)
                run.scores.append(score())
                if run.scores[-1] > run.best:
                    run.best, best, without = run.scores[-1], model.get_weights(), 0
                    run.best_epochs = run.epochs
                elif progress > 0.5:
                    without += 1
                if say is not None:
                    say(f"epoch {run.epochs:.1f}  loss {run.losses[-1]:.4f}  {run.scores[-1]:.4f}")
        run.ended_by = "patience" if progress < 1.0 else "time"
        if run.epochs >= most_epochs:
            run.ended_by = "epochs"
    except KeyboardInterrupt:
        run.ended_by = "Ctrl-C"
    if run.scores:
        model.set_weights(best)
    run.seconds = time.monotonic() - began
    return run


def _next_round(batches: int, seconds: float, most: int) -> int:
    """How many batches the next round has: about half a second, and at most an epoch."""
    wanted = int(batches * _ROUND_SECONDS / max(seconds, 1e-6))
    return max(1, min(wanted, batches * 4, most))


class _Order:
    """The rows in an endless random order: each once before one comes again."""

    def __init__(self, rows: int, seed: int) -> None:
        self._random, self._rows = np.random.default_rng(seed), rows
        self._left: Array = np.empty(0, np.int64)

    def take(self, count: int) -> Array:
        """The next rows, at most those that are left of this epoch."""
        if not len(self._left):
            self._left = self._random.permutation(self._rows)
        chosen, self._left = self._left[:count], self._left[count:]
        return chosen
