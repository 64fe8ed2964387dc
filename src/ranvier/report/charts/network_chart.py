"""The picture of a network: layers as boxes from top to bottom, with their shapes."""

from __future__ import annotations

from ...plots.drawing import Drawing
from ...plots.networks.layer_boxes import draw_layers
from ..results import Results
from ..words.language import Language

_MAX_LAYERS = 40


def network_chart(results: Results, words: Language) -> Drawing | None:
    """None where there are no layers, or more than a picture holds."""
    layers = results.layers
    if not layers or len(layers) > _MAX_LAYERS:
        return None
    drawing = Drawing(words("chart_network"), words("chart_network_about"), lang=words.lang)
    draw_layers(drawing, layers, 400, words("parameters_short", count="{count}"))
    drawing.head, drawing.rows = layer_table(results, words)
    return drawing


def layer_table(results: Results, words: Language) -> tuple[list[str], list[list[str]]]:
    """The layers as rows."""
    head = [words(key) for key in ("layer", "kind", "shape", "parameters")]
    return head, [[x.name, x.kind, x.shape, f"{x.parameters:,}"] for x in results.layers]
