"""Axes of a drawing: scales, ticks, grid and labels, and what is drawn between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import Box, Dots, Drawing, Point, Stroke, Words, shortened, text_width

_TICK_SIZE = 12.0
_LABEL_SIZE = 12.5


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high`, laid out evenly, or by their logarithms."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def over(cls, values: Sequence[float], margin: float = 0.04, log: bool = False) -> Scale:
        """The scale that shows all of these, with a margin on both sides."""
        low, high = (min(values), max(values)) if len(values) else (0.0, 1.0)
        if log:
            room = (high / low) ** margin if high > low else 1.5
            return cls(low / room, high * room, True)
        room = (high - low) * margin or abs(high) * 0.05 or 0.5
        return cls(low - room, high + room)

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the low end, 1 at the high end; outside is cut off."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            value = math.log(max(value, self.low))
        else:
            low, high = self.low, self.high
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def ticks(self, count: int = 5) -> list[float]:
        """About so many round numbers on the scale.

        >>> Scale(0, 1).ticks(), Scale(-13, 212).ticks(4)
        ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 50.0, 100.0, 150.0, 200.0])
        """
        if self.log:
            return self._powers(count)
        raw = (self.high - self.low) / max(count, 1)
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(s for s in (1, 2, 2.5, 5, 10) if s * power >= raw * 0.75) * power
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 12 - math.floor(math.log10(step))) for k in range(first, last + 1)]

    def _powers(self, count: int) -> list[float]:
        low, high = math.log10(self.low), math.log10(self.high)
        if high - low < 1.5:
            powers = range(math.floor(low), math.ceil(high) + 1)
            values = [m * 10.0**k for k in powers for m in (1, 2, 5)]
            return [v for v in values if self.low <= v <= self.high]
        every = max(1, math.ceil((high - low) / count))
        powers = range(math.ceil(low), math.floor(high) + 1)
        return [10.0**k for k in powers if (k - powers[0]) % every == 0]


def tick_text(value: float) -> str:
    """A short text of a number on an axis.

    >>> tick_text(0.25), tick_text(1500000), tick_text(20000), tick_text(1e-7), tick_text(-0.0)
    ('0.25', '1.5M', '20k', '1e-7', '0')
    """
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-4:
        mantissa, _, exponent = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    for factor, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "")):
        if size >= factor:
            scaled = value / (factor if unit else 1e3)
            return f"{_plain(scaled)}{unit or 'k'}"
    return _plain(value)


def _plain(value: float) -> str:
    text = f"{value:,.6g}" if abs(value) >= 1000 else f"{value:.6g}"
    return "0" if text == "-0" else text


class Panel:
    """The rectangle between the axes of a drawing, and what is drawn in it in the data's units."""

    def __init__(
        self,
        drawing: Drawing,
        x: Scale,
        y: Scale,
        left: float = 58,
        right: float = 22,
        top: float = 12,
        bottom: float = 46,
    ) -> None:
        self.drawing, self.x_scale, self.y_scale = drawing, x, y
        self.left, self.right = left, drawing.width - right
        self.top, self.bottom = top, drawing.height - bottom

    def x(self, value: float) -> float:
        """Pixels from the left edge."""
        return self.left + self.x_scale.share(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Pixels from the top edge."""
        return self.bottom - self.y_scale.share(value) * (self.bottom - self.top)

    def at(self, xs: Sequence[float], ys: Sequence[float]) -> list[Point]:
        """The points in pixels."""
        return [(self.x(x), self.y(y)) for x, y in zip(xs, ys, strict=True)]

    # --- the frame ---

    def grid(
        self,
        x_label: str = "",
        y_label: str = "",
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
        percent: str = "",
    ) -> None:
        """Ticks, grid lines and the names of the axes; `percent` names axes ("xy") of shares."""
        marks = self.drawing
        for value in self.y_scale.ticks() if y_ticks is None else y_ticks:
            height = self.y(value)
            text = f"{_plain(100 * value)}%" if "y" in percent else tick_text(value)
            marks.add(
                Stroke([(self.left, height), (self.right, height)], "grid", 1),
                Words(self.left - 6, height + 4, text, size=_TICK_SIZE, anchor="end"),
            )
        for value in self._x_ticks() if x_ticks is None else x_ticks:
            at = self.x(value)
            text = f"{_plain(100 * value)}%" if "x" in percent else tick_text(value)
            marks.add(
                Stroke([(at, self.top), (at, self.bottom)], "grid", 1),
                Words(at, self.bottom + 16, text, size=_TICK_SIZE, anchor="middle"),
            )
        if x_label:
            middle = (self.left + self.right) / 2
            text = shortened(x_label, self.drawing.width - 20, _LABEL_SIZE)
            below = 20 if x_ticks is not None and not len(x_ticks) else 38
            marks.add(Words(middle, self.bottom + below, text, size=_LABEL_SIZE, anchor="middle"))
        if y_label:
            text = shortened(y_label, self.drawing.height - 20, _LABEL_SIZE)
            middle = max((self.top + self.bottom) / 2, text_width(text, _LABEL_SIZE) / 2 + 2)
            marks.add(Words(13, middle, text, size=_LABEL_SIZE, anchor="middle", upright=True))

    def _x_ticks(self) -> list[float]:
        ticks = self.x_scale.ticks(5)
        widest = max((text_width(tick_text(t), _TICK_SIZE) for t in ticks), default=0.0)
        room = (self.right - self.left) / max(len(ticks), 1)
        return ticks if widest + 8 < room else self.x_scale.ticks(3)

    # --- data ---

    def line(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        role: str,
        width: float = 2.0,
        dash: Sequence[float] = (),
    ) -> None:
        """A line through the points."""
        self.drawing.add(Stroke(self.at(xs, ys), role, width, dash))

    def band(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], role: str
    ) -> None:
        """The area between two lines."""
        points = self.at(xs, high) + self.at(xs, low)[::-1]
        self.drawing.add(Stroke(points, role, fill=True, opacity=0.18))

    def dots(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        role: str,
        radius: float = 2.0,
        opacity: float = 1.0,
    ) -> None:
        """A dot at each point."""
        self.drawing.add(Dots(self.at(xs, ys), role, radius, opacity))

    def bar(self, x: tuple[float, float], y: tuple[float, float], role: str, tip: str = "") -> None:
        """A filled rectangle between two values on each axis."""
        (x0, x1), (y1, y0) = map(self.x, x), map(self.y, y)
        wide, high = max(x1 - x0 - 1, 0.5), max(y1 - y0, 0.0)
        self.drawing.add(Box(x0 + 0.5, y0, wide, high, role, 0.85, tip=tip))

    def legend(self, entries: Sequence[tuple[str, str, Sequence[float]]], corner: str) -> None:
        """Names of lines with their role and dash, in a corner such as "bottom right"."""
        room = self.right - self.left - 46
        names = [shortened(name, room * 0.8, _TICK_SIZE) for name, _, _ in entries]
        # Fonts differ: somewhat more than the usual width is enough for all of them.
        wide = 1.08 * max((text_width(name, _TICK_SIZE) for name in names), default=0.0) + 36
        high = 17 * len(entries) + 6
        x = self.right - wide - 4 if "right" in corner else self.left + 4
        y = self.bottom - high - 4 if "bottom" in corner else self.top + 4
        self.drawing.add(Box(x, y, wide, high, "panel", 0.85, 3, outline="grid"))
        for i, ((name, role, dash), short) in enumerate(zip(entries, names, strict=True)):
            height = y + 15 + 17 * i
            self.drawing.add(
                Stroke([(x + 6, height - 4), (x + 26, height - 4)], role, 2.5, dash),
                Words(x + 32, height, short, "ink", _TICK_SIZE, tip=name if name != short else ""),
            )
