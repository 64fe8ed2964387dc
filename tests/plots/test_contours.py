"""Contours: lines lie on their level, areas hold what is above it."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.plots.contours import contour_lines, filled, simplified
from ranvier.plots.drawing import Point

ROWS, COLUMNS = np.mgrid[0:21, 0:31]


def inside(loops: list[list[Point]], x: float, y: float) -> bool:
    """By the even-odd rule, along a ray to the right."""
    crossed = 0
    for loop in loops:
        for (x0, y0), (x1, y1) in zip(loop, [*loop[1:], loop[0]], strict=True):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                crossed += 1
    return crossed % 2 == 1


def test_a_line_lies_on_its_level() -> None:
    plane = 2.0 * COLUMNS + 3.0 * ROWS
    (line,) = contour_lines(plane, 40.7)
    assert all(2 * x + 3 * y == pytest.approx(40.7) for x, y in line)
    circle = np.hypot(COLUMNS - 15, ROWS - 10)
    (ring,) = contour_lines(circle, 6.0)
    assert ring[0] == ring[-1] and len(ring) > 20
    assert all(abs(np.hypot(x - 15, y - 10) - 6) < 0.1 for x, y in ring)


FIELDS = {
    "ring": -np.abs(np.hypot(COLUMNS - 15, ROWS - 10) - 6),
    "corner": COLUMNS + ROWS - 25.5,
    "waves": np.sin(COLUMNS / 2.1) * np.cos(ROWS / 1.7),
    "noise": np.random.default_rng(0).normal(size=ROWS.shape),
    "all": np.ones(ROWS.shape),
    "none": -np.ones(ROWS.shape),
}


@pytest.mark.parametrize("name", FIELDS)
def test_an_area_holds_the_points_above_the_level(name: str) -> None:
    field, level = FIELDS[name], -1.0 if name == "ring" else 0.0
    loops = filled(field, level)
    for row in range(1, 20):
        for column in range(1, 30):
            value = field[row, column]
            if abs(value - level) > 1e-9:
                # beside the point itself, so that no corner lies on the ray
                assert inside(loops, column + 1e-7, row + 1e-7) == (value > level)
    for loop in loops:
        assert all(0 <= x <= 30 and 0 <= y <= 20 for x, y in loop)


def test_where_two_corners_meet_the_middle_decides() -> None:
    low, high = np.array([[1.0, -2.0], [-2.0, 1.0]]), np.array([[2.0, -1.0], [-1.0, 2.0]])
    assert len(contour_lines(low, 0.0)) == len(contour_lines(high, 0.0)) == 2
    assert not inside(filled(low, 0.0), 0.5, 0.5) and inside(filled(high, 0.0), 0.5, 0.5)


def test_simplified_lines_stay_close() -> None:
    circle = [(10 * np.cos(t), 10 * np.sin(t)) for t in np.linspace(0, 6, 400)]
    fewer = simplified(circle, 0.05)
    assert 10 < len(fewer) < 80 and fewer[0] == circle[0] and fewer[-1] == circle[-1]
    assert all(abs(np.hypot(x, y) - 10) < 1e-9 for x, y in fewer)
