"""Rows and shuffled batches for models that learn by a step of their own instead of
`Model.fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import random
from ..data.named_columns import ColumnNames
from ..optim.optimizer import Optimizer
from ..tensors.tensor import Tensor
from ..train.intake.rows import inputs
from ..train.steps.step_functions import gradients
from ..typing import Array, DataLike


def as_rows(x: DataLike, names: ColumnNames | None = None, learn: bool = False) -> Array:
    """x as float32 rows of finite numbers; those of a table with the columns of `names`.

    With `learn`, the names of a first table are kept.
    """
    rows = inputs(x if names is None else names.arrange(x)).astype(np.float32, copy=False)
    if names is not None and learn:
        names.arrange(x, learn=True)
    return rows


def descend(rule: Optimizer, loss: Tensor, parameters: Sequence[Tensor]) -> None:
    """One step of the optimizer `rule` down the gradient of a loss."""
    rule.apply(zip(parameters, gradients(loss, parameters), strict=True))


def epochs(step: Callable[..., Any], x: Array, batch_size: int, count: int) -> Iterator[Any]:
    """Call `step(batch)` over the shuffled rows of x `count` times over; yields the mean result of
    each epoch.

    The last batch is filled up with rows of the first, so that a compiled step is traced once.
    """
    batch_size = min(batch_size, len(x))
    for _ in range(count):
        order = random.permutation(len(x)).numpy()
        order = np.resize(order, -(-len(x) // batch_size) * batch_size)
        results = [step(x[rows]) for rows in order.reshape(-1, batch_size)]
        yield np.mean([np.asarray(r) for r in results], axis=0)
