"""How a graph is run over batches of rows."""

from __future__ import annotations

from typing import NamedTuple


class BatchPlan(NamedTuple):
    """Which inputs of a graph `run_batches` fills.

    `streams` are the numbers of the inputs that hold rows, `batch` is how many rows each of them
    holds, and `count_input` the number of the float32 input that says how many of them are real
    (-1: there is none).
    """

    streams: tuple[int, ...] = ()
    batch: int = 0
    count_input: int = -1


ONCE = BatchPlan()  # run on whole arrays only
