"""One temperature for probabilities, measured on held-out rows."""

from __future__ import annotations

import numpy as np

from ...typing import Array
from ..scores import log_losses

LEAST_ROWS = 200  # fewer say nothing about it
_LEAST = 1e-30


def tempered(out: Array, temperature: float) -> Array:
    """Probabilities (rows, classes) whose logarithms are divided by `temperature`.

    Above 1 they become softer, below 1 harder.

    >>> tempered(np.array([[0.2, 0.8]]), 0.5).round(3).tolist()
    [[0.059, 0.941]]
    """
    if temperature == 1.0:
        return out
    logits = np.log(np.maximum(out, _LEAST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    soft: Array = powers / powers.sum(axis=1, keepdims=True)
    return soft


def best_temperature(out: Array, y: Array) -> float:
    """The temperature of least log-loss on these rows (Guo et al. 2017); 1 where they are few."""
    if len(y) < LEAST_ROWS:
        return 1.0
    w = np.full(len(y), 1 / len(y))
    choices = np.geomspace(0.25, 4.0, 113)
    losses = [w @ log_losses(y, tempered(out, float(t))) for t in choices]
    return float(choices[int(np.argmin(losses))])
