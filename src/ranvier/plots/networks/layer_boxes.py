"""Layers as boxes from top to bottom, with their shapes and numbers of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from ..drawing import Box, Drawing, Point, Stroke, Words, shortened, text_width
from .layering import Layout, layered

_HEIGHT = 38.0
_MARGIN = 8.0
_WIDEST = 230.0
_NARROWEST = 18.0


class LayerFacts(Protocol):
    """A layer; `inputs` are positions of other layers, which stand before it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> str: ...
    @property
    def parameters(self) -> int: ...
    @property
    def inputs(self) -> tuple[int, ...]: ...


def draw_layers(
    drawing: Drawing,
    layers: Sequence[LayerFacts],
    room: float,
    parameters: str = "{count} parameters",
) -> Drawing:
    """The layers in an empty drawing, in `room` pixels of width if they fit; branches stand side
    by side, edges around what lies between.
    """
    edges = [(source, i) for i, layer in enumerate(layers) for source in layer.inputs]
    layout, width = _fitted(len(layers), edges, room - 2 * _MARGIN)
    drawing.width = max(room, layout.width + 2 * _MARGIN)
    drawing.height = layout.height + 2 * _MARGIN
    left = (drawing.width - layout.width) / 2
    for route in layout.routes:
        edge(drawing, [(x + left, y + _MARGIN) for x, y in route])
    for layer, (x, y) in zip(layers, layout.centers, strict=True):
        top = y + _MARGIN - _HEIGHT / 2
        box = Box(x + left - width / 2, top, width, _HEIGHT, "s1", 0.12, 5, "s1")
        _layer(drawing, layer, box, parameters)
    return drawing


def _fitted(count: int, edges: list[tuple[int, int]], room: float) -> tuple[Layout, float]:
    """The layout with boxes as wide as the room allows."""
    width = min(_WIDEST, room)
    while True:
        gap = 16.0 if width > 90 else 4.0
        layout = layered([width] * count, [_HEIGHT] * count, edges, (gap, 20.0))
        if layout.width <= room or width <= _NARROWEST:
            return layout, width
        width = max(_NARROWEST, 0.9 * width)


def edge(drawing: Drawing, route: Sequence[Point], role: str = "muted", arrow: float = 4.0) -> None:
    """A line along the route, bent between ranks, with an arrow at its end."""
    points = [route[0]]
    for (x0, y0), (x1, y1) in pairwise(route):
        middle = (y0 + y1) / 2
        points += [(x0, middle), (x1, middle), (x1, y1)]
    x, y = route[-1]
    straight = all(abs(x - a) < 0.5 for a, _ in route)
    ends = [route[0], route[-1]]
    line = Stroke(ends, role, 1.2) if straight else Stroke(points, role, 1.2, curved=True)
    head = [(x - arrow, y - 1.5 * arrow), (x, y), (x + arrow, y - 1.5 * arrow)]
    drawing.add(line, Stroke(head, role, fill=True))


def _layer(drawing: Drawing, layer: LayerFacts, box: Box, parameters: str) -> None:
    drawing.add(Box(box.x, box.y, box.width, box.height, "panel", 1, 5))
    about = f"{layer.name} ({layer.kind}): {layer.shape}, {layer.parameters:,}"
    opacity = box.opacity if layer.parameters else 0.03
    drawing.add(Box(box.x, box.y, box.width, box.height, box.role, opacity, 5, "s1", tip=about))
    count = f" · {parameters.format(count=f'{layer.parameters:,}')}"
    detail = layer.shape + (count if layer.parameters else "")
    if text_width(detail, 11) > box.width - 8:
        detail = layer.shape
    room, middle = box.width - 8, box.x + box.width / 2
    title = layer.name if layer.kind in ("InputLayer", "op") else layer.kind
    drawing.add(
        Words(middle, box.y + 16, shortened(title, room, 12), "ink", 12, "middle", True, tip=about),
        Words(middle, box.y + 31, shortened(detail, room, 11), "muted", 11, "middle"),
    )
