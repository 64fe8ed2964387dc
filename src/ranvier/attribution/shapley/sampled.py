"""Sampled Shapley values with their standard errors: paired permutations, kernel regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...typing import Array
from .coalitions import Game

_LEAST_ROUNDS, _MOST_ROUNDS = 2, 32
_LEAST_PAIRS, _PAIRS = 64, 1024  # of coalitions of the kernel regression

# Contributions are skewed, which makes ranges from their spread hold somewhat less often than they
# say; so much wider, they hold at least as often.
_WIDER = 1.1


@dataclass(frozen=True)
class Sampled:
    """Values and standard errors, (features, outputs), and the errors' degrees of freedom."""

    values: Array
    errors: Array
    freedom: int


def permutations(game: Game, rounds: int | None, random: np.random.Generator) -> Sampled:
    """Marginal contributions along random orders, each with its reverse (Castro et al. 2009;
    Mitchell et al. 2022).

    In a round every background row gets an order of its own, so that the values sum exactly to
    the output less the mean of the background. The errors come from the spread between rounds
    within each background row, the only thing that is random.
    """
    rows, features = len(game.background), game.features
    if rounds is None:
        cost = rows * 2 * max(features - 1, 1)
        budget = game.subject.evaluations // 8
        rounds = int(np.clip(budget // cost, _LEAST_ROUNDS, _MOST_ROUNDS))
    samples = np.stack([_round(game, random) for _ in range(max(rounds, 1))])
    values = samples.mean(axis=(0, 1))
    if rounds < 2:
        return Sampled(values, np.full(values.shape, np.nan), 1)
    spread = samples.var(axis=0, ddof=1)  # (rows, features, outputs)
    errors = _WIDER * np.sqrt(spread.sum(axis=0) / rounds) / rows
    # Welch and Satterthwaite: the freedom of a sum of variances that differ.
    powers = (spread**2).sum(axis=0) / (rounds - 1)
    freedom = spread.sum(axis=0) ** 2 / np.where(powers > 0, powers, np.inf)
    some = freedom[errors > 1e-9 * np.abs(values).max(initial=0)]
    return Sampled(values, errors, max(int(some.min()) if len(some) else rows * (rounds - 1), 1))


def _round(game: Game, random: np.random.Generator) -> Array:
    """Contributions against every background row, (rows, features, outputs)."""
    rows, features = len(game.background), game.features
    order = random.permuted(np.tile(np.arange(features), (rows, 1)), axis=1)
    position = np.argsort(order, axis=1)
    cuts = np.arange(1, features)
    first = position[:, None, :] < cuts[:, None]  # (rows, cuts, features): the first of an order
    masks = np.concatenate([first, ~first], axis=1).reshape(-1, features)
    empty, full = game.ends
    out = np.empty((rows, 0, len(game.columns)))
    if features > 1:
        out = game.at(masks, np.repeat(np.arange(rows), 2 * len(cuts))).reshape(
            rows, -1, len(game.columns)
        )
    ends = empty[:, None], np.broadcast_to(full, (rows, 1, len(full)))
    forward = np.concatenate([ends[0], out[:, : len(cuts)], ends[1]], axis=1)
    backward = np.concatenate([ends[1], out[:, len(cuts) :], ends[0]], axis=1)
    steps = (np.diff(forward, axis=1) - np.diff(backward, axis=1)) / 2  # by position in the order
    return np.take_along_axis(steps, position[:, :, None], axis=1)


def kernel(game: Game, pairs: int | None, random: np.random.Generator) -> Sampled:
    """Kernel regression over sampled coalitions and their complements (Lundberg and Lee 2017), in
    the unbiased form of Covert and Lee 2021: what is sampled enters linearly, so its spread is
    the error.

    A linear model is fitted to each half of the coalitions, and what the other half still leaves
    to explain is what is regressed: where the model is about linear, there is little of it.
    """
    features = game.features
    if pairs is None:
        budget = game.subject.evaluations // 8
        pairs = int(np.clip(budget // (2 * len(game.background)), _LEAST_PAIRS, _PAIRS))
    pairs = max(pairs, 4 * features)
    empty, full = game.ends
    start, change = empty.mean(axis=0), full - empty.mean(axis=0)
    if features == 1:
        return Sampled(change[None], np.zeros((1, len(change))), 1)
    masks, probability = _coalitions(features, pairs, random)
    rows = np.arange(len(game.background))
    both = game.summed(np.concatenate([masks, ~masks]), rows) / len(rows) - start
    worth, other = both[:pairs], both[pairs:]
    inverse = np.linalg.inv(_second_moments(features, probability))
    halves = np.arange(pairs) % 2
    parts = []
    for half in (0, 1):
        mine, theirs = halves == half, halves != half
        z = np.concatenate([masks[theirs], ~masks[theirs]]).astype(np.float64)
        slope = _constrained(z, np.concatenate([worth[theirs], other[theirs]]), change)
        parts.append(_regressed(masks[mine], worth[mine], other[mine], slope, inverse))
    values = (parts[0][0] + parts[1][0]) / 2
    # The slopes were fitted to half of the pairs: what they took of their freedom is not there.
    freedom = pairs - 2 * features
    errors = _WIDER * np.sqrt((parts[0][1] + parts[1][1]) * pairs / freedom) / 2
    return Sampled(values, errors, freedom)


def _coalitions(features: int, pairs: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Coalitions drawn by the kernel, and the probability of each size from 1 to features - 1."""
    sizes = np.arange(1, features)
    probability = 1 / (sizes * (features - sizes))
    probability /= probability.sum()
    drawn = random.choice(sizes, size=pairs, p=probability)
    position = np.argsort(random.random((pairs, features)), axis=1)
    return position < drawn[:, None], probability


def _second_moments(features: int, probability: Array) -> Array:
    """The mean of z z' over coalitions as 0 and 1."""
    sizes = np.arange(1, features)
    together = float(probability @ (sizes * (sizes - 1))) / (features * (features - 1))
    return np.full((features, features), together) + np.eye(features) * (0.5 - together)


def _constrained(z: Array, worth: Array, change: Array) -> Array:
    """The slopes of the linear model that fits best, those that sum to `change`."""
    last = z[:, -1:]
    slopes = np.linalg.lstsq(z[:, :-1] - last, worth - last * change, rcond=None)[0]
    return np.concatenate([slopes, change - slopes.sum(axis=0, keepdims=True)])


def _regressed(
    masks: Array, worth: Array, other: Array, slope: Array, inverse: Array
) -> tuple[Array, Array]:
    """Shapley values from one half of the coalitions, and their variances."""
    z = masks.astype(np.float64)
    left, left_other = worth - z @ slope, other - (1 - z) @ slope
    # (pairs, features, outputs): what each pair adds to the right side of the normal equations
    right = (z[:, :, None] * left[:, None] + (1 - z)[:, :, None] * left_other[:, None]) / 2
    solved = np.einsum("ij,njo->nio", inverse, right)
    solved -= solved.mean(axis=1, keepdims=True)  # the sum is known: nothing is left to explain
    return slope + solved.mean(axis=0), solved.var(axis=0, ddof=1) / len(masks)
