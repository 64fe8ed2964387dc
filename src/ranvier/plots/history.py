"""Training curves: loss and metrics against epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, cast

from ..base.extras import optional
from ..errors import StateError, unknown_name
from ..io.writing import FilePath
from .figures import check_picture, save_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def history(
    numbers: Mapping[str, Sequence[float]],
    epochs: Sequence[int],
    names: Sequence[str] = (),
    ax: Axes | None = None,
    path: FilePath | None = None,
) -> Figure:
    """One panel for each of `names` (all by default), training solid and validation dashed; returns
    the figure, and writes it to `path` (.png, .svg or .pdf), which pyplot then shows no more.

    In a notebook it is shown once, as what the cell returns.
    """
    if path is not None:
        check_picture(path)
    pyplot = optional("matplotlib.pyplot", "plot", "plot")
    known = [name for name in numbers if not name.startswith("val_")]
    for name in names:
        if name not in known:
            raise unknown_name("curve", name, known)
    chosen = list(names) or known
    if not chosen:
        raise StateError("plot: this history holds no epoch yet; call fit first")
    if ax is not None:
        figure = cast("Figure", ax.figure)
        panels = [ax] * len(chosen)
    else:
        figure, grid = pyplot.subplots(
            1, len(chosen), figsize=(4.5 * len(chosen), 3.5), squeeze=False, layout="constrained"
        )
        panels = list(grid[0])
    x = [epoch + 1 for epoch in epochs]
    for name, panel in zip(chosen, panels, strict=True):
        (line,) = panel.plot(x, numbers[name], label=name)
        if f"val_{name}" in numbers:
            panel.plot(x, numbers[f"val_{name}"], "--", color=line.get_color(), label=f"val_{name}")
        panel.set_xlabel("epoch")
        panel.set_ylabel(name if ax is None else "")
        panel.legend()
    if ax is None and (path is not None or _in_notebook(pyplot)):
        # NOTE: pyplot keeps open figures; a notebook shows them beside what the cell returns.
        pyplot.close(figure)
    if path is not None:
        save_picture(figure, path)
    return figure


def _in_notebook(pyplot: ModuleType) -> bool:
    """Whether figures are shown below a cell of a notebook."""
    return "inline" in pyplot.get_backend().lower()
