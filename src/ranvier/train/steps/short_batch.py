"""The last, short batch: filled up with other rows, or compiled for its own number of rows.

A step is compiled for one size of batch. Rows that fill up a short one cost no second graph, but
they must be seen by nobody. Whether they are, the step's own graph says, traced once for any number
of rows (ops/rows):

    x - mean(x, axis=1)     goes row by row: filled up
    BatchNormalization      looks across rows, and counts those that are real: filled up
    x - mean(x, axis=0)     mixes rows: the short batch gets a step of its own
    len(x), in Python       needs the number while it is traced, so nothing is known: the same
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...graph.batch_plan import BatchRows
from ...graph.sizes import ROWS
from ...ops.rows import RowFlow
from ...tracing.trace import trace
from ...typing import Array, DType, Shape

if TYPE_CHECKING:
    from .step import Step

MAX_SIZES = 8  # of short batches that a step keeps steps for
NO_COUNT = np.zeros((), np.float32)  # stands where the number of real rows is put


def can_be_filled(
    function: Callable[..., Any], specs: Sequence[tuple[Shape, DType]], names: Sequence[str]
) -> bool:
    """Whether rows that fill up a batch of `function` are seen by nobody.

    All arguments hold rows, but for a last one called "count". What a function without it returns
    must go row by row; of any function nothing outside may be changed by those rows.
    """
    counted = names[-1] == "count"
    any_rows = [((ROWS, *shape[1:]) if shape else shape, dtype) for shape, dtype in specs]
    try:
        graph = trace(function, any_rows, names)[0].graph
    except Exception:  # NOTE: the user's code runs here too, and may ask for the number
        return False
    *streams, last = graph.inputs[: len(specs)]
    flow = RowFlow(graph, streams if counted else [*streams, last], last if counted else None)
    seen = flow.is_known if counted else flow.by_row
    return all(map(seen, graph.outputs)) and all(map(flow.unmoved, graph.updates.values()))


def run_to_the_row(
    step: Step,
    rows: Sequence[Array],
    order: Array,
    first: int,
    last: int,
    sums: Array | None,
    log: Array | None,
    state: Sequence[Array],
    keep: Callable[[Sequence[Array]], None] | None,
) -> None:
    """`step.run_batches`, with the short batch of each epoch as a step of its own."""
    total = len(rows[0])
    per_epoch = -(-total // step.batch)
    short = step.for_rows(total % step.batch)
    own = step.state_for(short, state)
    streams = dict(enumerate(rows))
    while first < last:
        epoch = first // per_epoch
        end = (epoch + 1) * per_epoch - 1  # the short batch
        if first < end:
            step.run_filled(rows, order, first, min(end, last), None, None, state, keep)
        if end < last:
            batch = BatchRows(step.plan, order, end, total, filled=False)
            with batch.named():
                outputs = short.executable.run(batch.arguments([*rows, NO_COUNT, *own], streams))
            if keep is not None:
                keep(outputs)
            if log is not None and sums is not None:
                log[epoch] = sums
                sums[...] = 0
        first = end + 1
