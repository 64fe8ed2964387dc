"""An attribution as one page of HTML: no script, nothing from the network."""

from __future__ import annotations

from ...plots.page import page as page_of
from ..result import Attribution
from .attributions import bars, draw, of_one_output

_MOST_ROWS = 10


def page(a: Attribution) -> str:
    """The document: the drawing of all rows, those of the first ones, notes and numbers."""
    a = of_one_output(a)
    drawings = [draw(a)]
    if a.about_rows and a.kind == "table" and 3 >= len(a) > 1:
        drawings = [bars(a, row) for row in range(len(a))]
    elif a.about_rows and a.kind == "table" and len(a) > 3 and a.values.ndim == 2:
        drawings += [bars(a, row) for row in range(min(len(a), _MOST_ROWS))]
    return page_of(drawings[0].title, drawings, a.notes)
