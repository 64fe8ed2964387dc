"""Attributions as drawings: bars, swarms, heat maps over images, tokens of a text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import ArgumentError
from ...plots.axes import Panel, Scale, tick_text
from ...plots.drawing import Box, Dots, Drawing, Stroke, Words, shortened, text_width
from ...typing import Array
from ..result import Attribution

UP, DOWN, NEUTRAL = "s2", "s1", "s5"  # what raises the output, what lowers it, sizes
_MOST_BARS = 15
_LINE = 24  # pixels from one bar to the next
_MOST_CELLS = 48  # of a side of a heat map
_MOST_IMAGES = 8
_MOST_DOTS = 200  # of a line of a swarm
KINDS = ("bars", "swarm", "importance")


def draw(a: Attribution, kind: str | None = None) -> Drawing:
    """The drawing that suits an attribution."""
    if kind is not None and kind not in KINDS:
        raise ArgumentError(f"kind={kind!r}: expected one of {', '.join(KINDS)}")
    if a.kind == "image" and a.values.ndim == 3:
        return images(a)
    if a.kind == "text" and a.values.ndim == 2:
        return tokens(a)
    a = of_one_output(a)
    if a.values.ndim > 2:
        a = Attribution(a.method, a.features_flat, (), a.base_values, a.outputs)
    if not a.about_rows or kind == "importance":
        return importance(a)
    if kind == "swarm" or (kind is None and len(a) > 3):
        return swarm(a)
    return bars(a)


def of_one_output(a: Attribution) -> Attribution:
    """Of several outputs the one that the values have most to do with."""
    if a.outputs is None or a.outputs.ndim < 2:
        return a
    return a.output(int(np.abs(a.values).sum(axis=tuple(range(a.values.ndim - 1))).argmax()))


# --- bars ---------------------------------------------------------------------------------------


def bars(a: Attribution, row: int = 0) -> Drawing:
    """What each feature adds to the output of a row, the largest first, errors as whiskers."""
    values, labels = a.features_flat[row], _labels(a, row)
    errors = None if a.errors is None else a.errors.reshape(len(a), -1)[row]
    order = np.argsort(-np.abs(values), kind="stable")
    shown, rest = order[:_MOST_BARS], order[_MOST_BARS:]
    lines = [
        (labels[i], float(values[i]), 0.0 if errors is None else float(errors[i])) for i in shown
    ]
    if len(rest):
        lines.append((f"{len(rest)} others together", float(values[rest].sum()), 0.0))
    about = f"{a.method}: what each feature adds to the output. "
    if a.outputs is not None:
        about += f"The model says {_number(a.outputs[row])}"
        if a.base_values is not None:
            about += f", on average of the background {_number(a.base_values[row])}"
        about += "."
    drawing = _bars(_title(a, row), about, lines, signed=True)
    if a.outputs is not None and a.base_values is not None:
        text = f"from {_number(a.base_values[row])} to {_number(a.outputs[row])}"
        drawing.add(Words(drawing.width / 2, drawing.height + 12, text, "ink", 12, "middle"))
        drawing.height += 22
    return drawing


def importance(a: Attribution) -> Drawing:
    """The mean size of the values of each feature, the largest first."""
    names = _labels(a, None)
    if a.about_rows:
        means = np.abs(a.features_flat).mean(axis=0)
        errors = np.zeros_like(means)
        about = f"{a.method}: the mean size of the values of {len(a):,} rows."
    else:
        means = a.values
        errors = np.zeros_like(means) if a.errors is None else a.errors
        about = f"{a.method}. " + " ".join(a.notes)
    order = np.argsort(-means, kind="stable")[:_MOST_BARS]
    lines = [(names[i], float(means[i]), float(errors[i])) for i in order]
    return _bars(_title(a), about, lines, signed=bool((means < 0).any()))


def _bars(
    title: str, about: str, lines: Sequence[tuple[str, float, float]], signed: bool
) -> Drawing:
    drawing = Drawing(title, about, 460, 34 + _LINE * len(lines))
    texts = [_amount(value, signed) for _, value, _ in lines]
    left = min(max((text_width(label) for label, _, _ in lines), default=0.0), 190.0) + 14
    right = max((text_width(text) for text in texts), default=0.0) + 16
    ends = [0.0, *(v + s * e for _, v, e in lines for s in (-1.96, 1.96))]
    low, high = min(ends), max(*ends, 1e-300)
    room = max(map(text_width, texts)) if low < 0 else 0.0
    panel = Panel(drawing, Scale(low, high), Scale(0, 1), left + room, right, 10, 8)
    zero = panel.x(0.0)
    bottom = 10 + _LINE * len(lines)
    drawing.add(Stroke([(zero, 8), (zero, bottom)], "muted", 1))
    for i, ((label, value, error), text) in enumerate(zip(lines, texts, strict=True)):
        y = 10 + _LINE * i
        short = shortened(label, left - 14)
        start, end = sorted((zero, panel.x(value)))
        role = NEUTRAL if not signed else UP if value >= 0 else DOWN
        drawing.add(
            Words(left - 8, y + 13, short, "ink", 12, "end", tip=label if short != label else ""),
            Box(start, y + 2, max(end - start, 1.0), 15, role, 0.9, 2, tip=f"{label}: {text}"),
        )
        low_end, high_end = start, end
        if error > 0:
            low_end, high_end = panel.x(value - 1.96 * error), panel.x(value + 1.96 * error)
            drawing.add(Stroke([(low_end, y + 9.5), (high_end, y + 9.5)], "ink", 1.5))
        if value < 0:
            at = min(start, low_end) - 5
            drawing.add(Words(at, y + 13, text, "muted", 12, "end"))
        else:
            drawing.add(Words(max(end, high_end) + 5, y + 13, text, "muted", 12))
    drawing.head = ("feature", "value", "standard error")
    drawing.rows = [(label, f"{v:.6g}", f"{e:.3g}" if e else "") for label, v, e in lines]
    return drawing


# --- swarms -------------------------------------------------------------------------------------


def swarm(a: Attribution) -> Drawing:
    """A dot for each row on the line of each feature, coloured by the feature's own value."""
    from ..shapley.groups import numbers_of

    values = a.features_flat
    names = _labels(a, None)
    order = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:_MOST_BARS]
    height = 62 + 30 * len(order)
    about = (
        f"{a.method} of {len(a):,} rows: one dot for each row. Orange are high values of the "
        "feature, blue low ones, grey those between and what is no number."
    )
    drawing = Drawing(_title(a), about, 460, height)
    lines = []
    for i in order:
        cells = None
        if a.data is not None and a.data.ndim == 2 and a.data.shape[1] == values.shape[1]:
            cells = numbers_of(a.data[:, i])
        lines.append((names[i], values[:, i], _by_height(cells, len(values))))
    draw_swarm(drawing, lines, "what it adds to the output")
    drawing.head = ("feature", "mean size")
    drawing.rows = [(names[i], f"{np.abs(values[:, i]).mean():.4g}") for i in order]
    return drawing


