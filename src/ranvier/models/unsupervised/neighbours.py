"""Groups without labels: a classifier that gives neighbours the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import random
from ...base.missing import Spelled, spelled
from ...data.named_columns import ColumnNames
from ...errors import ArgumentError
from ...nn import Dense, Dropout, Layer, training_mode
from ...ops.elementwise import log
from ...ops.reduce import mean, sum
from ...optim import Adam
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile
from ...train.models.sequential import Sequential
from ...typing import Array, DataLike, TensorLike
from ..batches import as_rows, descend
from .clustering import kmeans, squared_distances

_LEAST = 1e-8


class NeighbourClustering(Spelled):
    """Clusters as classes that near rows share: Van Gansbeke et al. 2020 ("SCAN").

    A network gives each row x the probabilities p(x) of the clusters. For rows x and one of the
    `neighbours` nearest to each, n(x), drawn again in every iteration, it lowers

        - mean log p(x) . p(n(x))  -  balance * H(mean p(x)),     H(q) = - sum_j q_j log q_j

    so neighbours agree and are sure, and clusters are about equally large. Where it ends depends
    on where it begins; so `members` networks are trained, and k-means groups the probabilities of
    all of them side by side (an ensemble of clusterings: Strehl & Ghosh 2002).

    >>> import ranvier
    >>> x, _ = ranvier.data.make_blobs(60, seed=0)
    >>> ranvier.seed(0)
    >>> model = NeighbourClustering(2, neighbours=5, members=1).fit(x, epochs=5)
    >>> model.predict(x).shape
    (60,)
    """

    def __init__(
        self,
        clusters: int,
        neighbours: int = 10,
        hidden: Sequence[int] = (256, 256),
        dropout: float = 0.2,
        balance: float = 5.0,
        members: int = 8,
        learning_rate: float = 0.001,
    ) -> None:
        self.clusters, self.neighbours, self.hidden = clusters, neighbours, tuple(hidden)
        self.dropout, self.balance, self.members = dropout, balance, members
        self.learning_rate = learning_rate
        self.models: list[Any] = []
        self.centers: Any = None
        self.column_names = ColumnNames()

    @spelled
    def fit(self, x: DataLike, epochs: int = 40, batch_size: int = 256) -> NeighbourClustering:
        """Find the clusters of the rows of x (rows, features), of about the same scale each."""
        self.column_names = ColumnNames()
        x = as_rows(x, self.column_names, learn=True)
        if len(x) <= self.neighbours:
            raise ArgumentError(
                f"NeighbourClustering: {len(x)} rows have no {self.neighbours} neighbours each; "
                "give more rows or fewer neighbours"
            )
        neighbours = nearest(x, self.neighbours)
        batch = min(batch_size, len(x))
        self.models = [self._trained(x, neighbours, epochs, batch) for _ in range(self.members)]
        self.centers = kmeans(self.memberships(x), self.clusters, restarts=20)[0]
        return self

    def memberships(self, x: DataLike) -> Array:
        """The probabilities of all members side by side: (rows, members * clusters)."""
        x = as_rows(x, self.column_names)
        return np.concatenate([model.predict(x) for model in self.models], axis=1)

    def predict(self, x: DataLike) -> Array:
        """The cluster of each row."""
        distances = squared_distances(Tensor(self.memberships(x)), Tensor(self.centers))
        return distances.numpy().argmin(axis=1)  # type: ignore[no-any-return]

    def _loss(self, p: Tensor, other: Tensor) -> Tensor:
        agree = mean(log(sum(p * other, axis=1) + _LEAST))
        share = mean(p, axis=0)
        return self.balance * sum(share * log(share + _LEAST)) - agree

    def _trained(self, x: Array, neighbours: Array, epochs: int, batch: int) -> Sequential:
        """A new network after so many epochs."""
        inner: list[Layer] = []
        for units in self.hidden:
            inner += [Dense(units, activation="relu"), Dropout(self.dropout)]
        model = Sequential([*inner, Dense(self.clusters, activation="softmax")])
        model.ensure_built(x.shape[1:])
        moving, rule = model.parameters(), Adam(self.learning_rate)

        @compile
        def step(rows: TensorLike, others: TensorLike) -> Tensor:
            with training_mode(True):
                loss = self._loss(model(rows), model(others))
            descend(rule, loss, moving)
            return loss

        chance = random.generator.host()
        for _ in range(epochs):
            order = np.resize(chance.permutation(len(x)), -(-len(x) // batch) * batch)
            drawn = neighbours[order, chance.integers(neighbours.shape[1], size=len(order))]
            for i in range(0, len(order), batch):
                step(x[order[i : i + batch]], x[drawn[i : i + batch]])
        return model


def nearest(x: Array, count: int, batch: int = 1024) -> Array:
    """The `count` rows nearest to each row of x, without itself: (rows, count).

    >>> nearest(np.array([[0.0], [1.0], [5.0]], np.float32), 1).tolist()
    [[1], [0], [1]]
    """
    indices = np.empty((len(x), count), np.int64)
    for i in range(0, len(x), batch):
        distances = squared_distances(Tensor(x[i : i + batch]), Tensor(x)).numpy().copy()
        distances[np.arange(len(distances)), np.arange(i, i + len(distances))] = np.inf
        indices[i : i + batch] = np.argpartition(distances, count - 1, axis=1)[:, :count]
    return indices
