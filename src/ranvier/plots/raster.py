"""Drawings through matplotlib, for PNG and PDF: the same positions and colours as in SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..base.extras import optional
from .drawing import LIGHT, Area, Box, Dots, Drawing, Pixels, Point, Stroke, Words
from .markup import cleaned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 100.0
_POINTS_A_PIXEL = 72.0 / _DPI
# Fonts with Chinese, of which a machine may have one.
_FONTS = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "SimHei",
    "Arial Unicode MS",
)  # fmt: skip
_SIDES = {"start": "left", "middle": "center", "end": "right"}


def figure_of(drawing: Drawing) -> Figure:
    """The drawing as a figure of matplotlib's."""
    figure_class = optional("matplotlib.figure", "a picture as PNG or PDF", "plot").Figure
    figure: Figure = figure_class(
        figsize=(drawing.width / _DPI, drawing.height / _DPI), dpi=_DPI, facecolor=LIGHT["panel"]
    )
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    fonts = _fonts()
    for order, mark in enumerate(drawing.marks):
        if isinstance(mark, Words):
            _words(axes, mark, fonts, order)
        elif isinstance(mark, Pixels):
            extent = (mark.x, mark.x + mark.width, mark.y + mark.height, mark.y)
            axes.imshow(
                mark.colours, extent=extent, aspect="auto", interpolation="nearest", zorder=order
            )
        elif isinstance(mark, Area):
            _area(axes, mark, order)
        else:
            _shape(axes, mark, order)
    axes.set_xlim(0, drawing.width)
    axes.set_ylim(drawing.height, 0)
    return figure


def _area(axes: Axes, mark: Area, order: int) -> None:
    """NOTE: matplotlib fills by winding; holes must go round the other way."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    paths = [Path(loop, closed=False) for loop in _wound(mark.loops)]
    if paths:
        colour = (LIGHT[mark.role], mark.opacity)
        path = Path.make_compound_path(*paths)
        axes.add_patch(PathPatch(path, facecolor=colour, edgecolor="none", zorder=order))


def _wound(loops: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """The loops closed; those inside an even number of others go round one way, holes the other."""
    from matplotlib.path import Path

    wound = []
    for i, loop in enumerate(loops):
        others = (other for j, other in enumerate(loops) if j != i and len(other) > 2)
        depth = sum(Path(other).contains_point(loop[0]) for other in others)
        area = sum(
            a[0] * b[1] - b[0] * a[1] for a, b in zip(loop, [*loop[1:], loop[0]], strict=True)
        )
        points = list(loop) if (area > 0) == (depth % 2 == 0) else list(loop)[::-1]
        wound.append([*points, points[0]])
    return wound


def _shape(axes: Axes, mark: Stroke | Box | Dots, order: int) -> None:
    from matplotlib.patches import FancyBboxPatch, Polygon

    colour = LIGHT[mark.role]
    if isinstance(mark, Box):
        edge = LIGHT[mark.outline] if mark.outline else "none"
        style = f"round,pad=0,rounding_size={mark.radius}" if mark.radius else "square,pad=0"
        axes.add_patch(
            FancyBboxPatch(
                (mark.x, mark.y), mark.width, mark.height,
                boxstyle=style, facecolor=(colour, mark.opacity), edgecolor=edge,
                linewidth=_POINTS_A_PIXEL, zorder=order,
            )
        )  # fmt: skip
        return
    if not mark.points:
        return
    if isinstance(mark, Stroke) and mark.curved:
        _curve(axes, mark, order)
        return
    if isinstance(mark, Stroke) and mark.fill:
        axes.add_patch(
            Polygon(mark.points, facecolor=(colour, mark.opacity), edgecolor="none", zorder=order)
        )
        return
    x, y = zip(*mark.points, strict=True)
    if isinstance(mark, Dots):
        axes.plot(
            x, y, "o", color=colour, alpha=mark.opacity, markeredgewidth=0, zorder=order,
            markersize=2 * mark.radius * _POINTS_A_PIXEL,
        )  # fmt: skip
        return
    width = mark.width * _POINTS_A_PIXEL
    (line,) = axes.plot(x, y, color=colour, alpha=mark.opacity, linewidth=width, zorder=order)
    if mark.dash:
        line.set_dashes([d / mark.width for d in mark.dash])


def _curve(axes: Axes, mark: Stroke, order: int) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    codes = [Path.MOVETO, *[Path.CURVE4] * (len(mark.points) - 1)]
    axes.add_patch(
        PathPatch(
            Path(mark.points, codes), facecolor="none", edgecolor=(LIGHT[mark.role], mark.opacity),
            linewidth=mark.width * _POINTS_A_PIXEL, zorder=order,
        )
    )  # fmt: skip


def _words(axes: Axes, mark: Words, fonts: list[str], order: int) -> None:
    axes.text(
        mark.x,
        mark.y,
        cleaned(mark.text).replace("$", r"\$"),  # NOTE: two dollars would be a formula
        color=LIGHT[mark.role],
        fontsize=mark.size * _POINTS_A_PIXEL * 0.94,  # DejaVu is wider than what browsers take
        fontweight="bold" if mark.bold else "normal",
        family=fonts,
        horizontalalignment=_SIDES[mark.anchor],
        verticalalignment="baseline",
        rotation=90 if mark.upright else 0,
        rotation_mode="anchor",
        zorder=order,
    )


def _fonts() -> list[str]:
    """Those of the fonts that are there; the first one always is."""
    from matplotlib import font_manager

    there = set(font_manager.get_font_names())
    return [name for name in _FONTS if name in there] or ["sans-serif"]
