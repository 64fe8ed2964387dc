"""A drawing: lines, boxes and words at positions in pixels, and the numbers that it shows.

Drawn once and shown anywhere: inside a page (SVG in the page's own colours), in a notebook, as a
file of SVG or HTML, and through matplotlib as PNG or PDF. Colours are roles, such as "s1" for the
first series; `LIGHT` and `DARK` say what they are.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ..io.writing import FilePath, suffix_among, write_whole
from ..typing import Array

Point: TypeAlias = tuple[float, float]

# Text on its background reaches a contrast of at least 4.5 to 1, lines at least 3 to 1; the series
# can be told apart by those who see red and green alike.
LIGHT = {
    "ink": "#1c2430", "muted": "#56606e", "grid": "#e1e5ea", "panel": "#ffffff",
    "s1": "#1f5fbf", "s2": "#b8520a", "s3": "#0b7a6b", "s4": "#8a3fb0", "s5": "#6b7280",
    "s6": "#a3195b", "s7": "#5a6b00", "s8": "#006f94", "s9": "#80492a", "s10": "#4b3fc4",
    "bad": "#b3261e",
}  # fmt: skip
DARK = {
    "ink": "#e8ecf1", "muted": "#a4afbd", "grid": "#343c47", "panel": "#1a1f26",
    "s1": "#78aaf5", "s2": "#f0a35e", "s3": "#56c7b4", "s4": "#cf9bea", "s5": "#9aa4b2",
    "s6": "#f48fb8", "s7": "#c3d250", "s8": "#67cdea", "s9": "#d9a582", "s10": "#a9a2fa",
    "bad": "#f28b82",
}  # fmt: skip


@dataclass(frozen=True)
class Stroke:
    """A line through points, or, with `fill`, the area inside them.

    With `curved` the points are those of cubic Bezier curves: a start, then two points that pull
    and an end for each piece.
    """

    points: Sequence[Point]
    role: str
    width: float = 2.0
    dash: Sequence[float] = ()
    fill: bool = False
    opacity: float = 1.0
    curved: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Area:
    """What lies inside closed loops; a loop inside another one is a hole."""

    loops: Sequence[Sequence[Point]]
    role: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Box:
    """A rectangle; `tip` is shown when the mouse rests on it."""

    x: float
    y: float
    width: float
    height: float
    role: str
    opacity: float = 1.0
    radius: float = 0.0
    outline: str = ""
    tip: str = ""


@dataclass(frozen=True)
class Dots:
    """Dots of one size."""

    points: Sequence[Point]
    role: str
    radius: float = 2.0
    opacity: float = 1.0


@dataclass(frozen=True)
class Pixels:
    """A picture of `colours`, bytes (rows, columns, 4) of red, green, blue and opacity, in a
    rectangle.
    """

    x: float
    y: float
    width: float
    height: float
    colours: Array
    tip: str = ""


@dataclass(frozen=True)
class Words:
    """A line of text; `anchor` is "start", "middle" or "end", `tip` the text where it was cut."""

    x: float
    y: float
    text: str
    role: str = "muted"
    size: float = 12.0
    anchor: str = "start"
    bold: bool = False
    upright: bool = False  # read from below to above
    tip: str = ""


Mark: TypeAlias = Stroke | Area | Box | Dots | Pixels | Words


@dataclass
class Drawing:
    """What is drawn, with a title, a sentence on what it shows, and its numbers as a table.

    >>> drawing = Drawing("Ages", "How old the passengers were.", 200, 100)
    >>> drawing.add(Box(10, 10, 30, 80, "s1"), Words(10, 98, "young"))
    >>> drawing.svg()[:5]
    '<svg '
    """

    title: str
    description: str
    width: float = 400.0
    height: float = 300.0
    marks: list[Mark] = field(default_factory=list)
    head: Sequence[str] = ()  # of the table of numbers
    rows: Sequence[Sequence[object]] = ()
    lang: str = "en"

    def add(self, *marks: Mark) -> None:
        """Draw these above what is there."""
        self.marks.extend(marks)

    def svg(self) -> str:
        """An SVG document that needs nothing else, dark where the reader's screen is dark."""
        from .svg import svg_of

        return svg_of(self)

    def save(self, path: FilePath) -> None:
        """Write it as .svg, as .html with its numbers, or with matplotlib as .png or .pdf."""
        suffix = Path(path).suffix.lower()
        if suffix == ".svg":
            write_whole(path, self.svg().encode())
            return
        if suffix == ".html":
            from .page import page

            write_whole(path, page(self.title, [self]).encode())
            return
        from .figures import SUFFIXES, save_picture

        suffix_among(path, (".html", *SUFFIXES))
        from .raster import figure_of

        with warnings.catch_warnings():  # a machine without Chinese fonts draws empty boxes
            warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
            save_picture(figure_of(self), path)

    def _repr_html_(self) -> str:
        """What a notebook shows: the picture on a background of its own."""
        return self.svg()


# --- words --------------------------------------------------------------------------------------


def text_width(text: str, size: float = 12.0) -> float:
    """About how wide a text is in one of the wider fonts, in pixels; Chinese is as wide as high.

    >>> text_width("abcd", 10), text_width("中文", 10)
    (24.8, 20.0)
    """
    return sum(_character_width(c) for c in text) * size


def shortened(text: str, width: float, size: float = 12.0) -> str:
    """The text, cut at the end to about this width.

    >>> shortened("median_house_value", 60)
    'median…'
    """
    if text_width(text, size) <= width + 0.5:
        return text
    room = width - size
    kept = []
    for character in text:
        room -= _character_width(character) * size
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _character_width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if unicodedata.combining(character):
        return 0.0
    if character in "ijltfrI.,:;'|!()[] ":
        return 0.37
    return 0.92 if character in "mwMW@%" else 0.62
