"""`nn.RNN`, `nn.LSTM`, `nn.GRU` and their cells: PyTorch's weights on `ranvier.scan`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from ....errors import ArgumentError, ShapeError, unknown_name
from ....nn.sequences.recurrent_cells import gate_of, gru_state, lstm_states
from ....ops.composites.functions import relu
from ....ops.composites.shaping import stack
from ....ops.contraction import matmul
from ....ops.creation import full
from ....ops.elementwise import tanh
from ....ops.movement import concat, permute_dims, reshape
from ....ops.op import apply
from ....tensors.tensor import Tensor
from ....tracing.scan import scan
from ....typing import DTypeLike, TensorLike
from ..tensor import of
from . import functional as F
from .layers import Weighted, uniform

States = list[Any]
StatesLike: TypeAlias = "TensorLike | Sequence[TensorLike] | None"


class _Gates(Weighted):
    """Base: the formulas of a kind of cell, and its weights.

    `weight_ih` (gates * hidden_size, inputs), `weight_hh`, and with `bias` `bias_ih`, `bias_hh`.
    First values are uniform within `1 / sqrt(hidden_size)`.
    """

    gates = 1
    states = 1

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        self.bias = bias
        self.add_cells(dtype)

    def add_cells(self, dtype: DTypeLike | None) -> None:
        """Create the weights."""
        self.add_cell(self.input_size, "", dtype)

    def add_cell(self, inputs: int, end: str, dtype: DTypeLike | None) -> None:
        """New weights, whose names end in `end`."""
        width = self.gates * self.hidden_size
        shapes = {"weight_ih": (width, inputs), "weight_hh": (width, self.hidden_size)}
        if self.bias:
            shapes |= {"bias_ih": (width,), "bias_hh": (width,)}  # type: ignore[dict-item]
        named = {name + end: shape for name, shape in shapes.items()}
        self.weights(uniform(self.hidden_size), dtype, **named)

    def project(self, x: Tensor, end: str) -> tuple[Any, Any, Any]:
        """What the rows x add to the gates; the weights and the bias of the state."""
        z, b = matmul(x, self._transposed("weight_ih" + end)), None
        if self.bias:
            z, b = z + getattr(self, "bias_ih" + end), getattr(self, "bias_hh" + end)
            if self.gates != 3:  # NOTE: r of a GRU multiplies its state's bias
                z, b = z + b, None
        return z, self._transposed("weight_hh" + end), b

    def zero_states(self, x: Tensor, batch: int) -> States:
        """States of zeros."""
        shape = (batch, self.hidden_size)
        return [apply(full, like=x, value=0.0, shape=shape, dtype=x.dtype)] * self.states

    def advance(self, z: Tensor, states: States, w: Tensor, b: Tensor | None) -> States:
        """The new states; z is what x adds to the gates, w and b weigh the state."""
        raise NotImplementedError

    def _transposed(self, name: str) -> Any:
        return permute_dims(getattr(self, name), (1, 0))


def _as_states(hx: StatesLike) -> States:
    """The states of a call: none, one, or a tuple."""
    return [] if hx is None else list(hx) if isinstance(hx, tuple | list) else [hx]


class _Simple(_Gates):
    """h = activation(weight_ih @ x + bias_ih + weight_hh @ h_before + bias_hh)."""

    def begin(self, bias: bool = True, dtype: DTypeLike | None = None) -> None:
        functions: dict[str, Any] = {"tanh": tanh, "relu": relu}
        if self.nonlinearity not in functions:
            raise unknown_name("nonlinearity", self.nonlinearity, functions)
        self._function = functions[self.nonlinearity]
        super().begin(bias, dtype)

    def advance(self, z: Tensor, states: States, w: Tensor, b: Tensor | None) -> States:
        return [self._function(z + matmul(states[0], w))]


class _LongShort(_Gates):
    """Gates i, f, g, o, and the states (h, c)."""

    gates = 4
    states = 2

    def advance(self, z: Tensor, states: States, w: Tensor, b: Tensor | None) -> States:
        return lstm_states(z + matmul(states[0], w), states[1])


class _Gated(_Gates):
    """Gates r, z, n."""

    gates = 3

    def advance(self, z: Tensor, states: States, w: Tensor, b: Tensor | None) -> States:
        inner = matmul(states[0], w)
        inner = inner if b is None else inner + b
        # Ranvier's order of the gates is z, r, n.
        of_x, of_h = ([gate_of(t, n, self.hidden_size) for n in (1, 0, 2)] for t in (z, inner))
        return [gru_state(of_x, of_h, states[0])]


class _Recurrent(_Gates):
    """Base of recurrent modules: `num_layers` of them, each in one direction or both.

    The names of the weights of layer k end in `_lk`, those of the other direction in `_lk_reverse`.

    Args:
        input_size, hidden_size: features of x, and of the output in each direction.
        batch_first: x and the output are (batch, time, features), not (time, batch, features).
        dropout: the share of a layer's output left out before the next layer, in training.
    """

    takes = (
        "input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, "
        "bidirectional=False, proj_size=0, device=None, dtype=None"
    )

    def add_cells(self, dtype: DTypeLike | None) -> None:
        """Create the weights."""
        kind = type(self).__name__
        if self.proj_size:
            raise ArgumentError(
                f"{kind}: proj_size={self.proj_size} is not here; put a Linear behind it"
            )
        for name in ("hidden_size", "num_layers"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"{kind}: {name}={getattr(self, name)}; it must be 1 or more")
        for layer in range(self.num_layers):
            inputs = self.hidden_size * len(self._ends(0)) if layer else self.input_size
            for end in self._ends(layer):
                self.add_cell(inputs, end, dtype)

    def _ends(self, layer: int) -> list[str]:
        """What the names of a layer's weights end in, direction by direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: 2 if self.bidirectional else 1]

    def extra_repr(self) -> str:
        """The sizes."""
        usual = {"num_layers": 1, "batch_first": False, "bidirectional": False}
        more = [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *more])

    def forward(self, x: Tensor, hx: StatesLike = None) -> Any:
        """The outputs at all steps, and the last states: (layers * directions, batch, hidden)."""
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            shape = "(batch, time, " if self.batch_first else "(time, batch, "
            raise ShapeError(
                f"{type(self).__name__}: got x of shape {x.shape}; expected {shape}"
                f"{self.input_size})"
            )
        single, swapped = x.ndim == 2, x.ndim == 3 and self.batch_first
        first = _as_states(hx)
        if single:
            x, *first = (reshape(t, (t.shape[0], 1, t.shape[1])) for t in (x, *first))
        elif swapped:
            x = permute_dims(x, (1, 0, 2))
        wanted = (self.num_layers * len(self._ends(0)), x.shape[1], self.hidden_size)
        if hx is not None and [s.shape for s in first] != [wanted] * self.states:
            raise ShapeError(
                f"{type(self).__name__}: states of shapes {[s.shape for s in first]}; expected "
                f"{self.states} of shape {wanted}: (layers * directions, batch, hidden_size)"
            )
        lasts: list[States] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = F.dropout(x, self.dropout, self.training)
            outs = []
            for end in self._ends(layer):
                out, last = self._direction(x, end, [s[len(lasts)] for s in first])
                outs.append(out)
                lasts.append(last)
            x = outs[0] if len(outs) == 1 else concat(outs, -1)
        states = [stack(list(s)) for s in zip(*lasts, strict=True)]
        if single:
            x, *states = (reshape(t, (t.shape[0], t.shape[2])) for t in (x, *states))
        elif swapped:
            x = permute_dims(x, (1, 0, 2))
        return x, states[0] if len(states) == 1 else tuple(states)

    def _direction(self, x: Tensor, end: str, states: States) -> tuple[Any, States]:
        """One layer in one direction: (time, batch, features) -> (time, batch, hidden)."""
        time, batch, inputs = x.shape
        z, w, b = self.project(reshape(x, (time * batch, inputs)), end)

        def step(carry: States, z: Tensor) -> tuple[States, Any]:
            new = self.advance(z, carry, w, b)
            return new, new[0]

        first = list(states) or self.zero_states(x, batch)
        z = reshape(z, (time, batch, z.shape[-1]))
        last, out = scan(step, first, z, reverse=end.endswith("_reverse"))
        return out, last


