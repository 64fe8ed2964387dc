"""What was recorded as drawings: curves of all layers, and how the numbers of one lie over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import StateError, unknown_name
from ...plots.axes import Panel, Scale
from ...plots.drawing import Box, Drawing, Stroke, Words, shortened, text_width
from ...typing import Array
from .series import Distribution

if TYPE_CHECKING:
    from .record import Record

HEALTHY = (3e-4, 3e-3)  # norms of updates over norms of weights: about a thousandth
_MOST_LINES = 10  # more layers are drawn as a map
_MOST_COLUMNS, _BINS = 48, 32  # of a histogram over time
_DASHES: tuple[Sequence[float], ...] = ((), (6, 3), (2, 3))
_ROLES = ("s1", "s2", "s3", "s4", "s5")
_NAME_SIZE = 11.5


class _Line(NamedTuple):
    name: str
    x: Array
    y: Array


def draw(record: Record, kind: str) -> Drawing:
    """The drawing of this kind; see `Record.plot`."""
    if not len(record):
        raise StateError(
            "Record: nothing is recorded yet; give it to fit(..., callbacks=[record]) first"
        )
    if kind == "ratio":
        return ratios(record)
    if kind == "gradient":
        return gradients(record)
    if kind == "zeros":
        return zeros(record)
    if kind in record.parameters:
        return distribution(record, kind, record.parameter(kind).weight)
    if kind in record.outputs:
        return distribution(record, kind, record.output(kind).values)
    raise unknown_name("plot", kind, ["ratio", "gradient", "zeros", *record])


def ratios(record: Record) -> Drawing:
    """Norm of each update over the norm of its weight, on a log axis with the usual band."""
    drawing = Drawing(
        "How far a step moves each weight",
        "Norm of the update over norm of the weight at each recorded step. About a thousandth is "
        "usual; far above, training jumps about, far below, it hardly moves.",
        640, 320,
    )  # fmt: skip
    series = [(name, record.parameter(name)) for name in _shown(record)]
    lines = [_line(record, name, one.steps, one.ratio) for name, one in series]
    return _logarithmic(drawing, record, lines, "update / weight", HEALTHY)


def gradients(record: Record) -> Drawing:
    """Norms of the gradients on a log axis."""
    drawing = Drawing(
        "Gradients of each weight",
        "Norm of the gradient of each recorded step, before clipping. Lines that fall from the "
        "last layer to the first by powers of ten are gradients that vanish; lines that rise "
        "without end are gradients that explode.",
        640, 320,
    )  # fmt: skip
    series = [(name, record.parameter(name).gradient) for name in _shown(record)]
    lines = [_line(record, name, g.steps, g.norm) for name, g in series if len(g)]
    return _logarithmic(drawing, record, lines, "norm of the gradient", None)


def zeros(record: Record) -> Drawing:
    """The share of zeros among the outputs of each layer."""
    drawing = Drawing(
        "Zeros among the outputs of each layer",
        "The share of outputs that are exactly 0, for the first rows of each recorded batch. Half "
        "is usual after relu; units that are 0 for all rows learn nothing.",
        640, 320,
    )  # fmt: skip
    series = [(name, record.output(name).values) for name in record.outputs]
    lines = [_line(record, name, v.steps, v.zeros) for name, v in series]
    lines = [line for line in lines if line.y.any()] or lines[:_MOST_LINES]
    _numbers(drawing, record, lines)
    if len(lines) > _MOST_LINES:
        return _map(drawing, record, lines, Scale(0, 1))
    _curves(drawing, record, lines, Scale(0, 1), "share of zeros", percent="y")
    return drawing


def distribution(record: Record, name: str, values: Distribution) -> Drawing:
    """A histogram over time as a map: dark where many numbers lie; the line is the median."""
    drawing = Drawing(
        name,
        f"How the numbers of {name} lie over time: the stronger the colour, the more of them; the "
        "line is their median.",
        460, 280,
    )  # fmt: skip
    x = _time(record, values.steps)
    drawing.head = (_time_label(record), "low", "median", "high", "mean", "deviation")
    columns = (x, values.low, values.quantile(0.5), values.high, values.mean, values.std)
    drawing.rows = [[f"{v:.5g}" for v in row] for row in zip(*columns, strict=True)]
    finite = np.isfinite(values.quantiles).all(axis=1)
    if not finite.any():
        drawing.add(Words(230, 140, "no finite numbers", anchor="middle"))
        return drawing
    seen = values.quantiles[finite]
    scale = Scale.over([float(seen.min()), float(seen.max())])
    panel = Panel(drawing, _time_scale(x), scale)
    panel.grid(_time_label(record), "value")
    edges = np.linspace(scale.low, scale.high, _BINS + 1)
    shares, _ = values.histogram(edges)
    chosen = _spread(len(x))
    sides = _sides(x[chosen])
    for i, column in enumerate(chosen):
        largest = shares[column].max() or 1.0
        left, right = panel.x(float(sides[i])), panel.x(float(sides[i + 1]))
        for j, share in enumerate(shares[column]):
            if share > 0.004 * largest:
                top, bottom = panel.y(float(edges[j + 1])), panel.y(float(edges[j]))
                opacity = 0.08 + 0.82 * float(share / largest) ** 0.6
                drawing.add(Box(left, top, right - left, bottom - top, "s1", opacity))
    panel.line(x[finite].tolist(), values.quantile(0.5)[finite].tolist(), "s2", 2.0)
    return drawing


def fan(record: Record, name: str, values: Distribution) -> Drawing:
    """The same in little space: bands that hold all, nine tenths and the middle half."""
    drawing = Drawing(name, f"{name} over time: median, middle half, nine tenths, all.", 300, 170)
    finite = np.flatnonzero(np.isfinite(values.quantiles).all(axis=1))
    shown = finite[_spread(len(finite))]
    x = _time(record, values.steps)[shown].tolist()
    bounds = [
        (values.quantile(low)[shown], values.quantile(high)[shown])
        for low, high in ((0.0, 1.0), (0.05, 0.95), (0.25, 0.75))
    ]
    seen = [float(v) for low, high in bounds for v in (*low, *high)]
    panel = Panel(drawing, _time_scale(np.array(x)), Scale.over(seen), 52, 14, 24, 24)
    panel.grid()
    for low, high in bounds:
        panel.band(x, low.tolist(), high.tolist(), "s1")
    panel.line(x, values.quantile(0.5)[shown].tolist(), "s1", 1.5)
    drawing.add(Words(8, 14, shortened(name, 280, 12.5), "ink", 12.5, bold=True, tip=name))
    return drawing


# --- parts --------------------------------------------------------------------------------------


def _shown(record: Record) -> list[str]:
    """The parameters to draw: weights of connections where there are any, else all."""
    matrices = [name for name in record.parameters if len(record.shapes[name]) > 1]
    return matrices or record.parameters


def _line(record: Record, name: str, steps: Array, values: Array) -> _Line:
    return _Line(name, _time(record, steps), values)


def _time(record: Record, steps: Array) -> Array:
    return np.asarray(steps / (record.per_epoch or 1))


def _time_label(record: Record) -> str:
    return "epoch" if record.per_epoch else "step"


def _time_scale(x: Array) -> Scale:
    first, last = (float(x[0]), float(x[-1])) if len(x) else (0.0, 1.0)
    return Scale(first, last if last > first else first + 1.0)


def _spread(count: int) -> Array:
    """Which of so many records are drawn, where each takes its room."""
    return np.unique(np.linspace(0, count - 1, min(count, _MOST_COLUMNS)).astype(np.int64))


def _sides(x: Array) -> Array:
    """The borders of the columns that stand at these positions."""
    if len(x) == 1:
        return np.array([x[0], x[0] + 1.0])
    middles = (x[1:] + x[:-1]) / 2
    return np.concatenate([[x[0]], middles, [x[-1]]])


def _numbers(drawing: Drawing, record: Record, lines: Sequence[_Line]) -> None:
    """The numbers of the lines as the drawing's table: first, middle, last."""
    drawing.head = ("name", "first", "median", "last")
    drawing.rows = [
        (line.name, *(f"{v:.3g}" for v in (line.y[0], np.nanmedian(line.y), line.y[-1])))
        for line in lines
        if len(line.y) and not np.isnan(line.y).all()
    ]


