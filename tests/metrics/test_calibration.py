"""Calibration and prediction intervals."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.metrics import calibration
from report.golden_measures import golden


def test_reliability() -> None:
    g = golden("binary")
    bins = calibration.reliability(g["positive"] == 1, g["score"])
    assert np.allclose([b.predicted for b in bins], g["predicted"])
    assert np.allclose([b.observed for b in bins], g["observed"])
    assert sum(b.rows for b in bins) == len(g["score"])
    assert all(b.low <= b.observed <= b.high for b in bins)
    error = calibration.calibration_error(bins)
    gaps = [abs(b.predicted - b.observed) * b.rows for b in bins]
    assert error == pytest.approx(sum(gaps) / len(g["score"]))


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_conformal_intervals_hold_what_they_promise(level: float) -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(300):
        residuals, new = random.normal(size=60), random.normal(size=60)
        width = calibration.conformal_width(residuals, level)
        assert width is not None
        held.append((np.abs(new) <= width).mean())
    assert level - 0.01 < np.mean(held) < level + 0.03