def draw_swarm(
    drawing: Drawing, lines: Sequence[tuple[str, Array, dict[str, list[int]]]], label: str
) -> None:
    """A line of dots for each feature: its name, its values, and by colour the rows that have it.

    Of many rows some are drawn.
    """
    left = min(max(text_width(name) for name, _, _ in lines), 170.0) + 16
    ends = [0.0, *(float(end) for _, v, _ in lines for end in (v.min(), v.max()))]
    panel = Panel(drawing, Scale.over(ends), Scale(0, 1), left, 16, 8, 52)
    panel.grid(label, y_ticks=())
    zero = panel.x(0.0)
    drawing.add(Stroke([(zero, panel.top), (zero, panel.bottom)], "muted", 1))
    count = len(lines[0][1])
    shown = np.unique(np.linspace(0, count - 1, min(count, _MOST_DOTS)).astype(int))
    for line, (name, values, by_role) in enumerate(lines):
        middle = 22 + 30 * line
        short = shortened(name, left - 16)
        drawing.add(Words(left - 8, middle + 4, short, "ink", 12, "end", tip=name))
        xs = [panel.x(float(v)) for v in values[shown]]
        at = dict(zip(shown.tolist(), zip(xs, _spread(xs), strict=True), strict=True))
        for role, rows in by_role.items():
            dots = [(at[row][0], middle + at[row][1]) for row in rows if row in at]
            drawing.add(Dots(dots, role, 2.4, 0.75))


