"""Test score against the number of training rows, one line for each learner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Colours that the colour-blind can tell apart (Okabe & Ito 2008), and marks for print in grey.
_COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#7F7F7F", "#E69F00", "#56B4E9")
_MARKS = ("o", "s", "^", "D", "v", "P", "X")


def learning_curves(
    scores: Mapping[str, Any], counts: Sequence[int], title: str, ylabel: str
) -> Any:
    """The figure; `scores` holds (sizes, draws) for each learner, drawn as mean and deviation.

    The first learner stands out. Each line carries its name at its end, the names moved apart.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    figure = Figure(figsize=(8.0, 4.8), layout="constrained")
    panel = figure.subplots()
    draws = next(iter(scores.values())).shape[1]
    drawn = []
    for i, (name, found) in enumerate(scores.items()):
        mean, spread = found.mean(axis=1), found.std(axis=1)
        # Sizes moved a little, so that error bars stand beside each other.
        x = np.asarray(counts) * 1.015 ** (i - (len(scores) - 1) / 2)
        colour, mark = _COLOURS[i % len(_COLOURS)], _MARKS[i % len(_MARKS)]
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
    ends = _apart([end for end, _, _ in drawn], 0.055 * (high - low + 2 * room))
    for place, (_, name, colour) in zip(ends, drawn, strict=True):
        panel.annotate(
            name, (1.02, place), xycoords=("axes fraction", "data"), color=colour, va="center",
            fontsize=9.5, fontweight="bold" if name == drawn[0][1] else "normal",
        )  # fmt: skip
    return figure


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """The places moved as little as needed to lie `gap` apart, in their order.

    >>> _apart([1.0, 1.0, 0.0], 0.5)
    [0.75, 1.25, 0.0]
    """
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    groups: list[list[Any]] = []  # [sum of wanted places, members]
    for i in order:
        groups.append([places[i], [i]])
        while len(groups) > 1 and _edge(groups[-1], gap, -1) - _edge(groups[-2], gap, 1) < gap:
            total, members = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += members
    moved = [0.0] * len(places)
    for total, members in groups:
        for j, i in enumerate(members):
            moved[i] = total / len(members) + (j - (len(members) - 1) / 2) * gap
    return moved


def _edge(group: list[Any], gap: float, side: int) -> float:
    total, members = group
    return float(total / len(members) + side * (len(members) - 1) / 2 * gap)
