"""Rows that networks of a training hold out, and what they are good for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...base.message import Message
from ...typing import Array
from ..scores import scores

_SHARES = 20  # steps from none to all


@dataclass(frozen=True)
class HeldOut:
    """Rows that a network learned from, those that it held out, and what it says of the latter."""

    rows: Array
    held: Array
    out: Array


def best_share(task: str, y: Array, out: Array, other: Array) -> tuple[float, str]:
    """The weight of `other`, 0 to 1, in the mean that suits the rows best; the three errors.

    Everything is held-out predictions: probabilities (rows, classes), or numbers (rows,).

    >>> y = np.array([1.0, 2.0, 3.0])
    >>> best_share("regression", y, y - 0.1, y + 0.3)  # doctest: +ELLIPSIS
    (0.25, 'held-out rmse 0.1 and 0.3, together ...')
    """
    what = "rmse" if task == "regression" else "log_loss"
    shares = np.linspace(0, 1, _SHARES + 1)
    errors = [scores(task, y, (1 - w) * out + w * other)[what] for w in shares]
    best = int(np.argmin(errors))
    first, last, together = (f"{errors[i]:.5g}" for i in (0, -1, best))
    return float(shares[best]), Message(
        "held-out {score} {first} and {other}, together {both}",
        score=what, first=first, other=last, both=together,
    )  # fmt: skip


def further_parts(y: Array, count: int, classes: bool, seed: int) -> list[Array]:
    """The row numbers in `count` parts of about the same size; classes have their share in each.

    >>> parts = further_parts(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 4, True, seed=0)
    >>> sorted(np.concatenate(parts).tolist()), [len(p) for p in parts]
    ([0, 1, 2, 3, 4, 5, 6, 7], [2, 2, 2, 2])
    """
    order = np.random.default_rng(seed).permutation(len(y))
    if classes:
        order = order[np.argsort(y[order], kind="stable")]
    return [np.sort(order[i::count]) for i in range(count)]
