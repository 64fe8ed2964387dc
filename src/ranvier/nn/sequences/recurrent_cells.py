"""Recurrent cells: one time step of a recurrent layer.

A cell is a layer with a `state_size` (numbers in the state, or a list of them) and

    forward(x, states) -> (output, new states)

for one time step, x being (batch, features). The cells here split that in two: `project`, the part
that needs no state and is computed for all steps at once, and `advance`, the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, Unpack

from ... import random
from ...base.observer import note
from ...errors import ArgumentError
from ...ops.contraction import matmul
from ...ops.elementwise import sigmoid, tanh, where
from ...ops.movement import concat, narrow, reshape
from ...tensors.tensor import Tensor
from ...typing import Shape
from .. import activations, initializers, regularizers
from ..activations import Activation, ActivationLike
from ..basic.dense import integer_argument
from ..constructor_options import CellOptions, LayerOptions
from ..initializers import InitializerLike
from ..layer import Layer, register_layer
from ..regularizers import RegularizerLike
from ..settable import Fixed

States: TypeAlias = list[Tensor]


class Cell(Layer):
    """Base of the cells here: `units`, weights for as many gates, and dropout.

    Args:
        units: numbers in the output, and in each state.
        activation: of the output.
        use_bias: whether there are biases.
        kernel_initializer, kernel_regularizer: of the weights for x.
        recurrent_initializer, recurrent_regularizer: of the weights for the state.
        bias_initializer, bias_regularizer: of the biases.
        dropout: the fraction of x dropped in training; the same in every step of a sequence (Gal
            and Ghahramani 2016).
        recurrent_dropout: the fraction of the state dropped in the same way.
        seed: of these draws.
        options: those of every layer.
    """

    in_float32 = True
    gates = 1
    states = 1
    bias: Tensor | None = None

    use_bias = Fixed()

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        use_bias: bool = True,
        kernel_initializer: InitializerLike = "glorot_uniform",
        recurrent_initializer: InitializerLike = "orthogonal",
        bias_initializer: InitializerLike = "zeros",
        kernel_regularizer: RegularizerLike = None,
        recurrent_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        self.units = integer_argument(self.name, "units", units)
        self.function = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        for name, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= rate < 1:
                raise ArgumentError(
                    f"{self.name}: {name}={rate!r}; expected the share to drop, 0 <= rate < 1"
                )
        self.dropout, self.recurrent_dropout, self.seed = dropout, recurrent_dropout, seed
        self._source = random.generator if seed is None else random.Generator(seed)

    activation = activations.by_name("function")

    @property
    def state_size(self) -> list[int]:
        """Numbers in each state."""
        return [self.units] * self.states

    @property
    def output_size(self) -> int:
        """Numbers in the output."""
        return self.units

    def build(self, input_shape: Shape) -> None:
        width = self.gates * self.units
        self.kernel = self.add_weight(
            (input_shape[-1], width),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.recurrent_kernel = self.add_weight(
            (self.units, width),
            self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            name="recurrent_kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                self.bias_shape(),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                name="bias",
            )

    def bias_shape(self) -> Shape:
        """The shape of the biases."""
        return (self.gates * self.units,)

    def project(self, x: Tensor) -> Tensor:
        """The gates' part of x alone: (..., features) -> (..., gates * units)."""
        # NOTE: as one matrix, so that the bias is added on the way out of the product.
        z = matmul(reshape(x, (-1, x.shape[-1])), self.kernel)
        if self.bias is not None:
            z = z + self.bias_of_x(self.bias)
        return reshape(z, (*x.shape[:-1], z.shape[-1]))

    def bias_of_x(self, bias: Tensor) -> Tensor:
        """The biases that can be added before the loop."""
        return bias

    def advance(self, z: Tensor, states: States, keep: Tensor | None = None) -> States:
        """The new states, the first of which is the output; `keep` multiplies the old state."""
        raise NotImplementedError

    def forward(self, x: Tensor, states: Sequence[Any]) -> tuple[Tensor, States]:
        drop = self.drop(x.shape, self.dropout)
        new = self.advance(
            self.project(x if drop is None else x * drop), list(states), self.drop_state(len(x))
        )
        return new[0], new

    def drop(self, shape: Shape, rate: float) -> Tensor | None:
        """In training 0 for the fraction to drop and 1 / (1 - rate) for the rest; else None."""
        if not rate or not self.training:
            return None
        return where(self._source.bernoulli(1 - rate, shape), 1 / (1 - rate), 0.0)

    def drop_state(self, batch: int) -> Tensor | None:
        """The same for the state."""
        return self.drop((batch, self.units), self.recurrent_dropout)

    def gate(self, z: Tensor, number: int) -> Tensor:
        """The columns of one gate."""
        return gate_of(z, number, self.units)

    def from_state(self, h: Tensor) -> Tensor:
        """`h @ recurrent_kernel`."""
        return matmul(h, self.recurrent_kernel)


@register_layer
class SimpleRNNCell(Cell):
    """`h = activation(x @ kernel + h_before @ recurrent_kernel + bias)`: Elman 1990.

    >>> import ranvier
    >>> out, states = SimpleRNNCell(4)(ranvier.ones((2, 3)), states=[ranvier.zeros((2, 4))])
    >>> out.shape, len(states)
    ((2, 4), 1)
    """

    def advance(self, z: Tensor, states: States, keep: Tensor | None = None) -> States:
        h = states[0] if keep is None else states[0] * keep
        z = z + self.from_state(h)
        note("z", z)
        return [self.function(z)]


