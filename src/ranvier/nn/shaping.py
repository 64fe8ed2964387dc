"""Layers that hold no parameters: activation, shapes, dropout, the declared input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..graph.node import Shape
from ..ops.movement import reshape
from . import activations
from .layer import Layer, register_layer


@register_layer
class Activation(Layer):
    """An activation function as a layer of its own.

    >>> Activation("relu")([[-1.0, 2.0]])
    tensor([[0., 2.]])
    """

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.function = activations.get(activation)

    @property
    def activation(self) -> Any:
        """The activation's name, or the function itself when it is the user's own."""
        return activations.name_of(self.function)

    def forward(self, x: Any) -> Any:
        return self.function(x)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


@register_layer
class Flatten(Layer):
    """Each row as one line of numbers: (batch, 28, 28) -> (batch, 784)."""

    keeps_mask = False

    def forward(self, x: Any) -> Any:
        return reshape(x, (x.shape[0], math.prod(x.shape[1:])))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)


@register_layer
class Reshape(Layer):
    """Each row under another shape; one size may be -1.

    >>> import ranvier
    >>> Reshape((28, -1))(ranvier.full((5, 784), 0.0)).shape
    (5, 28, 28)
    """

    keeps_mask = False

    def __init__(self, target_shape: Sequence[int] | int, **options: Any) -> None:
        super().__init__(**options)
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if shape.count(-1) > 1 or any(n < -1 for n in shape):
            raise ArgumentError(f"{self.name}: target_shape={shape}; only one size may be -1")
        self.target_shape = tuple(int(n) for n in shape)

    def forward(self, x: Any) -> Any:
        return reshape(x, (x.shape[0], *self.output_shape(x.shape[1:])))

    def output_shape(self, input_shape: Shape) -> Shape:
        total = math.prod(input_shape)
        known = -math.prod(self.target_shape) if -1 in self.target_shape else total
        shape = tuple(total // known if n == -1 and known else n for n in self.target_shape)
        if math.prod(shape) != total:
            raise ShapeError(
                f"{self.name}: rows of shape {input_shape} hold {total} numbers and cannot become "
                f"{self.target_shape}"
            )
        return shape


@register_layer
class InputLayer(Layer):
    """The shape of a row, said at the start of a model: `Input(shape=(784,))`."""

    def __init__(
        self, shape: Sequence[int] | int | None = None, dtype: Any = None, **options: Any
    ) -> None:
        if shape is not None:
            options["input_shape"] = shape
        super().__init__(**options)
        if self.input_shape is None:
            raise ArgumentError(f"{self.name}: give the shape of a row: Input(shape=(784,))")
        self.shape = self.input_shape
        self.dtype = dtype

    def forward(self, x: Any) -> Any:
        if x.shape[1:] != self.shape:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected rows of {self.shape}: "
                f"(batch, {', '.join(map(str, self.shape))})"
            )
        return x

    def output_shape(self, input_shape: Shape) -> Shape:
        return self.shape

    def get_config(self) -> dict[str, Any]:
        found = super().get_config()
        found.pop("input_shape", None)
        return found


def Input(shape: Sequence[int] | int, **options: Any) -> InputLayer:
    """An `InputLayer`, under Keras' short name."""
    return InputLayer(shape, **options)