class RNN(_Recurrent, _Simple):
    """`h = tanh(weight_ih @ x + bias_ih + weight_hh @ h_before + bias_hh)`, or with relu.

    >>> from ranvier.compat import torch
    >>> out, h = RNN(3, 4, batch_first=True)(torch.ones(2, 5, 3))
    >>> out.shape, h.shape
    ((2, 5, 4), (1, 2, 4))
    """

    takes = (
        "input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, "
        "batch_first=False, dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None"
    )


class LSTM(_Recurrent, _LongShort):
    """Long short-term memory; gates i, f, g, o, and the states (h, c).

    >>> from ranvier.compat import torch
    >>> out, (h, c) = LSTM(3, 4)(torch.ones(5, 2, 3))
    >>> out.shape, c.shape
    ((5, 2, 4), (1, 2, 4))
    """


class GRU(_Recurrent, _Gated):
    """Gated recurrent unit; gates r, z, n.

    >>> from ranvier.compat import torch
    >>> out, h = GRU(3, 4, bidirectional=True)(torch.ones(5, 2, 3))
    >>> out.shape, h.shape
    ((5, 2, 8), (2, 2, 4))
    """


class _Cell(_Gates):
    """Base: one step, with the weights of one layer."""

    line = "{0.input_size}, {0.hidden_size}"

    takes = "input_size, hidden_size, bias=True, device=None, dtype=None"

    def forward(self, x: Tensor, hx: StatesLike = None) -> Any:
        """The new state, (batch, hidden_size); of an LSTM (h, c)."""
        x = of(x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{type(self).__name__}: got x of shape {x.shape}; expected (batch, "
                f"{self.input_size}), one step"
            )
        row = x.ndim == 1
        x = x.reshape(1, -1) if row else x
        states = [of(s).reshape(1, -1) if row else of(s) for s in _as_states(hx)]
        z, w, b = self.project(x, "")
        new = self.advance(z, states or self.zero_states(x, x.shape[0]), w, b)
        new = [s.reshape(-1) if row else s for s in map(of, new)]
        return new[0] if len(new) == 1 else tuple(new)


class RNNCell(_Cell, _Simple):
    """One step of `nn.RNN`: (x, h) -> h."""

    takes = "input_size, hidden_size, bias=True, nonlinearity='tanh', device=None, dtype=None"


class LSTMCell(_Cell, _LongShort):
    """One step of `nn.LSTM`: (x, (h, c)) -> (h, c).

    >>> from ranvier.compat import torch
    >>> h, c = LSTMCell(3, 4)(torch.ones(2, 3))
    >>> h.shape
    (2, 4)
    """


class GRUCell(_Cell, _Gated):
    """One step of `nn.GRU`: (x, h) -> h."""
