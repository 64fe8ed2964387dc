"""Dropout: noise that keeps neurons from relying on each other."""

from __future__ import annotations

from typing import Any

from .. import random
from ..errors import ArgumentError
from ..graph.node import Shape
from ..ops.elementwise import where
from .layer import Layer, register_layer


@register_layer
class Dropout(Layer):
    """In training each element is 0 with probability `rate`, else `x / (1 - rate)`; in use just x.

    Srivastava et al. 2014, in the inverted form, which keeps the mean. Draws come from
    `ranvier.random`, or from a generator of the layer's own with `seed`.

    >>> Dropout(0.5)([[1.0, 2.0]])
    tensor([[1., 2.]])
    """

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise ArgumentError(
                f"{self.name}: rate={rate!r}; expected the share to drop, 0 <= rate < 1"
            )
        self.rate = rate
        self.seed = seed
        self._source = random.generator if seed is None else random.Generator(seed)

    def forward(self, x: Any) -> Any:
        if not self.rate or not self.training:
            return x
        keep = self._source.bernoulli(1 - self.rate, x.shape)
        return where(keep, x * (1 / (1 - self.rate)), 0)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
