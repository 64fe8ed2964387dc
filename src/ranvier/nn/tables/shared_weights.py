"""Members inside one network: many networks that share most of their weights.

Rows become (batch, members, features): each member sees its own scaling of the inputs, layers in
between are shared, and each ends in weights of its own. Gorishniy et al. 2024, "TabM" (arXiv
2410.24210), in the form called TabM-mini.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

import numpy as np

from ... import random
from ...errors import ArgumentError, ShapeError
from ...ops.composites.einsum import einsum
from ...ops.composites.shaping import expand_dims
from ...tensors.tensor import Tensor
from ...typing import Array, Shape
from .. import activations
from ..activations import ActivationLike
from ..basic.dense import integer_argument, integer_arguments
from ..constructor_options import UNBUILT, LayerOptions
from ..initializers import RandomUniform
from ..layer import Layer, register_layer
from ..policy import widened


@register_layer
class MemberScale(Layer):
    """Each row once for each member, times a trained scale of the member's own.

    Shapes: (batch, features) -> (batch, members, features); `scale` is (members, features).

    >>> MemberScale(4)([[1.0, 2.0]]).shape
    (1, 4, 2)

    Args:
        members: how many.
        parts: sizes of neighbouring features that begin with the same scale, as the numbers that
            an embedding makes of one; None: 1 each.
        signs: whether scales begin as 1 or -1, instead of normal draws.
        options: those of every layer.
    """

    def __init__(
        self,
        members: int,
        parts: Sequence[int] | None = None,
        signs: bool = False,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.members = integer_argument(self.name, "members", members)
        self.parts = None if parts is None else integer_arguments(self.name, "parts", parts)
        self.signs = signs
        self.scale: Tensor = UNBUILT

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != 1:
            raise ShapeError(
                f"{self.name}: got rows of shape {input_shape}; expected rows of features"
            )
        (features,) = input_shape
        parts = [1] * features if self.parts is None else self.parts
        if sum(parts) != features:
            raise ArgumentError(
                f"{self.name}: parts={self.parts} are {sum(parts)} features; rows have {features}"
            )
        self.scale = self.add_weight(
            (self.members, features), lambda shape: self._first(parts), name="scale"
        )

    def _first(self, parts: Sequence[int]) -> Array:
        generator, shape = random.generator.host(), (self.members, len(parts))
        draws = generator.choice([-1.0, 1.0], shape) if self.signs else generator.normal(size=shape)
        scales: Array = np.repeat(draws, parts, axis=1)
        return scales

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] != self.scale.shape[1]:
            raise ShapeError(
                f"{self.name}: got rows of {x.shape[-1]} features; it was built for "
                f"{self.scale.shape[1]}"
            )
        return expand_dims(x, 1) * self.scale

    def output_shape(self, input_shape: Shape) -> Shape:
        return (self.members, *input_shape)


@register_layer
class MemberDense(Layer):
    """`activation(x @ kernel + bias)` with a kernel and a bias for each member.

    Shapes: (batch, members, inputs) -> (batch, members, units); `kernel` is (members, inputs,
    units), `bias` (members, units). Both begin uniform within `1 / sqrt(inputs)`.

    >>> MemberDense(3)(np.ones((2, 4, 5))).shape
    (2, 4, 3)

    Args:
        units: how many outputs of each member.
        activation: a name or function of `ranvier.nn.activations`; None: none.
        options: those of every layer.
    """

    def __init__(
        self, units: int, activation: ActivationLike = None, **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.units = integer_argument(self.name, "units", units)
        self.function = activations.get(activation)
        self.kernel: Tensor = UNBUILT
        self.bias: Tensor = UNBUILT

    activation = activations.by_name("function")

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) != 2:
            raise ShapeError(
                f"{self.name}: got rows of shape {input_shape}; expected (members, inputs), as "
                "MemberScale makes them"
            )
        members, inputs = input_shape
        limit = 1 / math.sqrt(inputs)
        even = RandomUniform(-limit, limit)
        self.kernel = self.add_weight((members, inputs, self.units), even, name="kernel")
        self.bias = self.add_weight((members, self.units), even, name="bias")

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != self.kernel.shape[:2]:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected (batch, "
                f"{', '.join(map(str, self.kernel.shape[:2]))})"
            )
        sums = einsum("bmi,mio->bmo", x, self.kernel) + self.bias
        return self.function(widened(sums) if self.function is activations.softmax else sums)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.units)
