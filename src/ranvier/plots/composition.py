"""Several drawings as one: in rows, each below its title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .drawing import Area, Box, Dots, Drawing, Mark, Pixels, Point, Stroke, Words, shortened

_HEAD = 22.0  # pixels of the title of a part


def together(title: str, about: str, parts: Sequence[Drawing], columns: int = 2) -> Drawing:
    """The parts beside and below each other; a single one becomes the whole.

    >>> parts = [Drawing("a", "", 100, 50), Drawing("b", "", 100, 60)]
    >>> whole = together("both", "Two drawings.", parts)
    >>> whole.width, whole.height
    (200.0, 82.0)
    """
    whole = Drawing(title, about, 0.0, 0.0)
    y = 0.0
    for start in range(0, len(parts), columns):
        x, lowest = 0.0, 0.0
        for part in parts[start : start + columns]:
            head = _HEAD if len(parts) > 1 else 0.0
            if head:
                text = shortened(part.title, part.width - 16, 13)
                whole.add(Words(x + part.width / 2, y + 16, text, "ink", 13, "middle", True))
            whole.add(*(moved(mark, x, y + head) for mark in part.marks))
            x += part.width
            lowest = max(lowest, y + head + part.height)
        whole.width, y = max(whole.width, x), lowest
    whole.height = y
    if len(parts) == 1:
        whole.head, whole.rows = parts[0].head, parts[0].rows
    elif all(list(part.head) == list(parts[0].head) for part in parts):
        whole.head = ("", *parts[0].head) if parts else ()
        whole.rows = [(part.title, *row) for part in parts for row in part.rows]
    return whole


def moved(mark: Mark, x: float, y: float) -> Mark:
    """The mark so many pixels to the right and down."""

    def there(points: Sequence[Point]) -> list[Point]:
        return [(a + x, b + y) for a, b in points]

    if isinstance(mark, Stroke | Dots):
        return replace(mark, points=there(mark.points))
    if isinstance(mark, Area):
        return replace(mark, loops=[there(loop) for loop in mark.loops])
    if isinstance(mark, Box | Pixels | Words):
        return replace(mark, x=mark.x + x, y=mark.y + y)
    raise AssertionError(mark)
