"""Exact Shapley values: all coalitions of the features in which the rows differ."""

from __future__ import annotations

import math

import numpy as np

from ...typing import Array
from .coalitions import Game


def exact(game: Game) -> Array:
    """The Shapley values of the features, (features, outputs).

        phi_i = sum over S without i of |S|! (d - |S| - 1)! / d! (v(S + i) - v(S))

    The value is the mean of those against each background row, and against one row only the d
    features in which the two differ play: 2**d evaluations, not 2**features.
    """
    patterns, which = np.unique(game.differing, axis=0, return_inverse=True)
    values = np.zeros((game.features, len(game.columns)))
    for i, pattern in enumerate(patterns):
        rows = np.flatnonzero(which.reshape(-1) == i)
        players = np.flatnonzero(pattern)
        if len(players):
            worth = _worth(game, players, rows)
            values[players] += shapley(worth) * (len(rows) / len(game.background))
    return values


def _worth(game: Game, players: Array, rows: Array) -> Array:
    """The mean worth of each coalition of the players, (2**players, outputs), over these rows."""
    count = 2 ** len(players)
    total = np.zeros((count, len(game.columns)))
    codes = np.arange(count)
    masks = np.ones((count, game.features), np.bool_)
    masks[:, players] = (codes[:, None] >> np.arange(len(players))) & 1
    empty, full = game.ends
    total[0], total[-1] = empty[rows].sum(axis=0), full * len(rows)
    if count > 2:
        total[1:-1] = game.summed(masks[1:-1], rows)
    return total / len(rows)


def shapley(worth: Array) -> Array:
    """Shapley values of a game: `worth` (2**d, outputs), player i in those whose bit i is set.

    >>> shapley(np.array([[0.0], [1.0], [3.0], [6.0]])).ravel()  # 1, 3, and 2 for both together
    array([2., 4.])
    """
    players = int(math.log2(len(worth)))
    codes = np.arange(len(worth) // 2)  # of the coalitions of the other players
    sizes = sum(((codes >> i) & 1 for i in range(players - 1)), np.zeros_like(codes))
    weight = np.array([1 / (players * math.comb(players - 1, n)) for n in range(players)])[sizes]
    values = np.empty((players, worth.shape[1]))
    for i in range(players):
        without, with_i = np.moveaxis(worth.reshape(-1, 2, 2**i, worth.shape[1]), 1, 0)
        # NOTE: no product of BLAS, whose threads wait for each other on a busy machine.
        added = (with_i - without).reshape(len(codes), -1)
        values[i] = (weight[:, None] * added).sum(axis=0)
    return values
