"""What was recorded of one tensor, as arrays over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...typing import Array, Shape
from .measure import LEVELS, NAMES, WIDTH


class Distribution:
    """How the numbers of an array lie, at each recorded step.

    steps                  (records,) how many steps had run before
    mean, std, norm        (records,) of all its numbers, in float64
    low, high              (records,) the extremes
    zeros                  (records,) the share of its numbers that are exactly 0
    quantiles              (records, 65) at 0, 1/64, ... 1; of a large array, those of a sample
    """

    def __init__(self, steps: Sequence[int], rows: Sequence[Array]) -> None:
        self._table = table = np.array(rows, np.float64).reshape(len(rows), WIDTH)
        self.steps = np.array(steps, np.int64)
        self.mean, self.std, self.norm, self.zeros = table[:, : len(NAMES)].T
        self.quantiles: Array = table[:, len(NAMES) :]
        self.low: Array = self.quantiles[:, 0]
        self.high: Array = self.quantiles[:, -1]

    def __len__(self) -> int:
        return len(self.steps)

    def at(self, record: int) -> Distribution:
        """One record alone."""
        return Distribution([int(self.steps[record])], [self._table[record]])

    def quantile(self, share: float) -> Array:
        """(records,) the number below which this share lies.

        >>> from .measure import measure
        >>> found = Distribution([0], [measure(np.arange(101.0))])
        >>> found.quantile(0.5), found.quantile(0.25)
        (array([50.]), array([25.]))
        """
        at = share * (LEVELS - 1)
        low = min(int(at), LEVELS - 2)
        left, right = self.quantiles[:, low], self.quantiles[:, low + 1]
        return np.asarray(left + (at - low) * (right - left))

    def histogram(self, bins: int | Sequence[float] | Array = 40) -> tuple[Array, Array]:
        """(shares, edges): which share of the numbers lies between each two edges.

        shares is (records, bins). With a number of bins they lie evenly between the lowest and the
        highest number of all records, so that all records have the same.
        """
        if isinstance(bins, int):
            seen = self.quantiles[np.isfinite(self.quantiles)]
            low, high = (seen.min(), seen.max()) if seen.size else (0.0, 1.0)
            edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
        else:
            edges = np.asarray(bins, np.float64)
        levels = np.linspace(0.0, 1.0, LEVELS)
        below = np.array([_below(edges, q, levels) for q in self.quantiles])
        below = below.reshape(len(self), len(edges))
        return np.diff(below, axis=1), edges


def _below(edges: Array, quantiles: Array, levels: Array) -> Array:
    """The share of the numbers at or below each edge; the first edge has none below it."""
    if not np.isfinite(quantiles).all():
        return np.zeros(len(edges))
    # Equal quantiles stand for numbers that are all the same: they lie at or below it together.
    last = np.append(quantiles[1:] != quantiles[:-1], True)
    shares = np.interp(edges, quantiles[last], levels[last], left=0.0, right=1.0)
    first = edges[0] <= quantiles[0]
    shares[0] = 0.0 if first else shares[0]
    return np.asarray(shares)


@dataclass(frozen=True)
class ParameterSeries:
    """A parameter over time: its numbers, its gradient and how far each recorded step moved it.

    weight     its numbers before each recorded step
    gradient   that of the loss of the step's batch, before clipping and decay; empty if it has none
    update     (records,) the norm of the change that the step has made
    ratio      (records,) that norm over the norm of the weight; about 0.001 is usual
    """

    name: str
    shape: Shape
    weight: Distribution
    gradient: Distribution
    update: Array

    @property
    def steps(self) -> Array:
        """(records,) how many steps had run before."""
        return self.weight.steps

    @property
    def ratio(self) -> Array:
        """(records,) norm of the update over norm of the weight; NaN where the weight is all 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(
                np.where(self.weight.norm > 0, self.update / self.weight.norm, np.nan)
            )

    def __repr__(self) -> str:
        return f"<parameter {self.name} {list(self.shape)}: {len(self.steps)} records>"


@dataclass(frozen=True)
class OutputSeries:
    """The output of a layer over time, for the first rows of each recorded batch.

    values     its numbers; `values.zeros` is the share that is exactly 0
    dead       (records,) the share of its units (last axis) that are 0 for all these rows
    """

    name: str
    shape: Shape
    values: Distribution
    dead: Array

    @property
    def steps(self) -> Array:
        """(records,) how many steps had run before."""
        return self.values.steps

    def __repr__(self) -> str:
        return f"<output of {self.name} {list(self.shape)}: {len(self.steps)} records>"
