"""Contours of a grid of numbers: lines of one level and the areas above it (marching squares).

Points are (column, row) in cells of the grid, with linear interpolation along its lines.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..typing import Array
from .drawing import Point

Edge = tuple[int, int, int]  # 0: from (row, column) to the right, 1: downwards; row, column

# Of the corners at or above the level (1: upper left, 2: upper right, 4: lower right, 8: lower
# left) the sides that the contour joins: 0 above, 1 right, 2 below, 3 left.
_JOINS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((3, 0),), 2: ((0, 1),), 3: ((3, 1),), 4: ((1, 2),), 6: ((0, 2),), 7: ((3, 2),),
    8: ((2, 3),), 9: ((2, 0),), 11: ((2, 1),), 12: ((1, 3),), 13: ((1, 0),), 14: ((0, 3),),
}  # fmt: skip
_APART = {5: ((3, 0), (1, 2)), 10: ((0, 1), (2, 3))}  # two corners that the middle does not join
_JOINED = {5: ((3, 2), (1, 0)), 10: ((0, 3), (2, 1))}


def contour_lines(values: Array, level: float) -> list[list[Point]]:
    """The lines on which a grid (rows, columns) has this level; a closed one ends where it began.

    >>> contour_lines(np.array([[0.0, 1.0], [0.0, 1.0]]), 0.5)
    [[(0.5, 0.0), (0.5, 1.0)]]
    """
    field = np.asarray(values, np.float64) - level
    above = field >= 0
    code = (
        above[:-1, :-1] + 2 * above[:-1, 1:] + 4 * above[1:, 1:] + 8 * above[1:, :-1]
    )  # fmt: skip
    links: dict[Edge, list[Edge]] = {}
    for row, column in np.argwhere((code > 0) & (code < 15)).tolist():
        kind = int(code[row, column])
        joins = _JOINS.get(kind)
        if joins is None:
            middle = field[row : row + 2, column : column + 2].mean()
            joins = (_JOINED if middle >= 0 else _APART)[kind]
        sides = ((0, row, column), (1, row, column + 1), (0, row + 1, column), (1, row, column))
        for a, b in joins:
            links.setdefault(sides[a], []).append(sides[b])
            links.setdefault(sides[b], []).append(sides[a])
    return [[_point(edge, field) for edge in chain] for chain in _chains(links)]


def _chains(links: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """The links as chains: open ones from end to end, then closed ones."""
    chains = []
    ends = [edge for edge, others in links.items() if len(others) == 1]
    for start in [*ends, *links]:
        if not links[start]:
            continue
        chain = [start]
        while links[chain[-1]]:
            after = links[chain[-1]].pop()
            links[after].remove(chain[-1])
            chain.append(after)
        chains.append(chain)
    return chains


def _point(edge: Edge, field: Array) -> Point:
    kind, row, column = edge
    a = field[row, column]
    b = field[row, column + 1] if kind == 0 else field[row + 1, column]
    share = float(a / (a - b)) if math.isfinite(a) and math.isfinite(b) else 0.5
    return (column + share, float(row)) if kind == 0 else (float(column), row + share)


def filled(values: Array, level: float) -> list[list[Point]]:
    """Closed loops around where a grid is at or above the level, by the even-odd rule.

    >>> [sorted(set(loop)) for loop in filled(np.array([[1.0, 1.0], [1.0, 1.0]]), 0.5)]
    [[(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]]
    """
    high, wide = values.shape
    # NOTE: below the level all around, and nearly as high as the level, so that loops close along
    # the border; points beyond it are moved onto it.
    padded = np.pad(np.asarray(values, np.float64) - level, 1, constant_values=-1e-300)
    return [
        [(min(max(x - 1, 0.0), wide - 1.0), min(max(y - 1, 0.0), high - 1.0)) for x, y in line]
        for line in contour_lines(padded, 0.0)
    ]


def simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """The line with fewer points, none of which was further away than this (Douglas, Peucker 1973).

    >>> simplified([(0, 0), (1, 0.01), (2, 0), (2, 2)], 0.1)
    [(0, 0), (2, 0), (2, 2)]
    """
    array = np.asarray(points, np.float64)
    keep = np.zeros(len(array), bool)
    keep[[0, -1]] = True
    stack = [(0, len(array) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        start, inner = array[first], array[first + 1 : last] - array[first]
        along = array[last] - start
        length = math.hypot(along[0], along[1])
        if length < 1e-12:
            away = np.hypot(inner[:, 0], inner[:, 1])
        else:
            away = np.abs(inner[:, 0] * along[1] - inner[:, 1] * along[0]) / length
        worst = int(away.argmax())
        if away[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            stack += [(first, middle), (middle, last)]
    return [point for point, kept in zip(points, keep, strict=True) if kept]
