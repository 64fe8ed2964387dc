"""What was recorded as one page of HTML: no script, nothing from the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...plots.document import COLOURS, document
from ...plots.drawing import Drawing
from ...plots.markup import Markup, element
from ...plots.svg import FONTS, svg_of
from .pictures import draw, fan, gradients, ratios, zeros

if TYPE_CHECKING:
    from .record import Record

_MOST_FANS = 60  # of parameters, and as many of outputs

_STYLE = f"""{COLOURS}body {{ margin: 0 auto; max-width: 62rem; padding: 1rem;
  font-family: {FONTS}; line-height: 1.5; color: var(--ink); background: var(--panel); }}
h1 {{ font-size: 1.4rem; }} h2 {{ font-size: 1.1rem; margin-top: 2rem; }}
figure {{ margin: 1rem 0; }} figcaption, .muted {{ color: var(--muted); }}
figure > div {{ overflow-x: auto; }}
figure > div > svg {{ width: 100%; min-width: 30rem; max-width: 44rem; height: auto; }}
.fans {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr));
  gap: 0.6rem; }}
.fans svg {{ width: 100%; height: auto; }}
.numbers {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: 0.15rem 0.8rem 0.15rem 0;
  border-bottom: 1px solid var(--grid); overflow-wrap: anywhere; }}
summary {{ cursor: pointer; }}
"""


def page(record: Record) -> str:
    """The document: ratios, gradients, zeros, then each parameter and output by itself."""
    draw(record, "ratio")  # an error if nothing is recorded
    drawings = [ratios(record), gradients(record)]
    if any(record.output(name).values.zeros.any() for name in record.outputs):
        drawings.append(zeros(record))
    parts = [element("p", _summary(record), class_="muted")]
    parts += [_figure(drawing, f"curve-{i}") for i, drawing in enumerate(drawings)]
    weights = [(name, record.parameter(name).weight) for name in record.parameters]
    slopes = [(name, record.parameter(name).gradient) for name in record.parameters]
    outputs = [(name, record.output(name).values) for name in record.outputs]
    for title, group in (("Weights", weights), ("Gradients", slopes), ("Outputs", outputs)):
        fans = [fan(record, name, one) for name, one in group if len(one)]
        if fans:
            parts.append(element("h2", title))
            parts.append(_fans(fans[:_MOST_FANS], title.lower()))
            if len(fans) > _MOST_FANS:
                parts.append(element("p", f"and {len(fans) - _MOST_FANS} more", class_="muted"))
    title = f"Learning over time: {record.model.name}"
    return document(title, _STYLE, element("h1", title), *parts)


def _summary(record: Record) -> str:
    text = f"{len(record)} steps of {int(record.steps[-1]) + 1:,} are recorded"
    if record.left_out:
        text += f", {record.left_out} left out for their cost"
    return (
        f"{text}. Recording took {record.seconds['records']:.3g} s, and "
        f"{record.seconds['compile']:.3g} s for its compilation. In the small pictures the line is "
        "the median, the bands hold the middle half, nine tenths and all of the numbers."
    )


def _figure(drawing: Drawing, key: str) -> Markup:
    head = element("tr", *(element("th", cell, scope="col") for cell in drawing.head))
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in drawing.rows]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element(
        "figure",
        element("h2", drawing.title),
        element("div", svg_of(drawing, key)),
        element("figcaption", drawing.description),
        element(
            "details", element("summary", "The numbers"), element("div", table, class_="numbers")
        ),
    )


def _fans(drawings: Sequence[Drawing], key: str) -> Markup:
    parts = [svg_of(drawing, f"{key}-{i}") for i, drawing in enumerate(drawings)]
    return element("div", *parts, class_="fans")
