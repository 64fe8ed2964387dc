"""Drawings as SVG: inside a page in the page's colours, or as a document of its own."""

from __future__ import annotations

from collections.abc import Callable

from .drawing import DARK, LIGHT, Area, Box, Dots, Drawing, Mark, Pixels, Point, Stroke, Words
from .markup import Markup, element, join
from .pixels import png

FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, "
    "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'WenQuanYi Micro Hei', sans-serif"
)

Paint = Callable[[str], str]  # the colour of a role


def svg_of(drawing: Drawing, id: str = "", decoration: bool = False) -> Markup:
    """The drawing as an `<svg>`. With `id` it is part of a page, whose variables are its colours
    (`--s1`), and `id` names its title and description; without, it is a document of its own.
    A decoration says nothing that is not said beside it: `id` is its class, and it has no title.
    """
    paint: Paint = (lambda role: f"var(--{role})") if id else (lambda role: LIGHT[role])
    if decoration:
        size = f"0 0 {_number(drawing.width)} {_number(drawing.height)}"
        marks = [_mark(mark, paint) for mark in drawing.marks]
        return element("svg", *marks, viewBox=size, class_=id, aria_hidden="true")
    key = id or "drawing"
    body = [
        element("title", drawing.title, id=f"{key}-title"),
        element("desc", drawing.description, id=f"{key}-desc"),
    ]
    if not id:
        body.append(element("style", _dark(drawing)))
        body.append(_mark(Box(0, 0, drawing.width, drawing.height, "panel"), paint))
    body += [_mark(mark, paint) for mark in drawing.marks]
    return element(
        "svg",
        *body,
        xmlns=None if id else "http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_number(drawing.width)} {_number(drawing.height)}",
        width=None if id else _number(drawing.width),
        height=None if id else _number(drawing.height),
        style=None if id else "max-width: 100%; height: auto",
        role="img",
        lang=drawing.lang,
        direction="ltr",
        aria_labelledby=f"{key}-title {key}-desc",
        font_family=None if id else FONTS,
    )


def _dark(drawing: Drawing) -> Markup:
    """The colours on a dark screen. Light ones stand in the attributes, for readers of SVG that
    know no style.
    """
    roles = {"panel"}
    for mark in drawing.marks:
        if not isinstance(mark, Pixels):
            roles.add(mark.role)
        if isinstance(mark, Box) and mark.outline:
            roles.add(mark.outline)
    rules = "".join(
        f'[{paint}="{LIGHT[role]}"]{{{paint}:{DARK[role]}}}'
        for role in sorted(roles)
        for paint in ("fill", "stroke")
    )
    return Markup(f"@media(prefers-color-scheme:dark){{{rules}}}")


def _mark(mark: Mark, paint: Paint) -> Markup:
    if isinstance(mark, Stroke):
        return _stroke(mark, paint)
    if isinstance(mark, Area):
        path = "".join(f"M{'L'.join(map(_pair, loop))}Z" for loop in mark.loops if loop)
        return element(
            "path", d=path, fill=paint(mark.role), fill_opacity=_opacity(mark.opacity),
            fill_rule="evenodd",
        )  # fmt: skip
    if isinstance(mark, Pixels):
        return element(
            "image",
            element("title", mark.tip) if mark.tip else "",
            x=_number(mark.x),
            y=_number(mark.y),
            width=_number(mark.width),
            height=_number(mark.height),
            href=png(mark.colours),
            preserveAspectRatio="none",
            style="image-rendering:pixelated",
        )
    if isinstance(mark, Box):
        return element(
            "rect",
            element("title", mark.tip) if mark.tip else "",
            x=_number(mark.x),
            y=_number(mark.y),
            width=_number(mark.width),
            height=_number(mark.height),
            rx=_number(mark.radius) if mark.radius else None,
            fill=paint(mark.role),
            fill_opacity=_opacity(mark.opacity),
            stroke=paint(mark.outline) if mark.outline else None,
        )
    if isinstance(mark, Dots):
        return element(
            "path",
            d="".join(f"M{_pair(point)}h0" for point in mark.points),
            stroke=paint(mark.role),
            stroke_width=_number(2 * mark.radius),
            stroke_linecap="round",
            stroke_opacity=_opacity(mark.opacity),
            fill="none",
        )
    return _words(mark, paint)


def _stroke(mark: Stroke, paint: Paint) -> Markup:
    path = "M" + "L".join(map(_pair, mark.points)) if mark.points else ""
    if mark.curved and mark.points:
        path = f"M{_pair(mark.points[0])}C{' '.join(map(_pair, mark.points[1:]))}"
    tip = [element("title", mark.tip)] if mark.tip else []
    if mark.fill:
        return element(
            "path", *tip, d=f"{path}Z", fill=paint(mark.role), fill_opacity=_opacity(mark.opacity)
        )
    return element(
        "path",
        *tip,
        d=path,
        fill="none",
        stroke=paint(mark.role),
        stroke_width=_number(mark.width),
        stroke_linejoin="round",
        stroke_dasharray=" ".join(map(_number, mark.dash)) if mark.dash else None,
        stroke_opacity=_opacity(mark.opacity),
    )


def _words(mark: Words, paint: Paint) -> Markup:
    position = f"rotate(-90 {_pair((mark.x, mark.y))})" if mark.upright else None
    return element(
        "text",
        join(element("title", mark.tip), mark.text) if mark.tip else mark.text,
        x=_number(mark.x),
        y=_number(mark.y),
        fill=paint(mark.role),
        font_size=_number(mark.size),
        font_weight=600 if mark.bold else None,
        text_anchor=None if mark.anchor == "start" else mark.anchor,
        transform=position,
    )


def _opacity(value: float) -> str | None:
    return None if value >= 1 else f"{value:.2f}"


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    """Tenths of a pixel are enough.

    >>> _number(12.0), _number(0.25)
    ('12', '0.2')
    """
    return f"{value:.1f}".removesuffix(".0")
