"""Tests of two samples beside SciPy's values, and their false alarms."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.diagnosis.data.statistics import (
    area_error,
    chi_square,
    holm,
    kolmogorov_smirnov,
    normal_tail,
)


@pytest.mark.parametrize("scaled, chance", [(1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01)])
def test_kolmogorov_smirnov_has_the_points_of_the_tables(scaled: float, chance: float) -> None:
    # Smirnov 1948: the chance that sqrt(n m / (n + m)) times the distance is above these numbers.
    rows = 20_000
    shift = scaled / np.sqrt(rows / 2)
    a = (np.arange(rows) + 0.5) / rows
    distance, found = kolmogorov_smirnov(a, a + shift)
    assert distance == pytest.approx(shift, abs=1 / rows)
    assert found == pytest.approx(chance, rel=0.05)
    assert kolmogorov_smirnov(a, a) == (0.0, 1.0)


def test_chances_are_even_where_nothing_differs() -> None:
    random = np.random.default_rng(0)
    chances = np.array([
        kolmogorov_smirnov(random.normal(size=200), random.normal(size=150))[1]
        for _ in range(400)
    ])  # fmt: skip
    levels = [0.05, 0.2, 0.5]
    assert np.allclose([(chances < level).mean() for level in levels], levels, atol=0.06)
    counts = random.multinomial(300, [0.1, 0.2, 0.3, 0.4], size=(400, 2))
    chances = np.array([chi_square(*pair)[1] for pair in counts])
    assert np.allclose([(chances < level).mean() for level in levels], levels, atol=0.06)


def test_chi_square_is_that_of_a_table() -> None:
    # The 95 % points of chi-square with 1 and 3 degrees of freedom are 3.841 and 7.815.
    a, b = np.array([100, 100]), np.array([100.0, 100.0])
    step = np.sqrt(3.841 * 200 / 4 / 2)  # so many rows of each part move
    moved = np.array([step, -step])
    distance, chance = chi_square(a + moved, b - moved)
    assert chance == pytest.approx(0.05, abs=0.004) and distance == pytest.approx(step / 100)
    assert chi_square(np.array([50, 0]), np.array([0, 50]))[0] == 1.0
    assert chi_square(np.array([5]), np.array([7])) == (0.0, 1.0)


def test_corrected_chances_and_errors_of_areas() -> None:
    assert holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert normal_tail(0.0) == 0.5 and normal_tail(8.0) == pytest.approx(6.22e-16, rel=1e-2)
    assert area_error(0.5, 50, 50) == pytest.approx(np.sqrt(101 / (12 * 50 * 50)), rel=0.02)
