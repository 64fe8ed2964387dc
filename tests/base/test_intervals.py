"""Quantiles and intervals beside published values."""

from __future__ import annotations

import pytest

from ranvier.base.intervals import student_quantile, wilson


@pytest.mark.parametrize(
    "freedom, expected", [(0, 1.95996), (5, 2.5706), (10, 2.2281), (30, 2.0423)]
)
def test_quantiles_of_student(freedom: int, expected: float) -> None:
    assert abs(student_quantile(0.975, freedom) - expected) < 4e-3


def test_shares_have_the_intervals_of_wilson() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605),
                 (0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}  # fmt: skip
    for (right, rows), ends in published.items():
        assert wilson(right, rows) == pytest.approx(ends, abs=1e-4)
