"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from ...base.arguments import as_integer
from ...errors import ArgumentError, ShapeError
from ...ops.contraction import matmul
from ...tensors.tensor import Tensor
from ...typing import Shape
from ..activations import ActivationLike
from ..constructor_options import KernelOptions
from ..layer import register_layer
from .affine import Affine


@register_layer
class Dense(Affine):
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
        use_bias: whether there is a bias.
        options: kernel_initializer, bias_initializer; kernel_regularizer, bias_regularizer: "l1",
            "l2", `L2(0.001)`...: a term added to the loss; and those of every layer.
    """

    def __init__(
        self,
        units: int,
        activation: ActivationLike = None,
        use_bias: bool = True,
        **options: Unpack[KernelOptions],
    ) -> None:
        super().__init__(activation=activation, use_bias=use_bias, **options)
        self.units = integer_argument(self.name, "units", units)

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(
                f"{self.name}: rows are single numbers; Dense expects rows of features, "
                "(batch, inputs): reshape (n,) to (n, 1)"
            )
        self.add_kernel((input_shape[-1], self.units))
        self.add_bias(self.units)

    def forward(self, x: Tensor) -> Tensor:
        inputs = self.kernel.shape[0]
        if x.ndim < 2 or x.shape[-1] != inputs:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected (batch, {inputs}), as it "
                f"was built for {inputs} features. {_fix(x.shape, inputs)}"
            )
        return self.activated(self.sums(x))

    def sums(self, x: Tensor) -> Tensor:
        """The sums of products, (..., units)."""
        return matmul(x, self.kernel)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)


def integer_argument(layer: str, argument: str, value: object, least: int = 1) -> int:
    """`value` as an integer of at least `least`."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return as_integer(layer, argument, value, least)


def integer_arguments(layer: str, argument: str, values: object) -> list[int]:
    """`values` as a list of integers of at least 1, one or more."""
    listed = (
        [] if isinstance(values, str | bytes) or not isinstance(values, Iterable) else [*values]
    )
    if not listed:
        raise ArgumentError(f"{layer}: {argument}={values!r}; expected a list of integers")
    return [integer_argument(layer, argument, n) for n in listed]


def _fix(shape: tuple[int, ...], inputs: int) -> str:
    if shape == (inputs,):
        return f"For a single row use x.reshape(1, {inputs})"
    if len(shape) == 2 and shape[0] == inputs:
        return "Did you mean the transpose? Rows stand along the first axis"
    if len(shape) > 2:
        return "Put Flatten() before the first Dense layer to make each row flat"
    return "Give data with as many columns, or make a new layer for these"
