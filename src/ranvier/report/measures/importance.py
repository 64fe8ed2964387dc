"""Permutation importance of the raw columns of a table, for a report.

The work is done by `ranvier.attribution`; here are the rows of a frame that it shuffles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...attribution.importance import eighths, explained_share, measured
from ...typing import Array
from ..profile import numbers
from ..results import Importance

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Importances:
    """The columns, most important first; from how many rows and repeats; columns left out."""

    columns: tuple[Importance, ...]
    rows: int
    repeats: int
    left_out: int = 0


def permutation_importance(
    predict: Callable[[polars.DataFrame], Array],
    loss: Callable[[Array, Array], float],
    frame: polars.DataFrame,
    truth: Array,
    columns: Sequence[str],
    *,
    seconds: float = 5.0,
    seed: int = 0,
) -> Importances:
    """How much the loss grows when each of the columns is shuffled, within about `seconds`.

    `predict` takes raw rows, `loss(truth, predicted)` gives a number of which less is better.
    """
    made = measured(_Frame(predict, frame), loss, truth, columns, seconds=seconds, seed=seed)
    ranked = zip(made.features, made.means, made.deviations, strict=True)
    return Importances(
        tuple(Importance(name, float(mean), float(spread)) for name, mean, spread in ranked),
        made.rows,
        made.repeats,
        made.left_out,
    )


@dataclass(frozen=True)
class _Frame:
    """Raw rows, and a model that reads them."""

    ask: Callable[[polars.DataFrame], Array]
    frame: polars.DataFrame

    @property
    def width(self) -> int:
        """How many columns the frame has."""
        return self.frame.width

    def __len__(self) -> int:
        return self.frame.height

    def take(self, rows: Array) -> _Frame:
        """Some of the rows."""
        return _Frame(self.ask, self.frame[rows])

    def predict(self) -> Array:
        """What the model says of the rows."""
        return self.ask(self.frame)

    def predict_shuffled(self, columns: Sequence[str], random: np.random.Generator) -> Array:
        """What it says of a copy of the rows for each of the columns, which is shuffled in it."""
        import polars as pl

        copies = [
            self.frame.with_columns(self.frame[name][random.permutation(len(self))].alias(name))
            for name in columns
        ]
        return self.ask(pl.concat(copies))

    def explained(self, column: str, answer: Array) -> float:
        """The share of the variance of `answer` between groups of like values of a column."""
        series = self.frame[column]
        values = numbers(series)
        if values is not None and len(values) == len(answer):
            return explained_share(eighths(values), answer)
        import polars as pl

        text = series.cast(pl.String, strict=False).fill_null("")
        codes = text.rank("dense").to_numpy().astype(np.int64)
        if codes.max() > len(codes) // 3:  # an identifier or free text explains nothing by itself
            return 0.0
        return explained_share(codes, answer)