def _logarithmic(
    drawing: Drawing,
    record: Record,
    lines: Sequence[_Line],
    label: str,
    band: tuple[float, float] | None,
) -> Drawing:
    _numbers(drawing, record, lines)
    seen = [float(v) for line in lines for v in line.y if 0 < v < np.inf]
    if not seen:
        drawing.add(Words(320, 160, "nothing but zeros", anchor="middle"))
        return drawing
    # One number far below all others, such as a gradient of 1e-30, must not flatten the rest.
    low, high = max(min(seen), max(seen) * 1e-12), max(seen)
    if len(lines) > _MOST_LINES:
        return _map(drawing, record, lines, Scale.over([low, high], log=True))
    if band is not None:
        low, high = min(low, band[0]), max(high, band[1])
    _curves(drawing, record, lines, Scale.over([low, high], log=True), label, band)
    return drawing


def _curves(
    drawing: Drawing,
    record: Record,
    lines: Sequence[_Line],
    scale: Scale,
    label: str,
    band: tuple[float, float] | None = None,
    percent: str = "",
) -> None:
    """Lines over time, their names beside them at the right."""
    names = [shortened(line.name, 150, _NAME_SIZE) for line in lines]
    wide = max((text_width(name, _NAME_SIZE) for name in names), default=0.0)
    x_scale = _time_scale(_all_times(lines))
    panel = Panel(drawing, x_scale, scale, left=66, right=1.06 * wide + 44)
    panel.grid(_time_label(record), label, y_ticks=_ticks(scale), percent=percent)
    if band is not None:
        ends = [x_scale.low, x_scale.high]
        panel.band(ends, [band[0]] * 2, [band[1]] * 2, "s3")
        height = panel.y(band[0]) - 4
        drawing.add(Words(panel.left + 6, height, "usual", "s3", 11))
    for i, (line, name) in enumerate(zip(lines, names, strict=True)):
        role, dash = _ROLES[i % len(_ROLES)], _DASHES[i // len(_ROLES) % len(_DASHES)]
        for xs, ys in _pieces(line, scale.log):
            if len(xs) == 1:
                panel.dots(xs, ys, role, 2.5)
            panel.line(xs, ys, role, 1.8, dash)
        height = panel.top + 10 + 18 * i
        right = panel.right
        drawing.add(
            Stroke([(right + 10, height - 4), (right + 32, height - 4)], role, 2.5, dash),
            Words(right + 38, height, name, "ink", _NAME_SIZE, tip=line.name),
        )


def _ticks(scale: Scale) -> list[float]:
    """Those of the scale; where powers of ten are too few, three times each as well."""
    ticks = scale.ticks()
    if not scale.log or len(ticks) > 2:
        return ticks
    powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    return [v for k in powers for v in (10.0**k, 3 * 10.0**k) if scale.low <= v <= scale.high]


def _all_times(lines: Sequence[_Line]) -> Array:
    times = [line.x for line in lines if len(line.x)]
    return np.sort(np.concatenate(times)) if times else np.zeros(1)


def _pieces(line: _Line, log: bool) -> list[tuple[list[float], list[float]]]:
    """The line without what cannot be drawn: NaN, infinity and, on a log axis, 0."""
    good = np.isfinite(line.y) & ((line.y > 0) | (not log))
    pieces: list[tuple[list[float], list[float]]] = []
    for i in np.flatnonzero(good):
        if i and good[i - 1] and pieces:
            pieces[-1][0].append(float(line.x[i]))
            pieces[-1][1].append(float(line.y[i]))
        else:
            pieces.append(([float(line.x[i])], [float(line.y[i])]))
    return pieces


def _map(drawing: Drawing, record: Record, lines: Sequence[_Line], scale: Scale) -> Drawing:
    """A row for each of many layers, first above; the stronger the colour, the larger."""
    high = 16.0
    drawing.height = 58 + high * len(lines)
    names = [shortened(line.name, 170, 11) for line in lines]
    wide = max(text_width(name, 11) for name in names)
    x_scale = _time_scale(_all_times(lines))
    panel = Panel(drawing, x_scale, Scale(0, len(lines)), left=1.06 * wide + 14)
    drawing.description += " The stronger the colour, the larger; the first layer is at the top."
    for i, (line, name) in enumerate(zip(lines, names, strict=True)):
        top = panel.top + high * i
        drawing.add(Words(8, top + 12, name, "ink", 11, tip=line.name))
        at = _spread(len(line.x))
        sides = _sides(line.x[at])
        for j, column in enumerate(at):
            value = float(line.y[column])
            left, right = panel.x(float(sides[j])), panel.x(float(sides[j + 1]))
            finite = np.isfinite(value)
            share = scale.share(value) if finite and (value > 0 or not scale.log) else 0.0
            drawing.add(
                Box(left, top + 1, right - left, high - 2, "s1" if finite else "bad",
                    0.06 + 0.9 * share if finite else 1.0, tip=f"{line.name}: {value:.3g}")
            )  # fmt: skip
    panel.grid(_time_label(record), y_ticks=())
    return drawing
