"""Test score against the number of training rows, one line for each learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..typing import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that the colour-blind can tell apart (Okabe & Ito 2008), and markers for print in grey.
_LINE_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#7F7F7F", "#E69F00", "#56B4E9")
_LINE_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_Group = tuple[float, list[int]]  # the sum of the heights that its members want, and their indices


def learning_curves(
    scores: Mapping[str, Array], counts: Sequence[int], title: str, ylabel: str
) -> Figure:
    """The figure; `scores` holds (sizes, draws) for each learner, drawn as mean and deviation.

    The first learner is emphasized. Each line is labelled at its end; labels do not overlap.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    figure = Figure(figsize=(8.0, 4.8), layout="constrained")
    panel = figure.subplots()
    draws = next(iter(scores.values())).shape[1]
    drawn = []
    for i, (name, values) in enumerate(scores.items()):
        mean, spread = values.mean(axis=1), values.std(axis=1)
        # Sizes moved a little, so that error bars stand beside each other.
        x = np.asarray(counts) * 1.015 ** (i - (len(scores) - 1) / 2)
        colour, mark = _LINE_COLOURS[i % len(_LINE_COLOURS)], _LINE_MARKERS[i % len(_LINE_MARKERS)]
        panel.errorbar(
            x, mean, spread, color=colour, marker=mark, markersize=5, capsize=2.5,
            linewidth=2.6 if i == 0 else 1.4, elinewidth=1.0, zorder=3 if i == 0 else 2,
        )  # fmt: skip
        drawn.append((mean[-1], name, colour))
    low = min(float((s.mean(axis=1) - s.std(axis=1)).min()) for s in scores.values())
    high = max(float((s.mean(axis=1) + s.std(axis=1)).max()) for s in scores.values())
    low = max(low, -0.1)  # a failed fit must not squeeze the others together
    room = 0.04 * (high - low or 1.0)
    panel.set_ylim(low - room, high + room)
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(FixedLocator(list(counts)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{int(n):,}"))
    panel.set_xlabel(f"training rows (mean and standard deviation of {draws} draws)")
    panel.set_ylabel(ylabel)
    panel.set_title(title, loc="left", fontsize=12)
    panel.grid(axis="y", alpha=0.3, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    label_heights = _spread_apart([end for end, _, _ in drawn], 0.055 * (high - low + 2 * room))
    for height, (_, name, colour) in zip(label_heights, drawn, strict=True):
        panel.annotate(
            name, (1.02, height), xycoords=("axes fraction", "data"), color=colour, va="center",
            fontsize=9.5, fontweight="bold" if name == drawn[0][1] else "normal",
        )  # fmt: skip
    return figure


def _spread_apart(heights: Sequence[float], gap: float) -> list[float]:
    """The heights moved as little as needed to lie `gap` apart, in their order.

    >>> _spread_apart([1.0, 1.0, 0.0], 0.5)
    [0.75, 1.25, 0.0]
    """
    order = sorted(range(len(heights)), key=lambda i: (heights[i], i))
    groups: list[_Group] = []
    for i in order:
        groups.append((heights[i], [i]))
        while len(groups) > 1 and _edge(groups[-1], gap, -1) - _edge(groups[-2], gap, 1) < gap:
            total, members = groups.pop()
            groups[-1] = (groups[-1][0] + total, groups[-1][1] + members)
    moved = [0.0] * len(heights)
    for total, members in groups:
        for j, i in enumerate(members):
            moved[i] = total / len(members) + (j - (len(members) - 1) / 2) * gap
    return moved


def _edge(group: _Group, gap: float, side: int) -> float:
    """The height of the lowest (side -1) or the highest (side 1) member."""
    total, members = group
    return total / len(members) + side * (len(members) - 1) / 2 * gap
