"""`nn.RNN`, `nn.LSTM` and `nn.GRU`: PyTorch's weights and shapes, on `ranvier.scan`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ....errors import ArgumentError, ShapeError, unknown_name
from ....nn.initializers import RandomUniform
from ....ops.composites.functions import relu
from ....ops.composites.shaping import stack
from ....ops.contraction import matmul
from ....ops.creation import full
from ....ops.elementwise import sigmoid, tanh
from ....ops.movement import concat, narrow, permute_dims, reshape
from ....ops.op import apply
from ....tracing.scan import scan
from ..tensor import Tensor
from . import functional as F
from .module import Module

States = list[Any]


class Recurrent(Module):
    """Base of recurrent modules: `num_layers` of them, each in one direction or both.

    Weights of layer k: `weight_ih_lk` (gates * hidden_size, inputs), `weight_hh_lk`, and with
    `bias` `bias_ih_lk`, `bias_hh_lk`; those of the other direction end in `_reverse`. First values
    are uniform within `1 / sqrt(hidden_size)`.

    Args:
        input_size, hidden_size: features of x, and of the output in each direction.
        batch_first: x and the output are (batch, time, features), not (time, batch, features).
        dropout: the share of a layer's output left out before the next layer, in training.
    """

    gates = 1
    states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if proj_size:
            raise ArgumentError(
                f"{type(self).__name__}: proj_size={proj_size} is not here; put a Linear behind it"
            )
        for name, value in (("hidden_size", hidden_size), ("num_layers", num_layers)):
            if value < 1:
                raise ArgumentError(f"{type(self).__name__}: {name}={value}; it must be 1 or more")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        limit = 1 / math.sqrt(hidden_size)
        first = RandomUniform(-limit, limit)
        width = self.gates * hidden_size
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else hidden_size * len(self._endings(0))
            for end in self._endings(layer):
                shapes: dict[str, Any] = {
                    "weight_ih": (width, inputs),
                    "weight_hh": (width, hidden_size),
                }
                if bias:
                    shapes |= {"bias_ih": (width,), "bias_hh": (width,)}
                for name, shape in shapes.items():
                    setattr(self, name + end, Tensor(first(shape), dtype, requires_grad=True))

    def _endings(self, layer: int) -> list[str]:
        """What the names of a layer's weights end in, direction by direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: 2 if self.bidirectional else 1]

    def turn(self, z: Any, states: States, w: Any, b: Any) -> States:
        """The new states; z is what x adds to the gates, w and b weigh the state."""
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The sizes."""
        more = {"num_layers": 1, "batch_first": False, "bidirectional": False}
        said = [f"{k}={getattr(self, k)}" for k, v in more.items() if getattr(self, k) != v]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *said])

    def forward(self, x: Any, hx: Any = None) -> Any:
        """The outputs at all places, and the last states: (layers * directions, batch, hidden)."""
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            shape = "(batch, time, " if self.batch_first else "(time, batch, "
            raise ShapeError(
                f"{type(self).__name__}: got x of shape {x.shape}; expected {shape}"
                f"{self.input_size})"
            )
        single, swapped = x.ndim == 2, x.ndim == 3 and self.batch_first
        if single:
            x = reshape(x, (x.shape[0], 1, x.shape[1]))
        elif swapped:
            x = permute_dims(x, (1, 0, 2))
        given = [] if hx is None else list(hx) if isinstance(hx, tuple | list) else [hx]
        if single:
            given = [reshape(s, (s.shape[0], 1, s.shape[1])) for s in given]
        wanted = (self.num_layers * len(self._endings(0)), x.shape[1], self.hidden_size)
        if hx is not None and [s.shape for s in given] != [wanted] * self.states:
            raise ShapeError(
                f"{type(self).__name__}: states of shapes {[s.shape for s in given]}; expected "
                f"{self.states} of shape {wanted}: (layers * directions, batch, hidden_size)"
            )
        lasts: list[States] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outs = []
            for end in self._endings(layer):
                out, last = self._direction(x, end, [s[len(lasts)] for s in given])
                outs.append(out)
                lasts.append(last)
            x = outs[0] if len(outs) == 1 else concat(outs, -1)
        if single:
            x = reshape(x, (x.shape[0], x.shape[2]))
        elif swapped:
            x = permute_dims(x, (1, 0, 2))
        states = [stack(list(s)) for s in zip(*lasts, strict=True)]
        if single:
            states = [reshape(s, (s.shape[0], s.shape[2])) for s in states]
        return x, states[0] if len(states) == 1 else tuple(states)

    def _direction(self, x: Any, end: str, states: Sequence[Any]) -> tuple[Any, States]:
        """One layer in one direction: (time, batch, features) -> (time, batch, hidden)."""
        time, batch, inputs = x.shape
        z = matmul(reshape(x, (time * batch, inputs)), self._weight("weight_ih" + end))
        b = None
        if self.bias:
            z, b = z + getattr(self, "bias_ih" + end), getattr(self, "bias_hh" + end)
            if self.gates != 3:  # NOTE: r of a GRU multiplies its state's bias
                z, b = z + b, None
        z = reshape(z, (time, batch, z.shape[-1]))
        w = self._weight("weight_hh" + end)
        if not states:
            shape = (batch, self.hidden_size)
            zero = apply(full, like=x, value=0.0, shape=shape, dtype=x.dtype)
            states = [zero] * self.states

        def turn(carry: States, z: Any) -> tuple[States, Any]:
            new = self.turn(z, carry, w, b)
            return new, new[0]

        last, out = scan(turn, list(states), z, reverse=end.endswith("_reverse"))
        return out, last

    def _weight(self, name: str) -> Any:
        return permute_dims(getattr(self, name), (1, 0))

    def _gate(self, z: Any, number: int) -> Any:
        return narrow(z, 1, number * self.hidden_size, (number + 1) * self.hidden_size)


class RNN(Recurrent):
    """`h = tanh(weight_ih @ x + bias_ih + weight_hh @ h_before + bias_hh)`, or with relu.

    >>> from ranvier.compat import torch
    >>> out, h = RNN(3, 4, batch_first=True)(torch.ones(2, 5, 3))
    >>> out.shape, h.shape
    ((2, 5, 4), (1, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **options: Any,
    ) -> None:
        functions: dict[str, Any] = {"tanh": tanh, "relu": relu}
        if nonlinearity not in functions:
            raise unknown_name("nonlinearity", nonlinearity, functions)
        super().__init__(input_size, hidden_size, num_layers, *args, **options)
        self.nonlinearity, self._function = nonlinearity, functions[nonlinearity]

    def turn(self, z: Any, states: States, w: Any, b: Any) -> States:
        return [self._function(z + matmul(states[0], w))]


class LSTM(Recurrent):
    """Long short-term memory; gates i, f, g, o, and the states (h, c).

    >>> from ranvier.compat import torch
    >>> out, (h, c) = LSTM(3, 4)(torch.ones(5, 2, 3))
    >>> out.shape, c.shape
    ((5, 2, 4), (1, 2, 4))
    """

    gates = 4
    states = 2

    def turn(self, z: Any, states: States, w: Any, b: Any) -> States:
        h, c = states
        z = z + matmul(h, w)
        i, f, o = (sigmoid(self._gate(z, n)) for n in (0, 1, 3))
        c = f * c + i * tanh(self._gate(z, 2))
        return [o * tanh(c), c]


class GRU(Recurrent):
    """Gated recurrent unit; gates r, z, n.

    >>> from ranvier.compat import torch
    >>> out, h = GRU(3, 4, bidirectional=True)(torch.ones(5, 2, 3))
    >>> out.shape, h.shape
    ((5, 2, 8), (2, 2, 4))
    """

    gates = 3

    def turn(self, z: Any, states: States, w: Any, b: Any) -> States:
        h = states[0]
        inner = matmul(h, w)
        if b is not None:
            inner = inner + b
        reset, update = (sigmoid(self._gate(z, n) + self._gate(inner, n)) for n in (0, 1))
        new = tanh(self._gate(z, 2) + reset * self._gate(inner, 2))
        return [(1 - update) * new + update * h]
