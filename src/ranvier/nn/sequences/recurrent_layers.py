"""Recurrent layers: a cell run along a sequence as one loop (`ranvier.scan`).

What depends on x alone, `x @ kernel + bias`, is one contraction for all steps before the loop. A
mask (`x.mask`, (batch, time) bools) says which steps a sequence really has: in the others the
states stay as they are and the output is that of the step before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, Unpack

import numpy as np

from ...errors import ArgumentError, ShapeError
from ...graph.sizes import is_unknown
from ...ops.composites.shaping import expand_dims
from ...ops.creation import full
from ...ops.elementwise import not_equal, where
from ...ops.movement import flip, permute_dims
from ...ops.op import apply
from ...tensors.tensor import Tensor
from ...tracing.scan import scan
from ...typing import Shape, ShapeLike
from ..configuration import restore
from ..constructor_options import UNBUILT, LayerOptions, RecurrentOptions
from ..layer import LAYERS, Layer, register_layer
from ..policy import widened
from .recurrent_cells import Cell, GRUCell, LSTMCell, SimpleRNNCell, States


class LoopResult(NamedTuple):
    """The result of a loop over a sequence: outputs (batch, time, units) of all steps, or None; the
    last output; the last states."""

    outputs: Tensor | None
    last_output: Tensor
    states: States


CellLike: TypeAlias = Layer  # one that has a state_size
_Carry: TypeAlias = tuple[States, Tensor | None]  # the states and, if kept, the last output
_StepInputs: TypeAlias = tuple[Tensor, Tensor | None]  # x and the mask of one step
InitialStates: TypeAlias = Tensor | Sequence[Tensor] | None


class _CarriedStates:
    """The states that a stateful layer carries to the next batch; no weights of the layer."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.fresh = True  # not read since they were set to zero


