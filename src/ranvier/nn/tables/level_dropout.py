"""Levels of categories that are hidden in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from ... import random
from ...base.arguments import number
from ...errors import DataError, ShapeError
from ...ops.elementwise import greater_equal, where
from ...ops.gather import take
from ...tensors.tensor import Tensor
from ...typing import DataLike, Shape
from ..basic.dense import integer_arguments
from ..basic.normalize import Adapting
from ..constructor_options import UNBUILT, LayerOptions
from ..layer import register_layer


@register_layer
class LevelDropout(Adapting):
    """In training an id often becomes 0, "missing or unseen", if its level is rare; in use just x.

    A network soon knows by heart the rows of a level that it rarely sees (a surname, a customer).
    Hidden most of the time, a rare level has to earn its weight, and 0 learns what to say of levels
    that training never saw. A level of n rows is hidden with probability
    `strength / (strength + n)`, which `adapt` measures; before that nothing is hidden.

    Shapes: ids (batch, columns), kept. `rates` holds the probabilities, those of the first column's
    levels first.

    >>> layer = LevelDropout([3], strength=2.0)
    >>> layer.adapt(np.array([[1], [1], [2]]))
    >>> layer.rates.tolist()
    [0.0, 0.5, 0.6666666865348816]

    Args:
        levels: for each column how many ids there are, 0 included.
        strength: the number of rows at which a level is hidden half of the time.
        options: those of every layer.
    """

    def __init__(
        self, levels: Sequence[int], strength: float = 20.0, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.levels = integer_arguments(self.name, "levels", levels)
        self.strength = number(self.name, "strength", strength, 0)
        self.rates: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        if input_shape != (len(self.levels),):
            raise ShapeError(
                f"{self.name}: got rows of shape {input_shape} for {len(self.levels)} columns"
            )
        self.rates = self.add_weight(sum(self.levels), "zeros", trainable=False, name="rates")

    def adapt(self, data: DataLike) -> None:
        """Count the levels in `data`, (rows, columns)."""
        ids = np.asarray(data)
        self.ensure_built(ids.shape[1:])
        rates = []
        for i, count in enumerate(self.levels):
            if ids[:, i].max(initial=0) >= count or ids[:, i].min(initial=0) < 0:
                raise DataError(f"{self.name}: column {i} has ids outside of 0 to {count - 1}")
            seen = np.bincount(ids[:, i], minlength=count)
            share = self.strength / np.maximum(self.strength + seen, 1e-30)
            share[0] = 0.0
            rates.append(share)
        self.rates.assign(np.concatenate(rates))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        first = np.cumsum([0, *self.levels[:-1]]).astype(x.dtype)
        rates = take(self.rates, x + Tensor(first), axis=0)
        return where(greater_equal(random.generator.uniform(x.shape), rates), x, 0)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
