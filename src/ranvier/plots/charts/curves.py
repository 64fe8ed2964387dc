"""Curves of a training: loss and metrics against epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...base.missing import spelled
from ...base.quantities import number_text
from ...errors import ArgumentError, StateError, unknown_name
from ...train.callbacks.callback import History
from ..axes import Panel, Scale
from ..composition import together
from ..drawing import Drawing, Stroke, Words
from .chart_parts import DASHES, SERIES


def draw_curve(
    drawing: Drawing,
    name: str,
    lines: Sequence[tuple[str, Sequence[float | None]]],
    best: int | None = None,
    chosen: str = "",
    epoch: str = "epoch",
    first: int = 1,
    log: bool | None = None,
) -> Drawing | None:
    """One quantity by epoch: a line for each (name, one value an epoch), None where it is missing;
    a mark at the epoch `best`, said as `chosen`. None: there is nothing to draw.
    """
    drawn = [
        (label, SERIES[i % len(SERIES)], DASHES[i % len(DASHES)],
         [(first + k, v) for k, v in enumerate(values) if v is not None and math.isfinite(v)])
        for i, (label, values) in enumerate(lines)
    ]  # fmt: skip
    drawn = [line for line in drawn if line[3]]
    if not drawn:
        return None
    values = [v for *_, points in drawn for _, v in points]
    last = first - 1 + max(len(values) for _, values in lines)
    # Losses fall by powers at first; on a plain scale the rest would be one flat line.
    if log is None or min(values) <= 0:
        log = min(values) > 0 and max(values) > 20 * min(values)
    top = 12 if best is None else 26
    panel = Panel(drawing, Scale(first, max(last, first + 1)), Scale.over(values, log=log), top=top)
    ticks = [t for t in Scale(first, max(last, first + 1)).ticks(6) if t == int(t) and t >= first]
    panel.grid(epoch, name, x_ticks=sorted({float(first), *ticks}) if last - first < 7 else ticks)
    if best is not None:
        x = panel.x(best)
        drawing.add(
            Stroke([(x, panel.top), (x, panel.bottom)], "s3", 1.5, (3, 3)),
            Words(min(max(x, 60), panel.right - 40), 18, chosen, "s3", 12, "middle"),
        )
    for _, role, dash, points in drawn:
        xs, ys = zip(*points, strict=True)
        panel.line(xs, ys, role, 2, dash)
        if len(points) == 1:
            panel.dots(xs, ys, role, 3)
    rising = drawn[0][3][-1][1] > drawn[0][3][0][1]
    panel.legend([line[:3] for line in drawn], "bottom right" if rising else "top right")
    drawing.head = (epoch, *(line[0] for line in drawn))
    step = max(1, (last - first + 1) // 20)
    columns = [dict(line[3]) for line in drawn]
    drawing.rows = [
        (at, *(number_text(column.get(at)) for column in columns))
        for at in range(first, last + 1)
        if at in (first, last) or at % step == 0
    ]
    return drawing


@spelled
def history(
    history: History | Mapping[str, Sequence[float]],
    names: Sequence[str] | str | None = None,
    log: bool | None = None,
) -> Drawing:
    """Loss and metrics by epoch, training and validation together, a panel for each.

    Args:
        history: what `fit` returned, or {name: one number an epoch}, validation as `"val_" + name`.
        names: the quantities to draw; all by default.
        log: a logarithmic axis; by default where values fall to a twentieth.

    Raises ArgumentError for a name that is not there, StateError where there is no epoch.

    >>> history({"loss": [1.0, 0.5], "val_loss": [1.1, 0.7]}).rows
    [(1, '1', '1.1'), (2, '0.5', '0.7')]
    """
    if isinstance(history, History):
        numbers: Mapping[str, Sequence[float]] = history.history
        first = history.epoch[0] + 1 if history.epoch else 1
    elif isinstance(history, Mapping):
        numbers, first = history, 1
    else:
        raise ArgumentError(
            f"history: expected what fit returned, or {{name: numbers}}; got "
            f"{type(history).__name__}"
        )
    known = [name for name in numbers if not name.startswith("val_")]
    chosen = [names] if isinstance(names, str) else list(known if names is None else names)
    for name in chosen:
        if name not in known:
            raise unknown_name("curve", name, known)
    parts = []
    for name in chosen:
        lines = [("training", numbers[name])]
        if f"val_{name}" in numbers:
            lines.append(("validation", numbers[f"val_{name}"]))
        part = Drawing(f"{name} by epoch", "")
        if draw_curve(part, name, lines, first=first, log=log) is not None:
            parts.append(part)
    if not parts:
        raise StateError("history: it holds no epoch yet; call fit first")
    about = "After each epoch, a pass over the training rows"
    if any(f"val_{name}" in numbers for name in chosen):
        about += "; dashed: on the rows kept for validation, which take no part in the training"
    title = parts[0].title if len(parts) == 1 else "History of a training"
    return together(title, f"{about}.", parts)
