"""The layers of a network for its picture."""

from __future__ import annotations

from ..train.ensembles.ensemble import Ensemble
from ..train.models.model import Model
from ..train.models.summary import layer_lines
from .results import LayerRow


def layers_of(network: Model | Ensemble) -> tuple[LayerRow, ...]:
    """One row for each layer, with the positions of those that it reads; the members of an ensemble
    are alike.
    """
    model = network.first if isinstance(network, Ensemble) else network
    return tuple(
        LayerRow(
            line.name,
            line.kind if line.kind != "op" else line.name,
            line.shape,
            line.parameters,
            line.inputs,
        )
        for line in layer_lines(model)
    )
