"""What a task keeps of its test for a report; no file holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..typing import Array


@dataclass(frozen=True)
class ClassTest:
    """Rows of pictures or texts that were tested, with their probabilities (rows, classes).

    `codes` are the indices of the true classes, `known` those of the rows that were trained on.
    `names` say which rows these are: files, or the texts themselves. `pixels` (rows, height, width,
    channels) are there of pictures; `ask` gives probabilities of other texts.
    """

    source: str
    target: str
    codes: Array
    known: Array
    output: Array
    names: Sequence[str]
    seconds: float
    numbers: Array
    pixels: Array | None = None
    ask: Callable[[list[str]], Array] | None = None


@dataclass(frozen=True)
class SeriesTest:
    """Windows of a series that were tested: x (n, length), y and what was foretold (n, horizon).

    `seasonal` is the forecast that repeats the last season of `season` points; `errors`
    (m, horizon) are those on the windows that chose the weights. `trained` windows were learned
    from.
    """

    column: str
    x: Array
    y: Array
    output: Array
    seasonal: Array
    errors: Array
    trained: int
    season: int
    seconds: float
