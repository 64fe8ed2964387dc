"""`nn.RNNCell`, `nn.LSTMCell` and `nn.GRUCell`: one step of a recurrent module."""

from __future__ import annotations

from typing import Any

from ....errors import ShapeError
from ....ops.creation import full
from ....ops.op import apply
from ..tensor import of
from .module import Module
from .recurrent import GRU, LSTM, RNN


class _Cell(Module):
    """Base: weights `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh` as in the module's layer 0."""

    kind: Any = None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, **options: Any
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        whole = self.kind(input_size, hidden_size, bias=bias, **options)
        for name, weight in whole.named_parameters():
            setattr(self, name.removesuffix("_l0"), weight)
        # NOTE: no attribute, or its weights would be found twice.
        self._whole = lambda: whole

    def forward(self, x: Any, hx: Any = None) -> Any:
        """The new state, (batch, hidden_size); of an LSTM (h, c)."""
        x = of(x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{type(self).__name__}: got x of shape {x.shape}; expected (batch, "
                f"{self.input_size}), one step"
            )
        row = x.ndim == 1
        x = x.reshape(1, -1) if row else x
        weights = {name: getattr(self, name) for name in ("weight_ih", "weight_hh")}
        if self.bias:
            weights |= {name: getattr(self, name) for name in ("bias_ih", "bias_hh")}
        states = self._states(x, hx, row)
        whole = self._whole()
        z = x @ weights["weight_ih"].t()
        b = None
        if self.bias:
            z, b = z + weights["bias_ih"], weights["bias_hh"]
            if whole.gates != 3:  # NOTE: r of a GRU multiplies its state's bias
                z, b = z + b, None
        new = [of(s) for s in whole.turn(z, states, weights["weight_hh"].t(), b)]
        new = [s.reshape(-1) for s in new] if row else new
        return new[0] if len(new) == 1 else tuple(new)

    def _states(self, x: Any, hx: Any, row: bool) -> list[Any]:
        if hx is None:
            shape = (x.shape[0], self.hidden_size)
            zero = apply(full, like=x, value=0.0, shape=shape, dtype=x.dtype)
            return [zero] * self._whole().states
        given = list(hx) if isinstance(hx, tuple | list) else [hx]
        return [of(s).reshape(1, -1) if row else of(s) for s in given]

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.input_size}, {self.hidden_size}"


class RNNCell(_Cell):
    """One step of `nn.RNN`: (x, h) -> h."""

    kind = RNN


class LSTMCell(_Cell):
    """One step of `nn.LSTM`: (x, (h, c)) -> (h, c).

    >>> from ranvier.compat import torch
    >>> h, c = LSTMCell(3, 4)(torch.ones(2, 3))
    >>> h.shape
    (2, 4)
    """

    kind = LSTM


class GRUCell(_Cell):
    """One step of `nn.GRU`: (x, h) -> h."""

    kind = GRU