def _spread(xs: Sequence[float]) -> list[float]:
    """Offsets up and down, so that dots at the same position do not hide each other."""
    seen: dict[int, int] = {}
    offsets = []
    for x in xs:
        count = seen.get(round(x / 4), 0)
        seen[round(x / 4)] = count + 1
        step = (count + 1) // 2 * 3.0
        offsets.append(float(max(min(step if count % 2 else -step, 12.0), -12.0)))
    return offsets


def _by_height(cells: Array | None, count: int) -> dict[str, list[int]]:
    """The rows by colour: those with a low value, with a high one, and neither."""
    if cells is None or not np.isfinite(cells).any():
        return {NEUTRAL: list(range(count))}
    low, high = np.nanquantile(cells, [0.5, 0.5]) if len(set(cells)) == 2 else np.nanquantile(
        cells, [1 / 3, 2 / 3]
    )  # fmt: skip
    roles: dict[str, list[int]] = {DOWN: [], NEUTRAL: [], UP: []}
    for row, cell in enumerate(cells):
        role = UP if cell > high else DOWN if cell <= low else NEUTRAL
        roles[role if cell == cell else NEUTRAL].append(row)
    return roles


# --- images and texts ---------------------------------------------------------------------------


def images(a: Attribution) -> Drawing:
    """Each image beside its map: orange speaks for the output, blue against it."""
    count = min(len(a), _MOST_IMAGES)
    side, gap, head = 168.0, 14.0, 22.0
    drawing = Drawing(
        _title(a),
        f"{a.method}: on the left the image, on the right which parts of it speak for the output "
        "(orange) or against it (blue), the stronger the more.",
        2 * side + 3 * gap,
        (side + gap + head) * count,
    )
    for row in range(count):
        top = (side + gap + head) * row
        predicted = (
            "" if a.outputs is None or a.outputs.ndim > 1 else f": {_number(a.outputs[row])}"
        )
        name = a.output_names[row] if row < len(a.output_names) else ""
        drawing.add(Words(gap, top + 15, f"{name}{predicted}".removeprefix(": "), "ink", 12.5))
        pixels = _grey(a.data, row)
        if pixels is not None:
            _cells(drawing, pixels, gap, top + head, side, "ink")
        map_left = 2 * gap + side if pixels is not None else gap
        drawing.add(Box(map_left, top + head, side, side, "grid", 0.35))
        if pixels is not None:
            _cells(drawing, 0.3 * pixels, map_left, top + head, side, "ink")
        _heat(drawing, a.values[row], map_left, top + head, side)
    drawing.head = ("image", "sum of the values")
    drawing.rows = [(i, f"{a.values[i].sum():.5g}") for i in range(count)]
    return drawing


def _grey(data: Array | None, row: int) -> Array | None:
    """An image as shares of ink, 0 to 1; None where there is none."""
    if data is None or data.ndim < 3 or data.dtype.kind not in "fiub":
        return None
    image = data[row].astype(np.float64)
    image = image.mean(axis=-1) if image.ndim == 3 else image
    low, high = image.min(), image.max()
    return np.asarray((image - low) / (high - low)) if high > low else np.zeros_like(image)


