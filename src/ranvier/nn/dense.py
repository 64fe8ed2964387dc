"""The fully connected layer."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError
from ..graph.node import Shape
from ..ops.contraction import matmul
from . import activations, initializers, regularizers
from .layer import Layer, register_layer


@register_layer
class Dense(Layer):
    """`activation(x @ kernel + bias)`: every output sees every input.

    Shapes: (batch, inputs) -> (batch, units); further axes between, as in (batch, time, inputs),
    are kept. `kernel` is (inputs, units), `bias` (units,).

    >>> import ranvier
    >>> layer = Dense(4, activation="relu")
    >>> layer(ranvier.full((2, 3), 1.0)).shape, layer.kernel.shape
    ((2, 4), (3, 4))

    Args:
        units: how many outputs.
        activation: a name or function of `ranvier.nn.activations`; None: none.
        kernel_regularizer, bias_regularizer: "l1", "l2", `L2(0.001)`...: a term added to the loss.
        options: those of every layer: name, input_shape, trainable.
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = whole(self.name, "units", units)
        self.function = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel: Any = None
        self.bias: Any = None

    @property
    def activation(self) -> Any:
        """The activation's name, or the function itself when it is the user's own."""
        return activations.name_of(self.function)

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(
                f"{self.name}: rows are single numbers; Dense expects rows of features, "
                "(batch, inputs): reshape (n,) to (n, 1)"
            )
        self.kernel = self.add_weight(
            (input_shape[-1], self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                name="bias",
            )

    def forward(self, x: Any) -> Any:
        inputs = self.kernel.shape[0]
        if x.ndim < 2 or x.shape[-1] != inputs:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected (batch, {inputs}), as it "
                f"was built for {inputs} features. {_fix(x.shape, inputs)}"
            )
        out = matmul(x, self.kernel)
        return self.function(out if self.bias is None else out + self.bias)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)


def whole(layer: str, argument: str, value: Any, least: int = 1) -> int:
    """`value` as a whole number of at least `least`."""
    if isinstance(value, bool) or int(value) != value or value < least:
        raise ArgumentError(
            f"{layer}: {argument}={value!r}; expected a whole number of at least {least}"
        )
    return int(value)


def _fix(shape: tuple[int, ...], inputs: int) -> str:
    if shape == (inputs,):
        return f"For a single row use x.reshape(1, {inputs})"
    if len(shape) == 2 and shape[0] == inputs:
        return "Did you mean the transpose? Rows stand along the first axis"
    if len(shape) > 2:
        return "Put Flatten() before the first Dense layer to make each row flat"
    return "Give data with as many columns, or make a new layer for these"
