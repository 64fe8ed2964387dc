"""Numbers with confidence intervals: rows drawn with replacement (Efron 1979)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...tables.scores import Score
from ...typing import Array

_MAX_ELEMENTS = 200_000  # of a block of weights, which stays in the cache
_MAX_ROWS = 20_000  # that are drawn from; of more a part, whose spread is scaled
_MOST_DRAWS = 1000
_LEAST_DRAWS = 200
_DRAWN_ROWS = 2_000_000  # in all draws together


@dataclass(frozen=True)
class Estimate:
    """A number and its confidence interval; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Bootstrap:
    """Draws of rows with replacement, the same for everything that is measured.

    >>> from ranvier.tables.scores import mean_of
    >>> draws = Bootstrap(100, seed=0)
    >>> right = np.arange(100) < 80
    >>> draws.interval(*draws.measure(lambda rows: {"accuracy": mean_of(right[rows])})["accuracy"])
    Estimate(value=0.8, low=0.72, high=0.87)
    """

    def __init__(self, rows: int, seed: int = 0, level: float = 0.95) -> None:
        random = np.random.default_rng(seed)
        self.rows, self.level = rows, level
        self.part: Array | slice = slice(None)
        self.drawn_rows = min(rows, _MAX_ROWS)
        if rows > _MAX_ROWS:
            self.part = np.sort(random.choice(rows, _MAX_ROWS, replace=False))
        wanted = _DRAWN_ROWS // max(self.drawn_rows, 1)
        self.draws = int(np.clip(wanted, _LEAST_DRAWS, _MOST_DRAWS))
        self._seed = int(random.integers(2**32))

    def measure(
        self, scores_of: Callable[[Array | slice], Mapping[str, Score]]
    ) -> dict[str, tuple[float, Array]]:
        """For each score its value and its values on the draws, NaN where it has none.

        `scores_of` gives the scores of some of the rows.
        """
        one = np.ones(self.rows)
        values = {name: float(score(one)) for name, score in scores_of(slice(None)).items()}
        drawn: dict[str, list[Array]] = {name: [] for name in values}
        scores = scores_of(self.part)
        for weights in self._weights():
            for name, score in scores.items():
                drawn[name].append(score(weights))
        return {name: (values[name], np.concatenate(drawn[name])) for name in values}

    def _weights(self) -> Iterator[Array]:
        """Blocks (draws, rows) of how often each row was drawn."""
        random = np.random.default_rng(self._seed)
        size = self.drawn_rows
        block = max(1, _MAX_ELEMENTS // max(size, 1))
        for first in range(0, self.draws, block):
            weights = np.empty((min(block, self.draws - first), size))
            for row in weights:
                row[:] = np.bincount(random.integers(0, size, size), minlength=size)
            yield weights

    def interval(self, value: float, drawn: Array) -> Estimate:
        """The percentile interval of a distribution."""
        drawn = drawn[np.isfinite(drawn)]
        if not math.isfinite(value):
            return Estimate(None)
        if self.rows < 2 or len(drawn) < self.draws / 2:
            return Estimate(value)
        if self.drawn_rows < self.rows:  # fewer rows drawn than there are: they spread wider
            drawn = value + (drawn - drawn.mean()) * math.sqrt(self.drawn_rows / self.rows)
        low, high = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2])
        return Estimate(value, float(low), float(high))