def _cells(drawing: Drawing, shares: Array, x: float, y: float, side: float, role: str) -> None:
    shares = _coarse(shares)
    high, wide = shares.shape
    size = side / max(high, wide)
    for (i, j), share in np.ndenumerate(shares):
        if share > 0.02:
            drawing.add(Box(x + j * size, y + i * size, size, size, role, float(share)))


def _heat(drawing: Drawing, values: Array, x: float, y: float, side: float) -> None:
    values = _coarse(values)
    most = np.abs(values).max() or 1.0
    high, wide = values.shape
    size = side / max(high, wide)
    for (i, j), value in np.ndenumerate(values):
        share = abs(value) / most
        if share > 0.03:
            role = UP if value > 0 else DOWN
            at = (x + j * size, y + i * size)
            drawing.add(Box(*at, size, size, role, 0.9 * float(share), tip=f"{value:.4g}"))


def _coarse(values: Array) -> Array:
    """At most so many cells a side, each the mean of what it covers."""
    step = -(-max(values.shape) // _MOST_CELLS)
    if step == 1:
        return values
    high, wide = (n // step * step for n in values.shape)
    blocks = values[:high, :wide].reshape(high // step, step, wide // step, step)
    return np.asarray(blocks.mean(axis=(1, 3)))


def tokens(a: Attribution, row: int = 0) -> Drawing:
    """The words of a text, coloured by what each adds to the output."""
    words, values = a.labels(row), a.values[row]
    words = words if len(words) == len(values) else tuple(str(i) for i in range(len(values)))
    most = np.abs(values).max() or 1.0
    drawing = Drawing(
        _title(a, row),
        f"{a.method}: words in orange raise the output, those in blue lower it.",
        460, 40,
    )  # fmt: skip
    x, y = 10.0, 12.0
    for word, value in zip(words, values, strict=True):
        word = shortened(word, 430.0, 14)
        wide = 1.06 * text_width(word, 14) + 8
        if x + wide > 450 and x > 10:
            x, y = 10.0, y + 28
        share = abs(float(value)) / most
        if share > 0.02:
            role = UP if value > 0 else DOWN
            drawing.add(Box(x, y, wide, 22, role, 0.65 * share, 3, tip=f"{word}: {value:+.4g}"))
        drawing.add(Words(x + 4, y + 16, word, "ink", 14))
        x += wide + 3
    drawing.height = y + 36
    drawing.head = ("word", "value")
    drawing.rows = [(w, f"{v:+.4g}") for w, v in zip(words, values, strict=True)]
    return drawing


# --- words --------------------------------------------------------------------------------------


def _labels(a: Attribution, row: int | None) -> tuple[str, ...]:
    count = a.features_flat.shape[1]
    names = a.feature_names if row is None else a.labels(row)
    return tuple(map(str, names)) if len(names) == count else tuple(map(str, range(count)))


def _title(a: Attribution, row: int | None = None) -> str:
    names = set(a.output_names)
    name = next(iter(names)) if len(names) == 1 else ""
    if row is not None and row < len(a.output_names):
        name = a.output_names[row]
    title = f"{a.method} for {output_text(name)}" if name else a.method
    return f"{title}, row {a.row_number(row)}" if row is not None and len(a) > 1 else title


def output_text(name: str) -> str:
    """The name of an output; of one that has only a number "output 2"."""
    return f"output {name}" if name.isdigit() else name


def _amount(value: float, signed: bool) -> str:
    """Three digits of a number, without powers of ten where it can be read.

    >>> _amount(-4716.3, True), _amount(0.01234, True), _amount(21.5, False)
    ('-4,720', '+0.0123', '21.5')
    """
    sign = "+" if signed else ""
    if 100 <= abs(value) < 1e9:
        digits = max(len(str(int(abs(value)))) - 3, 0)
        return f"{round(value, -digits):{sign},.0f}"
    return f"{value:{sign}.3g}"


def _number(value: float) -> str:
    return tick_text(float(f"{value:.4g}"))
