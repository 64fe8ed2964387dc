"""Wrappers: both directions of a sequence, and a layer at each of its positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from ...errors import ArgumentError, ShapeError, unknown_name
from ...ops.movement import concat, reshape
from ...tensors.tensor import Tensor
from ...typing import Shape
from ..configuration import plain, restore
from ..constructor_options import LayerOptions
from ..layer import LAYERS, Layer, register_layer
from .recurrent_layers import InitialStates, Recurrent

MERGE_MODES = ("concat", "sum", "mul", "ave", None)


@register_layer
class Bidirectional(Layer):
    """A recurrent layer and a second one that begins at the end: Schuster and Paliwal 1997.

    Shapes: those of the layer, with twice as many features for "concat".

    >>> import ranvier
    >>> from ranvier.nn import LSTM
    >>> Bidirectional(LSTM(4, return_sequences=True))(ranvier.ones((2, 5, 3))).shape
    (2, 5, 8)

    Args:
        layer: a recurrent layer.
        merge_mode: how both outputs become one: "concat" (side by side), "sum", "mul", "ave" (the
            mean), or None: a list of both.
        backward_layer: the second one, with `go_backwards=True`; by default like the first, with
            weights of its own.
        options: those of every layer.
    """

    in_float32 = True

    def __init__(
        self,
        layer: Layer | Mapping[str, Any],
        merge_mode: str | None = "concat",
        backward_layer: Layer | Mapping[str, Any] | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(**options)
        if merge_mode not in MERGE_MODES:
            raise unknown_name("merge_mode", merge_mode, [str(m) for m in MERGE_MODES])
        self.forward_layer = self._recurrent(layer)
        self.merge_mode = merge_mode
        if backward_layer is None:
            settings = self.forward_layer.get_config()
            settings["name"] = f"backward_{self.forward_layer.name}"
            settings["go_backwards"] = not self.forward_layer.go_backwards
            backward_layer = type(self.forward_layer).from_config(settings)
        self.backward_layer = self._recurrent(backward_layer)
        for what in ("return_sequences", "return_state", "stateful"):
            if getattr(self.forward_layer, what) != getattr(self.backward_layer, what):
                raise ArgumentError(f"{self.name}: both layers must have the same {what}")
        for one in (self.forward_layer, self.backward_layer):
            one.zero_output_for_mask = one.return_sequences  # as in Keras
        if self.forward_layer.go_backwards == self.backward_layer.go_backwards:
            raise ArgumentError(
                f"{self.name}: both layers go the same way; give backward_layer go_backwards=True"
            )

    def _recurrent(self, layer: Layer | Mapping[str, Any]) -> Recurrent:
        if isinstance(layer, dict):
            layer = restore("layer", layer, LAYERS)
        if not isinstance(layer, Recurrent):
            raise ArgumentError(
                f"{self.name}: expected a recurrent layer (SimpleRNN, LSTM, GRU, RNN); got "
                f"{type(layer).__name__}"
            )
        return layer

    def get_config(self) -> dict[str, Any]:
        settings = self._arguments("layer", "input_shape")
        layer = plain(self.forward_layer, f"{self.name}.layer")
        return {"layer": layer, **settings}

    def build(self, input_shape: Shape) -> None:
        self.forward_layer.ensure_built(input_shape)
        self.backward_layer.ensure_built(input_shape)

    def forward(
        self,
        x: Tensor,
        *states: Tensor,
        initial_state: InitialStates = None,
        mask: Tensor | None = None,
    ) -> Tensor | list[Tensor]:
        """The merged outputs; with `return_state` a list: they, then the last states of both."""
        first, second = self.forward_layer, self.backward_layer
        parts = self._initial_states(list(states) or initial_state)
        mask = x.mask if mask is None else mask
        one, two = first.run(x, parts[0], mask), second.run(x, parts[1], mask)
        if one.outputs is not None and two.outputs is not None:
            merged = self._merged(one.outputs, two.outputs)
        else:
            merged = self._merged(one.last_output, two.last_output)
        if not first.return_state:
            return merged
        head = merged if isinstance(merged, list) else [merged]
        return [*head, *one.states, *two.states]

    def _initial_states(
        self, states: InitialStates
    ) -> tuple[Sequence[Tensor] | None, Sequence[Tensor] | None]:
        """The initial states of the first layer and of the second."""
        if states is None:
            return None, None
        half, other = len(self.forward_layer.sizes), len(self.backward_layer.sizes)
        if isinstance(states, Tensor) or len(states) != half + other:
            raise ArgumentError(
                f"{self.name}: {len(states)} initial states given; expected "
                f"{half} for the first layer, then {other} for the second"
            )
        return states[:half], states[half:]

    def _merged(self, a: Tensor, b: Tensor) -> Tensor | list[Tensor]:
        match self.merge_mode:
            case "concat":
                return concat([a, b], -1)
            case "sum":
                return a + b
            case "mul":
                return a * b
            case "ave":
                return (a + b) * 0.5
        return [a, b]

    def output_mask(self, *masks: Tensor | None) -> Tensor | list[Tensor | None] | None:
        mask = masks[0] if self.forward_layer.return_sequences else None
        return [mask, mask] if self.merge_mode is None else mask

    def output_shape(self, input_shape: Shape) -> Shape:
        *leading, width = self.forward_layer.output_shape(input_shape)
        other = self.backward_layer.output_shape(input_shape)[-1]
        return (*leading, width + other if self.merge_mode == "concat" else width)

    def reset_states(self) -> None:
        """Begin the next batch of stateful layers with zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    reset_state = reset_states


@register_layer
class TimeDistributed(Layer):
    """A layer applied to each position of a sequence by itself, with the same weights.

    Shapes: (batch, time, ...) -> (batch, time, the layer's output).

    >>> import ranvier
    >>> from ranvier.nn import Dense
    >>> TimeDistributed(Dense(4))(ranvier.ones((2, 5, 3))).shape
    (2, 5, 4)

    Args:
        layer: any layer that gives one tensor.
        options: those of every layer.
    """

    def __init__(self, layer: Layer | Mapping[str, Any], **options: Unpack[LayerOptions]) -> None:
        super().__init__(**options)
        if isinstance(layer, dict):
            layer = restore("layer", layer, LAYERS)
        if not isinstance(layer, Layer):
            raise ArgumentError(
                f"{self.name}: expected a layer, e.g. Dense(8); got {type(layer).__name__}"
            )
        self.layer = layer

    def build(self, input_shape: Shape) -> None:
        if not input_shape:
            raise ShapeError(f"{self.name}: expected sequences, (batch, time, ...)")
        self.layer.ensure_built(input_shape[1:])

    def forward(self, x: Tensor) -> Tensor:
        batch, time = x.shape[:2]
        out = self.layer(reshape(x, (batch * time, *x.shape[2:])))
        if not isinstance(out, Tensor):
            raise ArgumentError(
                f"{self.name}: {self.layer.name} gives a list of tensors; expected one"
            )
        return reshape(out, (batch, time, *out.shape[1:]))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self.layer.output_shape(input_shape[1:]))
