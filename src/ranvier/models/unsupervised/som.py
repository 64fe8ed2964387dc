"""The self-organizing map: a sheet of nodes that stretches itself over the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.missing import Spelled, spelled
from ...data.named_columns import ColumnNames
from ...ops.contraction import matmul
from ...ops.elementwise import exp, maximum, sqrt
from ...ops.gather import take
from ...ops.reduce import argmin, mean, min, sum
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile
from ...typing import Array, DataLike
from ..batches import as_rows, epochs
from .clustering import squared_distances


class SelfOrganizingMap(Spelled):
    """Kohonen 1982: `rows` x `columns` nodes, each with a position on the sheet and a vector w.

    For each row x the node with the nearest vector wins, and with it move its neighbours on the
    sheet at distance d: `w <- w + a h (x - w)`, `h = exp(-d^2 / (2 s^2))`. Rate a and reach s fall
    from their first to their last value during training. A batch moves each node to the mean of
    its rows weighted by h (Kohonen's batch map), taken `a` of the way.

    >>> import ranvier
    >>> ranvier.seed(0)
    >>> x, _ = ranvier.data.load_iris(split=False)
    >>> SelfOrganizingMap(4, 3).fit(x, count=5).winners(x).shape
    (150,)
    """

    def __init__(self, rows: int = 10, columns: int = 10) -> None:
        self.rows, self.columns = rows, columns
        positions = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
        self.positions = Tensor(positions.astype(np.float32))
        self.weights: Any = None
        self.column_names = ColumnNames()
        self._step = compile(self._moved)

    @spelled
    def fit(
        self,
        x: DataLike,
        count: int = 30,
        batch_size: int = 32,
        rate: tuple[float, float] = (0.5, 0.05),
        reach: tuple[float, float] | None = None,
    ) -> SelfOrganizingMap:
        """Train for `count` epochs; the reach ends at half a node by default."""
        x = as_rows(x, self.column_names, learn=True)
        reach = reach or (max(self.rows, self.columns) / 2, 0.5)
        if self.weights is None:
            self.weights = Tensor(plane(x, self.rows, self.columns))
        for epoch in range(count):
            share = epoch / max(count - 1, 1)
            a, s = (first * (last / first) ** share for first, last in (rate, reach))
            list(epochs(lambda batch, a=a, s=s: self._step(batch, a, s), x, batch_size, 1))
        return self

    def winners(self, x: DataLike) -> Array:
        """The node of each row: `row * columns + column`."""
        distances = squared_distances(Tensor(as_rows(x, self.column_names)), self.weights)
        return argmin(distances, axis=1).numpy()

    def quantization_error(self, x: DataLike) -> float:
        """The mean distance of a row from the vector of its node."""
        distances = squared_distances(Tensor(as_rows(x, self.column_names)), self.weights)
        return mean(sqrt(min(distances, axis=1))).item()  # type: ignore[no-any-return]

    def topographic_error(self, x: DataLike) -> float:
        """The share of rows whose two nearest nodes are no neighbours (Kiviluoto 1996)."""
        distances = squared_distances(Tensor(as_rows(x, self.column_names)), self.weights).numpy()
        two = self.positions.numpy()[np.argsort(distances, axis=1)[:, :2]]
        return float((np.abs(two[:, 0] - two[:, 1]).max(axis=1) > 1).mean())

    def _moved(self, x: Tensor, a: Tensor, s: Tensor) -> Tensor:
        distances = squared_distances(x, self.weights)
        position = take(self.positions, argmin(distances, axis=1), axis=0)
        h = exp(squared_distances(position, self.positions) / (-2.0 * s * s))
        weight = sum(h, axis=0)[:, None]
        target = matmul(h.T, x) / maximum(weight, 1e-12)
        reached = a * (1.0 - exp(-weight))  # nodes that no row is near to stay
        self.weights.assign(self.weights + reached * (target - self.weights))
        return mean(min(distances, axis=1))


def plane(x: Array, rows: int, columns: int) -> Array:
    """The sheet spread over the two main directions of the data, two deviations either way."""
    middle = x.mean(axis=0)
    _, size, axes = np.linalg.svd(x - middle, full_matrices=False)
    size = 2 * size / np.sqrt(len(x))
    up, along = np.linspace(-1, 1, rows), np.linspace(-1, 1, columns)
    a, b = (g.reshape(-1, 1) for g in np.meshgrid(up, along, indexing="ij"))
    spread = a * size[0] * axes[0]
    if len(axes) > 1:
        spread = spread + b * size[1] * axes[1]
    return np.asarray(middle + spread, np.float32)
