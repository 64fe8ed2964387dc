"""The walkthrough in the terminal: the story as lines, with colours where there are any."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ...base.locks import importing
from ...errors import unknown_name
from ...executors import executor
from ...executors.reference import ReferenceExecutor
from ...typing import Array
from .loops import Frames
from .number_text import bars, number, shape_text, statistics
from .story import Quantity, Stage, Story

_NAMED = 64  # columns of a single row whose names are listed
_NAME = 20  # characters of the name of a column
_ROWS, _COLUMNS = 8, 8  # of a tensor that is shown whole
_RULE = 78
TITLES = {
    "forward": "FORWARD: from the input to the prediction",
    "loss": "LOSS: how wrong the prediction is",
    "backward": "BACKWARD: the gradient of the loss, by the chain rule",
    "update": "UPDATE: every parameter a step along its gradient",
}


class Shown(NamedTuple):
    """A line and how it looks (a style of rich)."""

    text: str
    style: str = ""


def text(story: Story) -> str:
    """All of it as plain text."""
    return "\n".join(line.text.rstrip() for line in lines(story))


def show(story: Story, section: str | None = None, pause: bool = False) -> None:
    """Print it in colours."""
    if section is not None and section not in TITLES:
        raise unknown_name("section", section, TITLES)
    with importing("rich"):
        from rich.console import Console
        from rich.text import Text
    console = Console(highlight=False)
    for line in lines(story, section):
        if pause and line.style == _STAGE and console.is_terminal:
            console.input("[dim]Enter: the next stage[/dim] ")
        console.print(Text(line.text, line.style), soft_wrap=True)


_SECTION, _STAGE, _FORMULA, _LINE, _DIM = "bold reverse", "bold", "cyan", "green", "dim"


def lines(story: Story, section: str | None = None) -> Iterator[Shown]:
    """The story line by line."""
    recording = story.recording
    rows = recording.rows.count
    loss = next((stage.title for stage in story.of_section("loss")), "loss")
    yield Shown(
        f"One training step of {recording.model.name} on {rows} row{'s' * (rows > 1)}; {loss}; "
        f"{recording.model.optimizer}",
        "bold",
    )
    yield Shown(agreement(story), _DIM)
    before = ""
    for stage in story.stages:
        if section not in (None, stage.section):
            continue
        if stage.section != before:
            before = stage.section
            yield Shown("")
            yield Shown(TITLES[before], _SECTION)
        yield from _stage(stage)


def agreement(story: Story) -> str:
    """How the numbers compare with those of the model's own engine."""
    recording = story.recording
    if isinstance(executor(recording.engine), ReferenceExecutor):
        return "Every number is from the reference executor, which this model runs on."
    if recording.difference <= 1e-4:
        return (
            "Every number is from the reference executor; the compiled step gives the same new "
            f"weights (largest relative difference {number(recording.difference, 2)})."
        )
    return (
        "NOTE: the compiled step gives other new weights (largest relative difference "
        f"{number(recording.difference, 2)}); model.verify(x, y) says where."
    )


def _stage(stage: Stage) -> Iterator[Shown]:
    indent = "  " * max(stage.depth - 1, 0)
    yield Shown("")
    yield Shown(f"{indent}{stage.title}", _STAGE)
    for formula in stage.formulas:
        yield Shown(f"{indent}    {formula.text}", _FORMULA)
    if stage.ops:
        yield Shown(f"{indent}    no formula is known; its operations: {', '.join(stage.ops)}", "")
    for note in stage.notes:
        yield Shown(f"{indent}    {note}", _DIM)
    for line in stage.lines:
        yield Shown(f"{indent}  {line.text()}", _LINE)
    for quantity in stage.quantities:
        yield from (Shown(f"{indent}  {text}") for text in tensor_lines(quantity))
    for frames in stage.frames:
        yield from (Shown(f"{indent}  {text}") for text in _frames(frames))


def tensor_lines(quantity: Quantity) -> Iterator[str]:
    """A tensor: whole if it is small, else by shape, statistics and histogram."""
    array = quantity.array
    title = f"{quantity.symbol}{f' ({quantity.title})' if quantity.title else ''}"
    if array.size == 1:
        yield f"{title} = {number(array.item())}"
        return
    if array.ndim == 1 and array.size <= _COLUMNS:
        if quantity.names:
            yield title
            yield from (f"  {row}" for row in table(array[None], ((), quantity.names[0])))
        else:
            yield f"{title} = {' '.join(number(v, 5) for v in array)}"
        return
    if array.ndim == 2 and array.shape[0] <= _ROWS and array.shape[1] <= _COLUMNS and array.size:
        both = zip(("row", "column"), quantity.axes, strict=False)
        meaning = "; ".join(f"{which}: {axis}" for which, axis in both)
        yield title + (f", {meaning}" if len(quantity.axes) == 2 else "")
        yield from (f"  {row}" for row in table(array, quantity.names))
        return
    yield f"{title}: {shape_text(array.shape)}; {statistics(array)}"
    last = quantity.names[-1] if quantity.names else ()
    if last and array.size == len(last) <= _NAMED:
        pairs = zip(last, array.reshape(-1), strict=True)
        text = ", ".join(f"{_short(name)} = {number(v, 5)}" for name, v in pairs)
        yield from (f"  {line}" for line in textwrap.wrap(text, 100))
        return
    if array.dtype.kind != "b" and array.size:
        yield f"  |{bars(array, 32)}| from least to largest"


def table(array: Array, names: Sequence[Sequence[str]] = ()) -> list[str]:
    """The rows of a matrix, in columns; `names` are those of its rows and of its columns.

    >>> table(np.array([[1.0, -0.5], [10.0, 2.0]]))
    [' 1  -0.5', '10     2']
    >>> table(np.array([[1.0, -0.5]]), (["age"], ["no", "yes"]))
    ['     no   yes', 'age   1  -0.5']
    """
    cells = [[number(v, 5) for v in row] for row in array]
    rows, columns = names or ((), ())
    if rows and not columns:
        columns = [str(j) for j in range(array.shape[1])]
    if columns:
        cells.insert(0, [_short(name) for name in columns])
    if rows:
        labels = [_short(name) for name in rows]
        for row, label in zip(cells, [""] * bool(columns) + labels, strict=True):
            row.insert(0, label)
    widths = [max(len(row[j]) for row in cells) for j in range(len(cells[0]))]
    return [
        "  ".join(
            c.ljust(w) if rows and not j else c.rjust(w)
            for j, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]


def _short(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _frames(frames: Frames) -> Iterator[str]:
    """A tensor of a loop: the first row of the batch at each step."""
    first = frames.array[:, 0] if frames.array.ndim > 1 else frames.array
    flat = np.asarray(first).reshape(len(frames.array), -1)
    if flat.shape[0] <= 12 and flat.shape[1] <= _COLUMNS:
        yield f"{frames.symbol}[t] of the first row, a line for each step t"
        yield from (f"  {row}" for row in table(flat))
    else:
        yield f"{frames.symbol}[t]: {shape_text(frames.array.shape)}; {statistics(frames.array)}"
