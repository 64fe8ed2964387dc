"""Permutation importance (Breiman 2001; Fisher et al. 2019) of the raw columns of a table.

A column is shuffled among the rows and the model asked again: what the score loses is what the
model took from that column. Nothing is trained again, and the model may be anything that predicts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...typing import Array
from ..profile import numbers
from ..results import Importance

if TYPE_CHECKING:
    import polars

_MOST_COLUMNS = 100  # that are shuffled, those that go with the predictions first
_LEAST_ROWS, _MOST_ROWS = 200, 2000
_CELLS = 60_000  # rows x columns in a round of shuffling
_ROWS_TOGETHER = 10_000  # of shuffled copies that are predicted in one go
_MOST_REPEATS = 5


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
    """How much the loss grows when each of the columns is shuffled.

    `predict` takes raw rows, `loss(truth, predicted)` gives a number of which less is better.
    Columns are shuffled in the order in which they explain the predictions one by one. Rounds
    follow each other as long as `seconds` last. Where even the first one would take longer, fewer
    rows are shuffled, and what twice that time is not enough for is left out. Several shuffled
    copies of the rows are predicted in one go.
    """
    random = np.random.default_rng(seed)
    rows = int(np.clip(_CELLS // max(len(columns), 1), _LEAST_ROWS, _MOST_ROWS))
    if len(frame) > rows:
        kept = random.choice(len(frame), rows, replace=False)
        frame, truth = frame[kept], truth[kept]
    began = time.perf_counter()
    output = predict(frame)
    chosen = _screened(frame, output, columns)
    needed = (time.perf_counter() - began) * len(chosen)  # for the first round
    if needed > seconds and len(frame) > _LEAST_ROWS:
        rows = max(int(len(frame) * seconds / needed), _LEAST_ROWS)
        frame, truth, output = frame.head(rows), truth[:rows], output[:rows]
    base = loss(truth, output)
    first = _round(predict, loss, frame, truth, chosen, random, began + 2 * seconds)
    chosen = chosen[: len(first)]
    losses = [first]
    while (
        len(losses) < _MOST_REPEATS
        and (time.perf_counter() - began) * (1 + 1 / len(losses)) < seconds
    ):
        losses.append(_round(predict, loss, frame, truth, chosen, random, math.inf))
    grown = np.array(losses).reshape(len(losses), len(chosen)) - base
    mean, spread = grown.mean(axis=0), grown.std(axis=0)
    order = np.argsort(-mean, kind="stable")
    return Importances(
        tuple(Importance(chosen[i], float(mean[i]), float(spread[i])) for i in order),
        len(frame),
        len(losses),
        len(columns) - len(chosen),
    )


def _round(
    predict: Callable[[polars.DataFrame], Array],
    loss: Callable[[Array, Array], float],
    frame: polars.DataFrame,
    truth: Array,
    columns: Sequence[str],
    random: np.random.Generator,
    end: float,
) -> list[float]:
    """The loss with each column shuffled once; shorter where the clock passed `end`."""
    import polars as pl

    together = max(1, _ROWS_TOGETHER // max(len(frame) * max(frame.width // 20, 1), 1))
    losses = []
    for first in range(0, len(columns), together):
        block = columns[first : first + together]
        copies = [
            frame.with_columns(frame[name][random.permutation(len(frame))].alias(name))
            for name in block
        ]
        output = predict(pl.concat(copies))
        losses += [loss(truth, part) for part in np.split(output, len(block))]
        if time.perf_counter() > end:
            break
    return losses


def _screened(frame: polars.DataFrame, output: Array, columns: Sequence[str]) -> list[str]:
    """The columns that explain most of the predictions one by one, the best first."""
    answer = output[:, -1] if output.ndim == 2 else output
    shares = [_explained(frame[name], answer) for name in columns]
    order = np.argsort(-np.array(shares), kind="stable")[:_MOST_COLUMNS]
    return [columns[i] for i in order]


def _explained(series: polars.Series, answer: Array) -> float:
    """The share of the variance of the predictions between groups of like values."""
    values = numbers(series)
    if values is not None and len(values) == len(answer):
        edges = np.unique(np.quantile(values, np.linspace(0, 1, 9)[1:-1]))
        codes = np.searchsorted(edges, values, "right")
    else:
        import polars as pl

        codes = (
            series.cast(pl.String, strict=False)
            .fill_null("")
            .rank("dense")
            .to_numpy()
            .astype(np.int64)
        )
        if codes.max() > len(codes) // 3:  # an identifier or free text explains nothing by itself
            return 0.0
    count = np.maximum(np.bincount(codes), 1)
    means = np.bincount(codes, answer - answer.mean()) / count
    total = float(((answer - answer.mean()) ** 2).sum())
    return float((np.bincount(codes) * means**2).sum()) / total if total else 0.0
