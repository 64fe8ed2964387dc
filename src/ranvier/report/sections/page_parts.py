"""Parts of the sections of the page: cells, tables, figures, cards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from ...base.quantities import number_text, percent_text
from ...plots.drawing import Drawing
from ...plots.markup import Markup, element, join
from ...plots.svg import svg_of
from ..results import Picture, Results
from ..words.language import CLOSE, OPEN, Language, isolated

_SHORT = 22  # characters of a cell that is not broken  # characters of a cell that is not broken


class Page(NamedTuple):
    """What the sections are made of."""

    results: Results
    words: Language
    charts: dict[str, Drawing]


Section: TypeAlias = Callable[[Page], tuple[str, Markup] | None]


def cut(text: str, most: int = 120) -> str:
    """A text of a user's for one cell: short, on one line, and leaving its neighbours alone."""
    line = " ".join(text.replace(OPEN, "").replace(CLOSE, "").split())
    return isolated(line if len(line) <= most else line[: most - 1] + "…")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    label: str,
    numbers: Sequence[int] = (),
    classes: Sequence[str | None] = (),
) -> Markup:
    """A table that scrolls inside its own box; `numbers` are the columns aligned right."""

    def cells(name: str, row: Sequence[object]) -> list[Markup]:
        kinds = ["n" if i in numbers else _kind(cell, name) for i, cell in enumerate(row)]
        scope = "col" if name == "th" else None
        return [
            element(name, cell, class_=kind, scope=scope)
            for cell, kind in zip(row, kinds, strict=True)
        ]

    marks = list(classes) or [None] * len(rows)
    body = [element("tr", *cells("td", row), class_=m) for row, m in zip(rows, marks, strict=True)]
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *cells("th", head))),
            element("tbody", *body),
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=label,
    )


def _kind(cell: object, name: str) -> str | None:
    """The class of a cell of text: short ones stay on one line."""
    if name == "th" or isinstance(cell, Markup):
        return None
    return "t" if len(str(cell)) > _SHORT else "s"


def figure(page: Page, name: str, with_numbers: bool = True) -> Markup:
    """A chart with its caption and, hidden until asked for, its numbers; "" where it is not."""
    drawing = page.charts.get(name)
    if drawing is None:
        return Markup("")
    numbers = Markup("")
    if drawing.rows and with_numbers:
        summary = element("summary", page.words("numbers_of_chart"))
        numbers = element("details", summary, numbers_of(page, name))
    caption = element("figcaption", drawing.title, element("small", drawing.description))
    return element("figure", caption, svg_of(drawing, f"chart-{name}"), numbers)


def numbers_of(page: Page, name: str) -> Markup:
    """The numbers of a chart as a table."""
    drawing = page.charts.get(name)
    if drawing is None:
        return Markup("")
    rows = [[cut(str(cell), 60) for cell in row] for row in drawing.rows]
    head = [cut(text, 40) for text in drawing.head]
    return table(head, rows, drawing.title, range(1, len(head)))


def charts(page: Page, *names: str, beside: Markup | str = "") -> Markup:
    """Charts side by side where there is room, and what stands beside the last one."""
    # What stands beside a single chart are its numbers, or says more than they.
    with_numbers = not (
        beside and len(names) == 1 and names[0] in ("calibration", "importance", "network")
    )
    figures = [made for name in names if (made := figure(page, name, with_numbers))]
    if not figures:
        return join(beside)
    cells = [*figures, element("div", beside)] if beside else figures
    return element("div", *cells, class_="charts")


def picture_grid(page: Page, pictures: Sequence[Picture]) -> Markup:
    """Pictures side by side, each with its class and the one predicted."""
    words, cells = page.words, []
    for one in pictures:
        predicted = f"{cut(one.predicted, 40)} {percent_text(one.probability)}"
        lines = [element("b", cut(one.truth, 40))]
        if one.predicted != one.truth:
            lines.append(element("span", f"{words('told_as')} {predicted}"))
        else:
            lines.append(element("span", percent_text(one.probability)))
        label = f"{words('truth')} {cut(one.truth, 40)}, {words('predicted')} {predicted}"
        image = element("img", src=one.pixels, alt=label, title=cut(one.name, 160))
        cells.append(element("div", image, *lines, class_="picture"))
    return element("div", *cells, class_="pictures")


def card(name: str, value: str, *below: str) -> Markup:
    lines = [element("span", text) for text in below]
    return element("div", element("span", name), element("b", value), *lines, class_="card")


def interval(words: Language, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return words("interval_of", low=number_text(low), high=number_text(high))


def range_text(value: float | None, low: float | None, high: float | None) -> Markup:
    """A number with its interval small below it."""
    if low is None or high is None:
        return join(number_text(value))
    small = element("span", f"{number_text(low)} – {number_text(high)}", class_="muted")
    return join(number_text(value), element("br"), small)
