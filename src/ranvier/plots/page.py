"""Drawings as a page of their own: one file of HTML, nothing from the network.

Each drawing has its sentence below it and its numbers behind a click.
"""

from __future__ import annotations

from collections.abc import Sequence

from .document import COLOURS, document
from .drawing import Drawing
from .markup import Markup, element
from .svg import FONTS, svg_of

_WIDE = 640.0  # pixels to which small drawings are widened
_READABLE = 0.8  # the share of its width to which a wide one shrinks at most

STYLE = f"""{COLOURS}body {{ margin: 0 auto; max-width: 60rem; padding: 1rem; font-family: {FONTS};
  line-height: 1.5; color: var(--ink); background: var(--panel); }}
h1 {{ font-size: 1.4rem; }} h2 {{ font-size: 1.1rem; }}
figure {{ margin: 1rem 0; }} figcaption, .muted {{ color: var(--muted); }}
svg {{ width: 100%; height: auto; }} .picture {{ overflow-x: auto; }}
.numbers {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: 0.15rem 0.8rem 0.15rem 0;
  border-bottom: 1px solid var(--grid); overflow-wrap: anywhere; }}
summary {{ cursor: pointer; }}
"""


def page(title: str, drawings: Sequence[Drawing], notes: Sequence[str] = ()) -> str:
    """Drawings below each other with their sentences and their numbers."""
    parts = [element("p", f"Note: {note}", class_="muted") for note in notes]
    for i, drawing in enumerate(drawings):
        if len(drawings) > 1:
            parts.append(element("h2", drawing.title))
        parts.append(figure(drawing, i))
    return _document(title or drawings[0].title, parts)


def table_page(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table as a page of its own."""
    return _document(title, [element("div", _table(head, rows), class_="numbers")])


def _document(title: str, parts: Sequence[Markup]) -> str:
    return document(title, STYLE, element("h1", title), *parts)


def figure(drawing: Drawing, number: int, caption: bool = True) -> Markup:
    """A drawing in a page: the picture, its sentence, and its numbers behind a click."""
    numbers = Markup("")
    if drawing.rows:
        table = element("div", _table(drawing.head, drawing.rows), class_="numbers")
        numbers = element("details", element("summary", "The numbers"), table)
    return element(
        "figure",
        element("div", _sized(drawing, number), class_="picture"),
        element("figcaption", drawing.description) if caption else "",
        numbers,
    )


def _sized(drawing: Drawing, number: int) -> Markup:
    """The picture as wide as it was drawn, or as the window is; a wide one is never so small that
    its words cannot be read, and scrolls instead.
    """
    widest = max(_WIDE, drawing.width)
    least = _READABLE * drawing.width if drawing.width > _WIDE else 0.0
    style = f"max-width:{widest:.0f}px;min-width:{least:.0f}px"
    return element("div", svg_of(drawing, f"picture-{number}"), style=style)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    cells = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    names = element("tr", *(element("th", cell, scope="col") for cell in head))
    return element("table", element("thead", names), element("tbody", *cells))