class Recurrent(Layer):
    """Base of recurrent layers.

    Args:
        return_sequences: return the outputs of all steps, (batch, time, units), not just the last.
        return_state: return a list: the output, then the last states.
        go_backwards: begin at the end of the sequence; outputs then come in that order.
        stateful: begin each batch with the states in which the last one ended: row i continues row
            i. `reset_states()` resets them.
        zero_output_for_mask: with a mask, outputs of steps that a sequence does not have are 0.
        unroll: accepted as in Keras; the loop is compiled either way.
        options: those of the cell and of every layer.
    """

    in_float32 = True

    def __init__(
        self,
        *args: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self._kept = _CarriedStates()

    @property
    def cell(self) -> Any:
        """What computes one step."""
        return self

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 2:
            raise ShapeError(
                f"{self.name}: rows of shape {input_shape}; expected sequences, (batch, time, "
                "features). For sequences of single numbers add an axis: x[:, :, None]"
            )
        self.build_cell(input_shape[1:])

    def build_cell(self, shape: Shape) -> None:
        """Create the cell's weights for steps of `shape`."""
        super().build(shape)

    def forward(
        self,
        x: Tensor,
        *states: Any,
        initial_state: InitialStates = None,
        mask: Tensor | None = None,
    ) -> Any:
        """The last output; all outputs and the last states as the arguments of the layer say.

        States may also be given one by one, after x.
        """
        done = self.run(x, list(states) or initial_state, x.mask if mask is None else mask)
        out = done.last_output
        if done.outputs is not None:
            out = flip(done.outputs, 1) if self.go_backwards else done.outputs
        return [out, *done.states] if self.return_state else out

    def run(self, x: Tensor, states: InitialStates, mask: Tensor | None) -> LoopResult:
        """Run along x with the layer's settings; outputs are in the order of x."""
        first = [states] if isinstance(states, Tensor) else states
        x, first = widened((x, first))
        if self.stateful and first is None:
            first = self._states_for(x)
        done = self.run_loop(x, first, mask, self.go_backwards)
        if self.stateful:
            for kept, new in zip(self._states_for(x), done.states, strict=True):
                kept.assign(new.detach())
        return done

    def _check_inputs(
        self, x: Tensor, states: Sequence[Tensor] | None, mask: Tensor | None
    ) -> None:
        if x.ndim < 3:
            raise ShapeError(
                f"{self.name}: got an input of shape {x.shape}; expected sequences, (batch, time, "
                "features)"
            )
        sizes = self.sizes
        if mask is not None and tuple(mask.shape) != tuple(x.shape[:2]):
            raise ShapeError(
                f"{self.name}: the mask has shape {tuple(mask.shape)}; expected {x.shape[:2]}, "
                f"(batch, time), for an input of shape {x.shape}"
            )
        if states is not None and len(states) != len(sizes):
            raise ArgumentError(
                f"{self.name}: {len(states)} initial states given; its cell has {len(sizes)}"
            )
        for state, size in zip(states or (), sizes, strict=False):
            if state.shape[-1] != size:
                raise ShapeError(
                    f"{self.name}: an initial state has shape {state.shape}; expected "
                    f"({x.shape[0]}, {size})"
                )

    def run_loop(
        self, x: Tensor, states: Sequence[Tensor] | None, mask: Tensor | None, reverse: bool
    ) -> LoopResult:
        """Run along x; outputs are in the order of x."""
        self._check_inputs(x, states, mask)
        cell = self.cell
        is_ours = isinstance(cell, Cell)
        first = [_zeros(x, n) for n in self.sizes] if states is None else list(states)
        # The output before the first step; that of a cell of ours is its first state.
        keeps_output = not is_ours or (mask is not None and states is not None)
        before = _zeros(x, _width(cell)) if keeps_output else None
        xs, keep = self._loop_inputs(x)

        def step(carry: _Carry, now: _StepInputs) -> tuple[_Carry, Tensor | None]:
            (states, before), (x, real) = carry, now
            if is_ours:
                new = cell.advance(x, states, keep)
                out = new[0]
            else:
                out, new = cell.forward(x, states)
                new = list(new) if isinstance(new, list | tuple) else [new]
            y = out
            if real is not None:
                real = expand_dims(real, -1)
                new = [where(real, a, b) for a, b in zip(new, states, strict=True)]
                out = new[0] if before is None else where(real, out, before)
                y = where(real, y, 0.0) if self.zero_output_for_mask else out
            return (new, out if keeps_output else None), y if self.return_sequences else None

        masks = None
        if mask is not None:
            mask = mask if mask.dtype == np.bool_ else not_equal(mask, 0)
            masks = permute_dims(mask, (1, 0))
        (last, out), ys = scan(step, (first, before), (xs, masks), reverse=reverse)
        axes = () if ys is None else (1, 0, *range(2, ys.ndim))
        return LoopResult(
            None if ys is None else permute_dims(ys, axes), out if keeps_output else last[0], last
        )

    def _loop_inputs(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """The inputs of the loop, time first, and what multiplies the state."""
        cell = self.cell
        keep = None
        if isinstance(cell, Cell):
            drop = cell.drop((x.shape[0], 1, *x.shape[2:]), cell.dropout)
            x = x if drop is None else x * drop
            keep = cell.drop_state(x.shape[0])
        x = permute_dims(x, (1, 0, *range(2, x.ndim)))
        return (cell.project(x) if isinstance(cell, Cell) else x), keep

    @property
    def sizes(self) -> list[int]:
        """Numbers in each state."""
        return _as_list(self.cell.state_size)

    def output_mask(self, *masks: Tensor | None) -> Tensor | None:
        return masks[0] if self.return_sequences else None

    def output_shape(self, input_shape: Shape) -> Shape:
        if self.return_sequences:
            return (input_shape[0], _width(self.cell))
        return (_width(self.cell),)

    # -- states from batch to batch --

    def _states_for(self, x: Tensor) -> list[Tensor]:
        kept, batch = self._kept, x.shape[0]
        if is_unknown(batch):  # nothing comes before the first batch
            return [_zeros(x, n) for n in self.sizes]
        if kept.tensors and kept.tensors[0].shape[0] != batch and not kept.fresh:
            raise ShapeError(
                f"{self.name}: a stateful layer continues row by row; the last batch had "
                f"{kept.tensors[0].shape[0]} rows, this one has {batch}. Use batches of one size, "
                "or start again with reset_states()"
            )
        if not kept.tensors or kept.tensors[0].shape[0] != batch:
            kept.tensors = [Tensor(np.zeros((batch, n), x.dtype)) for n in self.sizes]
        kept.fresh = False
        return kept.tensors

    def reset_states(self) -> None:
        """Begin the next batch of a stateful layer with zeros."""
        for t in self._kept.tensors:
            t.assign(Tensor(np.zeros(t.shape, t.dtype)))
        self._kept.fresh = True

    reset_state = reset_states


def _zeros(x: Tensor, size: int) -> Tensor:
    return apply(full, like=x, value=0.0, shape=(x.shape[0], size), dtype=x.dtype)


@register_layer
class SimpleRNN(Recurrent, SimpleRNNCell):
    """`h = tanh(x @ kernel + h_before @ recurrent_kernel + bias)` along a sequence: Elman 1990.

    Shapes: (batch, time, features) -> (batch, units), or (batch, time, units) with
    `return_sequences`. `kernel` is (features, units), `recurrent_kernel` (units, units).

    >>> import ranvier
    >>> SimpleRNN(4, return_sequences=True)(ranvier.ones((2, 5, 3))).shape
    (2, 5, 4)

    The arguments are those of `SimpleRNNCell` and `Recurrent`.
    """


@register_layer
class LSTM(Recurrent, LSTMCell):
    """Long short-term memory along a sequence: Hochreiter and Schmidhuber 1997.

        i, f, g, o = the four parts of x @ kernel + h_before @ recurrent_kernel + bias
        c = sigmoid(f) * c_before + sigmoid(i) * tanh(g);   h = sigmoid(o) * tanh(c)

    Shapes: (batch, time, features) -> (batch, units), or (batch, time, units) with
    `return_sequences`; with `return_state` also h and c. `kernel` is (features, 4 * units),
    `recurrent_kernel` (units, 4 * units), `bias` (4 * units,).

    >>> import ranvier
    >>> out, h, c = LSTM(4, return_sequences=True, return_state=True)(ranvier.ones((2, 5, 3)))
    >>> out.shape, h.shape, c.shape
    ((2, 5, 4), (2, 4), (2, 4))

    The arguments are those of `LSTMCell` and `Recurrent`.
    """


@register_layer
class GRU(Recurrent, GRUCell):
    """Gated recurrent unit along a sequence: Cho et al. 2014; `GRUCell` has the formula.

    Shapes: (batch, time, features) -> (batch, units), or (batch, time, units) with
    `return_sequences`. `kernel` is (features, 3 * units), `recurrent_kernel` (units, 3 * units),
    `bias` (2, 3 * units), or (3 * units,) with `reset_after=False`.

    >>> import ranvier
    >>> GRU(4)(ranvier.ones((2, 5, 3))).shape
    (2, 4)

    The arguments are those of `GRUCell` and `Recurrent`.
    """


@register_layer
class RNN(Recurrent):
    """Any cell along a sequence: one of this module, a layer of your own, or a list of cells.

    A cell of your own is a layer with `state_size` (a number, or a list of them) and
    `forward(x, states)`, which returns the output and the new states.

    >>> import ranvier
    >>> class Sum(Layer):
    ...     state_size = 3
    ...     def forward(self, x, states):
    ...         return x + states[0], [x + states[0]]
    >>> RNN(Sum())(ranvier.ones((2, 5, 3))).tolist()
    [[5.0, 5.0, 5.0], [5.0, 5.0, 5.0]]

    Args:
        cell: a cell, or a list of them, each reading the output of the one before.
        options: those of `Recurrent` and of every layer.
    """

    cell: CellLike = UNBUILT

    def __init__(
        self,
        cell: CellLike | Mapping[str, Any] | Sequence[CellLike | Mapping[str, Any]],
        **options: Unpack[RecurrentOptions],
    ) -> None:
        super().__init__(**options)
        if isinstance(cell, Mapping):
            restored: Layer = restore("cell", cell, LAYERS)
            cell = restored
        self.cell = StackedRNNCells(cell) if isinstance(cell, Sequence) else cell
        if not hasattr(self.cell, "state_size"):
            raise ArgumentError(
                f"{self.name}: {type(self.cell).__name__} is no cell: it has no state_size, the "
                "numbers in its states"
            )

    def build_cell(self, shape: Shape) -> None:
        self.cell.ensure_built(shape)


@register_layer
class StackedRNNCells(Layer):
    """A stack of cells as one cell: each reads the output of the one before.

    >>> StackedRNNCells([LSTMCell(4), GRUCell(3)]).state_size
    [4, 4, 3]
    """

    in_float32 = True

    def __init__(
        self, cells: Sequence[CellLike | Mapping[str, Any]], **options: Unpack[LayerOptions]
    ) -> None:
        super().__init__(**options)
        self.cells: list[CellLike] = [
            restore("cell", c, LAYERS) if isinstance(c, Mapping) else c for c in cells
        ]

    @property
    def state_size(self) -> list[int]:
        """Numbers in each state, cell after cell."""
        return [n for cell in self.cells for n in _as_list(cell.state_size)]

    @property
    def output_size(self) -> int:
        """Numbers in the output."""
        return _width(self.cells[-1])

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            cell.ensure_built(input_shape)
            input_shape = (_width(cell),)

    def forward(self, x: Tensor, states: Sequence[Any]) -> tuple[Tensor, States]:
        new_states: States = []
        for cell in self.cells:
            count = len(_as_list(cell.state_size))
            x, new = cell.forward(x, states[len(new_states) : len(new_states) + count])
            new_states += new
        return x, new_states


def _as_list(size: ShapeLike) -> list[int]:
    return [size] if isinstance(size, int) else list(size)


def _width(cell: CellLike) -> int:
    """Numbers in a cell's output."""
    return int(getattr(cell, "output_size", _as_list(cell.state_size)[0]))
