"""Learning curves: one quantity of each epoch."""

from __future__ import annotations

from collections.abc import Callable

from ...base.quantities import number_text
from ...plots.axes import Panel, Scale
from ...plots.drawing import Drawing, Stroke, Words
from ..results import Curve, Results
from ..words.language import Language
from .chart_parts import drawing_of


def curve_chart(index: int) -> Callable[[Results, Language], Drawing | None]:
    def chart(results: Results, words: Language) -> Drawing | None:
        if index >= len(results.curves):
            return None
        return training_curve(results.curves[index], results.best_epoch, words)

    return chart


def training_curve(curve: Curve, best: int | None, words: Language) -> Drawing | None:
    lines = [
        (name, role, dash, [(i + 1, v) for i, v in enumerate(values) if v is not None])
        for name, role, dash, values in (
            (words("training_rows"), "s1", (), curve.train),
            (words("held_out_rows"), "s2", (7, 3), curve.held_out),
        )
    ]
    lines = [line for line in lines if line[3]]
    if not lines:
        return None
    name = words(curve.name)
    drawing = drawing_of(words, "curve", quantity=name)
    values = [v for *_, points in lines for _, v in points]
    epochs = max(len(curve.train), len(curve.held_out))
    # Losses fall by powers at first; on a plain scale the rest would be one flat line.
    log = min(values) > 0 and max(values) > 20 * min(values)
    top = 12 if best is None else 26
    panel = Panel(drawing, Scale(1, max(epochs, 2)), Scale.over(values, log=log), top=top)
    ticks = [t for t in Scale(1, max(epochs, 2)).ticks(6) if t == int(t) and t >= 1]
    panel.grid(words("epoch"), name, x_ticks=sorted({1.0, *ticks[:]}) if epochs < 8 else ticks)
    if best is not None:
        x, chosen = panel.x(best), words("chosen_epoch", epoch=best)
        drawing.add(
            Stroke([(x, panel.top), (x, panel.bottom)], "s3", 1.5, (3, 3)),
            Words(min(max(x, 60), panel.right - 40), 18, chosen, "s3", 12, "middle"),
        )
    for _, role, dash, points in lines:
        xs, ys = zip(*points, strict=True)
        panel.line(xs, ys, role, 2, dash)
        if len(points) == 1:
            panel.dots(xs, ys, role, 3)
    rising = lines[0][3][-1][1] > lines[0][3][0][1]
    panel.legend([line[:3] for line in lines], "bottom right" if rising else "top right")
    drawing.head = (words("epoch"), *(line[0] for line in lines))
    step = max(1, epochs // 20)
    columns = [dict(line[3]) for line in lines]
    drawing.rows = [
        (epoch, *(number_text(column.get(epoch)) for column in columns))
        for epoch in range(1, epochs + 1)
        if epoch == 1 or epoch == epochs or epoch % step == 0
    ]
    return drawing
