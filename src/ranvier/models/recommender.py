"""Recommenders: what would user u think of item i?

Rows are pairs (user, item) of integers, targets are ratings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from .. import dtypes
from ..nn import Dense, register_layer
from ..nn.activations import ActivationLike
from ..nn.basic.embedding import Embedding
from ..nn.constructor_options import LayerOptions
from ..nn.initializers import InitializerLike, RandomNormal
from ..ops.movement import concat
from ..ops.reduce import sum
from ..tensors.tensor import Tensor
from ..train.models.model import Model
from ..train.models.sequential import Sequential


@register_layer
class MatrixFactorization(Model):
    """Koren, Bell & Volinsky 2009: `rating = mean + b_u + b_i + dot(p_u, q_i)`.

    `penalty` is the L2 penalty on the vectors p and q; `mean` a number to start from, such as the
    mean rating.

    >>> import numpy as np
    >>> model = MatrixFactorization(users=10, items=20, factors=4)
    >>> model.predict(np.array([[3, 7], [9, 0]])).shape
    (2, 1)
    """

    def __init__(
        self,
        users: int,
        items: int,
        factors: int = 8,
        mean: float = 0.0,
        penalty: float = 0.0,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.users, self.items, self.factors = users, items, factors
        self.mean, self.penalty = mean, penalty
        self.user, self.item = _table(users, factors), _table(items, factors)
        self.user_bias, self.item_bias = _table(users, 1, "zeros"), _table(items, 1, "zeros")
        _ready(self)

    def forward(self, x: Tensor) -> Any:
        u, i = x[:, 0], x[:, 1]
        p, q = self.user(u), self.item(i)
        if self.penalty:
            self.add_loss(self.penalty * sum(p * p + q * q, axis=1))
        match = sum(p * q, axis=1, keepdims=True)
        return self.mean + self.user_bias(u) + self.item_bias(i) + match


@register_layer
class NeuralRecommender(Model):
    """Neural collaborative filtering: He et al. 2017.

    Two looks at a pair, each with vectors of its own, joined by one dense layer: the products
    `p_u q_i`, which generalize matrix factorization, and dense layers over both vectors side by
    side.
    """

    def __init__(
        self,
        users: int,
        items: int,
        factors: int = 8,
        hidden: Sequence[int] = (32, 16),
        activation: ActivationLike = "linear",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.users, self.items, self.factors = users, items, factors
        self.hidden = tuple(hidden)
        self.user, self.item = _table(users, factors), _table(items, factors)
        self.deep_user, self.deep_item = _table(users, factors), _table(items, factors)
        self.deep = Sequential([Dense(units, "relu") for units in hidden])
        self.out = Dense(1, activation)
        _ready(self)

    @property
    def activation(self) -> Any:
        """That of the last layer: its name, or the function itself when it is the user's own."""
        return self.out.activation

    @activation.setter
    def activation(self, activation: ActivationLike) -> None:
        self.out.activation = activation

    def forward(self, x: Tensor) -> Any:
        u, i = x[:, 0], x[:, 1]
        deep = self.deep(concat([self.deep_user(u), self.deep_item(i)], axis=1))
        return self.out(concat([self.user(u) * self.item(i), deep], axis=1))


def _table(count: int, width: int, start: InitializerLike | None = None) -> Embedding:
    return Embedding(count, width, embeddings_initializer=start or RandomNormal(0.0, 0.1))


def _ready(model: Model) -> None:
    model._row_dtype = dtypes.int64
    model.ensure_built((2,))
    model.compile("adam", "mean_squared_error")
