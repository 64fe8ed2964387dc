"""The drawing of a computation graph: its sections below each other, ops by their names.

A section is a drawing of its own. What it reads of another section, and what many ops read, is a
label at each use instead of a long line, and parts that have no line between them stand side by
side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...base.missing import answered
from ...errors import ArgumentError
from ...graph.graph import Graph
from ...tracing.compiled import CompiledFunction
from ...train.fit.ready import step_to_show
from ...train.models.model import Model
from ..drawing import Box, Drawing, Point, Stroke, Words, shortened, text_width
from .blocks import Block, Label, Section, sections_of
from .layer_boxes import edge
from .layering import Layout, layered

MOST_BLOCKS = 600
_BLOCK, _LABEL = (118.0, 34.0), 18.0  # width and height of a block, height of a label
_MARGIN = 10.0
_HEAD = 30.0
_WIDEST = 980.0  # beyond it, parts of a section go into the next line
_LAYER_ROLES = ("s1", "s3", "s4", "s2", "s6", "s7", "s8", "s9", "s10")


@answered
def graph(
    target: Graph | Model | Callable[..., Any], *args: Any, functions: bool = True
) -> Drawing:
    """The computation graph of a model's step or of a function, drawn.

    A box is an op with the shape of its result; a function of several ops, such as `relu`, is one
    box by its own name. Colours are layers. Labels are values from elsewhere: parameters, and what
    another section has computed. Constants stand in the box that reads them.

    Args:
        target: a graph; a model, followed by x and y for the training step or by x for the forward
            pass, or alone for the step that `fit` used last; or a function with its arguments.
        functions: whether ops of one function are one box.

    Raises ArgumentError for a graph of more than 600 boxes.

    >>> import ranvier
    >>> drawing = graph(lambda x: ranvier.sum(ranvier.tanh(x) * 2.0), ranvier.ones((3,)))
    >>> [row[1] for row in drawing.rows]
    ['tanh', 'multiply 2', 'sum']
    """
    title, whole = _graph_of(target, args)
    sections = sections_of(whole, functions)
    count = sum(len(section.blocks) for section in sections)
    if count > MOST_BLOCKS:
        raise ArgumentError(
            f"graph: {count:,} boxes are more than a picture holds ({MOST_BLOCKS}); draw the "
            "network instead, ranvier.plots.network(model), or the forward pass alone, "
            "ranvier.plots.graph(model, x)"
        )
    drawing = Drawing(
        title,
        "Each box is an op, or a function of several, with the shape of its result, coloured by "
        "its layer; grey labels are parameters and values computed in another section.",
    )
    roles = _roles(sections)
    y = _MARGIN
    for section in sections:
        y = _draw_section(drawing, section, roles, y)
    drawing.height = y
    drawing.head = ("value", "op", "result", "layer", "section", "reads")
    drawing.rows = [
        (b.name, b.title, b.shape, b.layer, section.title, ", ".join(b.reads))
        for section in sections
        for b in section.blocks
    ]
    return drawing


def _graph_of(target: object, args: tuple[Any, ...]) -> tuple[str, Graph]:
    if isinstance(target, Graph):
        if args:
            raise ArgumentError("graph: a graph takes no further arguments")
        return "Graph", target
    if isinstance(target, Model):
        step = step_to_show("graph", target, args)
        verb = "Training step" if step.names[-1] == "count" else "Forward pass"
        return f"{verb} of {target.name}, {step.batch} rows", step.traced.graph
    if not callable(target):
        raise ArgumentError(
            f"graph: expected a graph, a model or a function; got {type(target).__name__}"
        )
    function = target if isinstance(target, CompiledFunction) else CompiledFunction(target)
    return "Graph of a function", function.graph(*args)


def _roles(sections: list[Section]) -> dict[str, str]:
    """The colour of each layer, in the order in which they come."""
    layers = dict.fromkeys(b.layer for section in sections for b in section.blocks if b.layer)
    return {layer: _LAYER_ROLES[i % len(_LAYER_ROLES)] for i, layer in enumerate(layers)}


# --- a section ----------------------------------------------------------------------------------


def _draw_section(drawing: Drawing, section: Section, roles: dict[str, str], y: float) -> float:
    """Draw a section from y downwards; where the next one begins."""
    if section.title:
        drawing.add(Words(_MARGIN, y + 14, section.title, "ink", 14, bold=True))
        y += _HEAD
    x, lowest = _MARGIN, y
    for items, edges in section.parts():
        sizes = [_size(item) for item in items]
        light = {i for i, item in enumerate(items) if isinstance(item, Label)}
        layout = layered([w for w, _ in sizes], [h for _, h in sizes], edges, (10.0, 18.0), light)
        if x > _MARGIN and x + layout.width > max(_WIDEST, drawing.width):
            x, y = _MARGIN, lowest + 18
        _draw_part(drawing, items, layout, roles, (x, y))
        x += layout.width + 22
        lowest = max(lowest, y + layout.height)
        drawing.width = max(drawing.width, x - 22 + _MARGIN)
    end = lowest + 14
    drawing.add(Stroke([(_MARGIN, end), (drawing.width - _MARGIN, end)], "grid", 1))
    return end + 10


def _size(item: Block | Label) -> tuple[float, float]:
    if isinstance(item, Label):
        return min(text_width(item.text, 10.5) + 12, _BLOCK[0]), _LABEL
    return _BLOCK


def _draw_part(
    drawing: Drawing,
    items: list[Block | Label],
    layout: Layout,
    roles: dict[str, str],
    corner: Point,
) -> None:
    left, top = corner
    for route in layout.routes:
        edge(drawing, [(x + left, y + top) for x, y in route], arrow=3.0)
    for item, (x, y) in zip(items, layout.centers, strict=True):
        x, y = x + left, y + top
        width, height = _size(item)
        frame = (x - width / 2, y - height / 2, width, height)
        if isinstance(item, Label):
            text = shortened(item.text, width - 8, 10.5)
            drawing.add(
                Box(*frame, "panel", 1, 9),
                Box(*frame, "muted", 0.12, 9, tip=item.tip),
                Words(x, y + 4, text, "muted", 10.5, "middle", tip=item.tip),
            )
            continue
        role = roles.get(item.layer, "s5")
        drawing.add(
            Box(*frame, "panel", 1, 5),
            Box(*frame, role, 0.14, 5, role, tip=item.tip),
            Words(x, y - 2, shortened(item.title, width - 8, 12), "ink", 12, "middle",
                  bold=item.is_result, tip=item.tip),
            Words(x, y + 12, shortened(item.shape, width - 8, 10), "muted", 10, "middle"),
        )  # fmt: skip
