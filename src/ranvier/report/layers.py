"""The layers of a network for its picture."""

from __future__ import annotations

from ..train.models.model import Model
from ..train.models.summary import layer_lines
from .results import LayerRow


def layers_of(network: Model) -> tuple[LayerRow, ...]:
    """One row for each layer, with the positions of those that it reads."""
    return tuple(
        LayerRow(
            line.name,
            line.kind if line.kind != "op" else line.name,
            line.shape,
            line.parameters,
            line.inputs,
        )
        for line in layer_lines(network)
    )
