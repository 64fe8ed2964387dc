"""The picture of a network: layers as boxes from top to bottom, with their shapes."""

from __future__ import annotations

from collections.abc import Sequence

from ...plots.drawing import Box, Drawing, Stroke, Words, shortened, text_width
from ..results import LayerRow, Results
from ..words.language import Language

_MAX_LAYERS = 40
_BOX_HEIGHT = 38.0
_GAP = 18.0


def network_chart(results: Results, words: Language) -> Drawing | None:
    """None where there are no layers, or more than a picture holds."""
    layers = results.layers
    if not layers or len(layers) > _MAX_LAYERS:
        return None
    ranks = _ranks(layers)
    height = 16 + (max(ranks) + 1) * (_BOX_HEIGHT + _GAP)
    drawing = Drawing(
        words("chart_network"), words("chart_network_about"), 400, height, lang=words.lang
    )
    boxes = _boxes(layers, ranks)
    for i, layer in enumerate(layers):
        for source in layer.inputs:
            _edge(drawing, boxes[source], boxes[i], ranks[i] - ranks[source])
    for layer, box in zip(layers, boxes, strict=True):
        _layer(drawing, layer, box, words)
    drawing.head, drawing.rows = layer_table(results, words)
    return drawing


def layer_table(results: Results, words: Language) -> tuple[list[str], list[list[str]]]:
    """The layers as rows."""
    head = [words(key) for key in ("layer", "kind", "shape", "parameters")]
    return head, [[x.name, x.kind, x.shape, f"{x.parameters:,}"] for x in results.layers]


def _ranks(layers: Sequence[LayerRow]) -> list[int]:
    """The row of each layer: below all its inputs; what has no input stands above its first use."""
    ranks = [0] * len(layers)
    for i, layer in enumerate(layers):
        ranks[i] = max((ranks[j] + 1 for j in layer.inputs), default=0)
    for i, layer in enumerate(layers):
        users = [ranks[j] for j, other in enumerate(layers) if i in other.inputs]
        if not layer.inputs and users:
            ranks[i] = min(users) - 1
    return ranks


def _boxes(layers: Sequence[LayerRow], ranks: Sequence[int]) -> list[Box]:
    """The rectangle of each layer; those of one row side by side, below what they read."""
    middles = [0.0] * len(layers)
    boxes: list[Box] = [Box(0, 0, 0, 0, "panel")] * len(layers)
    for rank in range(max(ranks) + 1):
        members = [i for i in range(len(layers)) if ranks[i] == rank]
        wanted = {
            i: sum(middles[j] for j in layers[i].inputs) / max(len(layers[i].inputs), 1)
            for i in members
        }
        members.sort(key=lambda i: (wanted[i], i))
        width = min(250.0, (384 - 10 * (len(members) - 1)) / len(members))
        room = 384 / len(members)
        for k, i in enumerate(members):
            middles[i] = 8 + room * (k + 0.5)
            y = 8 + rank * (_BOX_HEIGHT + _GAP)
            boxes[i] = Box(middles[i] - width / 2, y, width, _BOX_HEIGHT, "s1", 0.12, 5, "s1")
    return boxes


def _edge(drawing: Drawing, start: Box, end: Box, rows: int) -> None:
    x0, y0 = start.x + start.width / 2, start.y + start.height
    x1, y1 = end.x + end.width / 2, end.y - 1
    points = [(x0, y0), (x1, y1)]
    if rows > 1:  # around what lies between
        side = min(max(start.x + start.width, end.x + end.width) + 14, drawing.width - 6)
        points = [
            (start.x + start.width, y0 - start.height / 2), (side, y0 - start.height / 2),
            (side, y1 - _GAP / 2), (x1, y1 - _GAP / 2), (x1, y1),
        ]  # fmt: skip
    drawing.add(
        Stroke(points, "muted", 1.3),
        Stroke([(x1 - 4, y1 - 6), (x1, y1), (x1 + 4, y1 - 6)], "muted", fill=True),
    )


def _layer(drawing: Drawing, layer: LayerRow, box: Box, words: Language) -> None:
    drawing.add(Box(box.x, box.y, box.width, box.height, "panel", 1, 5), box)
    count = f" · {words('parameters_short', count=f'{layer.parameters:,}')}"
    detail = layer.shape + (count if layer.parameters else "")
    if text_width(detail, 11) > box.width - 8:
        detail = layer.shape
    room, middle = box.width - 8, box.x + box.width / 2
    title = layer.name if layer.kind == "InputLayer" else layer.kind
    about = f"{layer.name} ({layer.kind}): {layer.shape}, {layer.parameters:,}"
    drawing.add(
        Words(
            middle,
            box.y + 16,
            shortened(title, room, 12),
            "ink",
            12,
            "middle",
            True,
            tip=about,
        ),
        Words(middle, box.y + 31, shortened(detail, room, 11), "muted", 11, "middle"),
    )