class _Gated(Cell):
    """Base of cells whose gates have an activation of their own."""

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(units, activation, use_bias, **options)
        self.gate_function = activations.get(recurrent_activation)

    recurrent_activation = activations.by_name("gate_function")


def gate_of(z: Tensor, number: int, units: int) -> Tensor:
    """The columns of one gate, `units` of the last axis."""
    return narrow(z, z.ndim - 1, number * units, (number + 1) * units)


def lstm_states(
    z: Tensor, c: Tensor, function: Activation = tanh, gate_function: Activation = sigmoid
) -> States:
    """(h, c) of a long short-term memory, from what x and h add to the gates i, f, g, o."""
    units = c.shape[-1]
    i, f, o = (gate_function(gate_of(z, n, units)) for n in (0, 1, 3))
    g = function(gate_of(z, 2, units))
    c = f * c + i * g
    for symbol, value in (("i", i), ("f", f), ("g", g), ("o", o), ("c", c)):
        note(symbol, value)
    return [o * function(c), c]


def gru_state(
    of_x: Sequence[Tensor],
    of_h: Sequence[Tensor],
    h: Tensor,
    function: Activation = tanh,
    gate_function: Activation = sigmoid,
) -> Tensor:
    """h of a gated recurrent unit, from what x and h add to the gates z (update), r (reset), g."""
    update, reset = (gate_function(of_x[n] + of_h[n]) for n in (0, 1))
    new = function(of_x[2] + reset * of_h[2])
    _note_gates(update, reset, new)
    return update * h + (1 - update) * new


def _note_gates(update: Tensor, reset: Tensor, new: Tensor) -> None:
    for symbol, value in (("update", update), ("reset", reset), ("new", new)):
        note(symbol, value)


@register_layer
class LSTMCell(_Gated):
    """Long short-term memory: Hochreiter and Schmidhuber 1997, with a forget gate.

        i, f, g, o = the four parts of x @ kernel + h_before @ recurrent_kernel + bias
        c = sigmoid(f) * c_before + sigmoid(i) * tanh(g);   h = sigmoid(o) * tanh(c)

    States: h and c, (batch, units) each. With `unit_forget_bias` the bias of f begins at 1
    (Jozefowicz et al. 2015).

    >>> import ranvier
    >>> h, c = ranvier.zeros((2, 4)), ranvier.zeros((2, 4))
    >>> out, states = LSTMCell(4)(ranvier.ones((2, 3)), states=[h, c])
    >>> out.shape, len(states)
    ((2, 4), 2)
    """

    gates = 4
    states = 2

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        unit_forget_bias: bool = True,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(units, activation, recurrent_activation, use_bias, **options)
        self.unit_forget_bias = unit_forget_bias

    def build(self, input_shape: Shape) -> None:
        super().build(input_shape)
        if self.bias is not None and self.unit_forget_bias:
            values = self.bias.numpy().copy()
            values[self.units : 2 * self.units] = 1
            self.bias.assign(Tensor(values))

    def advance(self, z: Tensor, states: States, keep: Tensor | None = None) -> States:
        h, c = states
        z = z + self.from_state(h if keep is None else h * keep)
        return lstm_states(z, c, self.function, self.gate_function)


@register_layer
class GRUCell(_Gated):
    """Gated recurrent unit: Cho et al. 2014.

        z, r, g = the three parts of x @ kernel + h_before @ recurrent_kernel + bias
        h = sigmoid(z) * h_before + (1 - sigmoid(z)) * tanh(g)

    In g the state's part counts as much as r says: `sigmoid(r) * (h_before @ recurrent_kernel)`,
    with a bias of its own, (2, 3 * units) in all; or, with `reset_after=False`,
    `(sigmoid(r) * h_before) @ recurrent_kernel`.

    >>> import ranvier
    >>> out, states = GRUCell(4)(ranvier.ones((2, 3)), states=[ranvier.zeros((2, 4))])
    >>> out.shape, len(states)
    ((2, 4), 1)
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        use_bias: bool = True,
        reset_after: bool = True,
        **options: Unpack[CellOptions],
    ) -> None:
        super().__init__(units, activation, recurrent_activation, use_bias, **options)
        self.reset_after = reset_after

    def bias_shape(self) -> Shape:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def bias_of_x(self, bias: Tensor) -> Tensor:
        if not self.reset_after:
            return bias
        # Among them the state's biases of z and r.
        mine, other, width = bias[0], bias[1], 2 * self.units
        return concat([mine[:width] + other[:width], mine[width:]])

    def advance(self, z: Tensor, states: States, keep: Tensor | None = None) -> States:
        h = states[0] if keep is None else states[0] * keep
        if self.reset_after:
            inner = self.from_state(h)
            ours = [self.gate(inner, n) for n in range(3)]
            if self.bias is not None:
                ours[2] = ours[2] + self.bias[1, 2 * self.units :]
            gates = [self.gate(z, n) for n in range(3)]
            return [gru_state(gates, ours, h, self.function, self.gate_function)]
        first = narrow(self.recurrent_kernel, 1, 0, 2 * self.units)
        last = self.gate(self.recurrent_kernel, 2)
        inner = matmul(h, first)
        update, reset = (self.gate_function(self.gate(z, n) + self.gate(inner, n)) for n in (0, 1))
        new = self.function(self.gate(z, 2) + matmul(reset * h, last))
        _note_gates(update, reset, new)
        return [update * h + (1 - update) * new]
