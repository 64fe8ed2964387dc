"""Groups without labels: k-means, and deep embedded clustering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import random
from ...base.missing import Spelled, spelled
from ...data.named_columns import ColumnNames
from ...ops.composites.functions import one_hot
from ...ops.contraction import matmul
from ...ops.elementwise import log, maximum
from ...ops.reduce import argmin, mean, min, sum
from ...optim import Adam
from ...tensors.tensor import Tensor
from ...tracing.compiled import compile
from ...typing import Array, DataLike
from ..batches import as_rows, descend, epochs
from ..generative.autoencoder import dense_autoencoder


def squared_distances(x: Tensor, centers: Tensor) -> Tensor:
    """`|x_i - c_j|^2` as (rows, centers): |x|^2 - 2 x c + |c|^2, never below 0."""
    ends = sum(x * x, axis=1, keepdims=True) + sum(centers * centers, axis=1)
    return maximum(ends - 2.0 * matmul(x, centers.T), 0.0)


@compile
def _lloyd(x: Tensor, centers: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(means of the rows nearest to each center, their labels, the mean squared distance)."""
    distances = squared_distances(x, centers)
    label = argmin(distances, axis=1)
    member = one_hot(label, centers.shape[0])
    count = sum(member, axis=0)
    means = matmul(member.T, x) / maximum(count, 1.0)[:, None]
    empty = (count == 0)[:, None] * 1.0
    return means + empty * centers, label, mean(min(distances, axis=1))


@spelled
def kmeans(x: DataLike, clusters: int, restarts: int = 10, steps: int = 300) -> tuple[Array, Array]:
    """Lloyd 1982: (centers, label of each row); the best of `restarts`.

    Each row belongs to the nearest center, each center moves to the mean of its rows, until
    nothing changes. First centers are drawn by k-means++ (Arthur & Vassilvitskii 2007): a row with
    probability proportional to its squared distance from the centers drawn before.

    >>> import ranvier
    >>> ranvier.seed(0)
    >>> centers, labels = kmeans([[0.0], [1.0], [10.0], [11.0]], 2)
    >>> sorted(centers[:, 0].tolist())
    [0.5, 10.5]
    """
    x = as_rows(x)
    chance = random.generator.host()
    best: tuple[float, Any, Any] = (np.inf, None, None)
    for _ in range(restarts):
        centers = x[chance.integers(len(x), size=1)]
        while len(centers) < clusters:
            distances = squared_distances(Tensor(x), Tensor(centers)).numpy().min(axis=1)
            share = np.cumsum(distances, dtype=np.float64)
            row = np.searchsorted(share, chance.random() * share[-1])
            centers = np.concatenate([centers, x[np.minimum(row, len(x) - 1)][None]])
        label, before = Tensor(0), None
        for _ in range(steps):
            moved, label, spread = _lloyd(Tensor(x), Tensor(centers))
            if before is not None and np.array_equal(before, label.numpy()):
                break
            centers, before = moved.numpy(), label.numpy()
        if spread.item() < best[0]:
            best = (spread.item(), centers, label.numpy())
    return best[1], best[2]


class DeepClustering(Spelled):
    """Deep embedded clustering: Xie, Girshick & Farhadi 2016, with the reconstruction kept as in
    Guo et al. 2017.

    An autoencoder learns codes z, k-means puts centers m among them. Then encoder and centers
    move together to lower `KL(P || Q)`, where

        q_ij  is proportional to  1 / (1 + |z_i - m_j|^2)          how much row i belongs to j
        p_ij  is proportional to  q_ij^2 / sum_i q_ij              the same, but surer

    P is computed again before each epoch; `gamma` weighs KL beside the reconstruction.
    Rows hold values from 0 to 1. `centers` and `autoencoder` are there after `fit`.
    """

    def __init__(
        self,
        clusters: int,
        code: int = 10,
        hidden: Sequence[int] = (256, 256),
        noise: float = 0.3,
        gamma: float = 5.0,
        learning_rate: float = 0.001,
    ) -> None:
        self.clusters, self.code, self.hidden = clusters, code, tuple(hidden)
        self.noise, self.gamma = noise, gamma
        self.rule = Adam(learning_rate)
        self.autoencoder: Any = None
        self.centers: Any = None
        self.column_names = ColumnNames()

    @spelled
    def fit(
        self, x: DataLike, pretrain_epochs: int = 100, refine_epochs: int = 20, batch_size: int = 64
    ) -> DeepClustering:
        """Find the clusters of the rows of x."""
        self.column_names = ColumnNames()
        x = as_rows(x, self.column_names, learn=True)
        made = dense_autoencoder(x.shape[1], self.code, self.hidden, noise=self.noise)
        self.autoencoder = made
        made.fit(x, x, batch_size, pretrain_epochs, verbose=0)
        self.centers = Tensor(kmeans(made.encode(x), self.clusters)[0], requires_grad=True)
        step = compile(self._step)
        for _ in range(refine_epochs):
            q = self.memberships(x)
            p = q * q / q.sum(axis=0)
            both = np.concatenate([x, p / p.sum(axis=1, keepdims=True)], axis=1)
            list(epochs(step, both, batch_size, 1))
        return self

    def memberships(self, x: DataLike) -> Array:
        """Q: (rows, clusters), each row adding up to 1."""
        x = as_rows(x, self.column_names)
        return _shares(Tensor(self.autoencoder.encode(x)), self.centers).numpy()

    def predict(self, x: DataLike) -> Array:
        """The cluster of each row."""
        return np.asarray(self.memberships(x).argmax(axis=1))

    def _step(self, both: Tensor) -> Tensor:
        width = both.shape[1] - self.clusters
        x, p = both[:, :width], both[:, width:]
        code = self.autoencoder.encoder(x)
        q = maximum(_shares(code, self.centers), 1e-9)
        divergence = mean(sum(p * (log(maximum(p, 1e-9)) - log(q)), axis=1))
        again = mean((self.autoencoder.decoder(code) - x) ** 2)
        loss = again + self.gamma * divergence
        descend(self.rule, loss, [*self.autoencoder.parameters(), self.centers])
        return divergence


def _shares(z: Tensor, centers: Tensor) -> Tensor:
    kernel = 1.0 / (1.0 + squared_distances(z, centers))
    return kernel / sum(kernel, axis=1, keepdims=True)
