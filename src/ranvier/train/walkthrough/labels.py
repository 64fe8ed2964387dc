"""Labels: the columns of a table and the classes of a target, wherever a tensor lies along them.

names of the inputs    x, and what layers that work column by column make of it; rows of W
names of the classes   what the model gives, and z before its softmax; columns of W, b
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ... import nn
from ...errors import ShapeError, unknown_name
from ...graph.node import Node
from ...nn.tables.scaling import OutputRange, RobustScale, Scale
from ...typing import Array
from .meaning import Call
from .names import GRADIENT
from .record import Recording

Names: TypeAlias = tuple[str, ...]
FeatureNames: TypeAlias = Sequence[str] | Mapping[str, Sequence[str]]

# Layers whose output holds the same columns as their input.
_COLUMN_BY_COLUMN = (
    nn.Normalize, nn.Rescaling, RobustScale, Scale, OutputRange, nn.BatchNormalization,
    nn.LayerNormalization, nn.Dropout, nn.GaussianNoise, nn.GaussianDropout, nn.Activation,
    nn.Softmax, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.PReLU, nn.LevelDropout, nn.Flatten, nn.UnitMask,
)  # fmt: skip


def features_of(recording: Recording, names: FeatureNames | None) -> dict[str, Names]:
    """The names of the columns of each input: as given, or as the model has learned them."""
    inputs = recording.rows.names[: len(recording.rows.xs)]
    if names is None:
        known = recording.model.column_names
        roles = {name: f"x[{name!r}]" if len(inputs) > 1 else "x" for name in inputs}
        return {name: tuple(known[role]) for name, role in roles.items() if role in known}
    by_input = names if isinstance(names, Mapping) else {inputs[0]: names}
    made = {}
    for name, columns in by_input.items():
        if name not in inputs:
            raise unknown_name("input", name, inputs)
        wide = recording.rows.xs[inputs.index(name)].shape[-1]
        if len(columns) != wide:
            raise ShapeError(
                f"walkthrough: feature_names has {len(columns)} names for {name}, whose rows have "
                f"{wide} columns"
            )
        made[name] = tuple(map(str, columns))
    return made


class Labels:
    """What the positions along the last axis of the nodes of a recording are called."""

    def __init__(
        self, recording: Recording, features: Mapping[str, Names], classes: Sequence[str]
    ) -> None:
        self._of: dict[Node, Names] = {}
        for node in recording.graph.inputs:
            self._name(node, features.get(node.name, ()))
        for call in recording.calls:
            self._forward(call)
        whole = next((c for c in recording.calls if c.depth == 0), None)
        for node in () if whole is None or not classes else whole.outputs:
            self._name(node, tuple(map(str, classes)))
        for call in reversed(recording.calls):
            self._backward(call)

    def last(self, node: Node) -> Names:
        """The names along the last axis of a node; () where they have none."""
        return self._of.get(node, ())

    def of(self, call: Call, symbol: str, array: Array) -> tuple[Names, ...]:
        """The names along each axis of a tensor of a call; () where no axis has any."""
        bare = symbol.removeprefix(GRADIENT)
        into = self.last(call.inputs[0]) if len(call.inputs) == 1 else ()
        out = self.last(call.outputs[0]) if len(call.outputs) == 1 else ()
        axes: tuple[Names, ...]
        if bare == "W" and array.ndim == 2:
            axes = (into, out)
        elif bare == "x":
            axes = ((),) * (array.ndim - 1) + (into,)
        elif bare in ("z", "a", "out", "b"):
            axes = ((),) * (array.ndim - 1) + (out,)
        else:
            return ()
        if array.ndim != len(axes) or not any(axes):
            return ()
        fits = all(not names or len(names) == n for names, n in zip(axes, array.shape, strict=True))
        return axes if fits else ()

    def _name(self, node: Node, names: Names) -> None:
        if names and node.shape and node.shape[-1] == len(names):
            self._of.setdefault(node, names)

    def _forward(self, call: Call) -> None:
        parts = [self.last(node) for node in call.inputs]
        if len(call.outputs) != 1 or not all(parts):
            return
        if isinstance(call.layer, nn.Concatenate):
            self._name(call.outputs[0], tuple(name for names in parts for name in names))
        elif len(parts) == 1 and isinstance(call.layer, _COLUMN_BY_COLUMN):
            self._name(call.outputs[0], parts[0])

    def _backward(self, call: Call) -> None:
        """What gives the classes reads them too, if it works column by column."""
        if len(call.outputs) == 1 and len(call.inputs) == 1:
            names = self.last(call.outputs[0])
            if isinstance(call.layer, _COLUMN_BY_COLUMN):
                self._name(call.inputs[0], names)
