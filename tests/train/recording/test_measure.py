"""Arrays in few numbers: against NumPy, and whatever the array holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ranvier.train.recording.measure import LEVELS, NAMES, SAMPLE, WIDTH, _chosen, measure, norm
from ranvier.train.recording.series import Distribution


@pytest.mark.parametrize("shape", [(), (1,), (7, 5), (300, 300), (128, 26, 26, 3)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_moments_are_those_of_all_numbers(shape: tuple[int, ...], dtype: str) -> None:
    array = np.random.default_rng(0).normal(3, 2, shape).astype(dtype)
    array = np.where(array > 4, 0, array).astype(dtype)
    wide = np.asarray(array, np.float64)
    mean, std, size, zeros = measure(array)[: len(NAMES)]
    assert math.isclose(mean, wide.mean(), rel_tol=1e-9, abs_tol=1e-12)
    assert math.isclose(std, wide.std(), rel_tol=1e-6, abs_tol=1e-7)
    assert math.isclose(size, np.linalg.norm(wide), rel_tol=1e-12)
    assert math.isclose(size, norm(array), rel_tol=1e-12)
    assert zeros == (wide == 0).mean()
    quantiles = measure(array)[len(NAMES) :]
    assert quantiles[0] == wide.min() and quantiles[-1] == wide.max()
    assert (np.diff(quantiles) >= 0).all()


def test_a_gradient_that_vanishes_has_a_norm() -> None:
    assert norm(np.full(100, 1e-30, np.float32)) == pytest.approx(1e-29, rel=1e-5)


def test_quantiles_of_a_sample_are_near_those_of_all() -> None:
    array = np.random.default_rng(1).normal(size=(512, 600)).astype(np.float32)
    levels = np.linspace(0, 1, LEVELS)[1:-1]
    found = measure(array)[len(NAMES) + 1 : -1]
    assert np.abs(found - np.quantile(array, levels)).max() < 0.12


@pytest.mark.parametrize("size", [SAMPLE + 1, 10_000, 65_536, 100_352, 999_999])
def test_a_sample_takes_no_number_twice_and_no_column_more_often(size: int) -> None:
    chosen = _chosen(size)
    assert chosen is not None and len(np.unique(chosen)) == SAMPLE
    for columns in (64, 100):
        seen = np.bincount(chosen % columns, minlength=columns)
        assert seen.max() <= 1.5 * seen.mean() and seen.min() >= 0.5 * seen.mean()


def test_what_is_not_finite_stays_visible() -> None:
    found = measure(np.array([1.0, np.nan, np.inf]))
    assert math.isnan(found[0]) and math.isnan(found[-1]) and len(found) == WIDTH
    shares, _ = Distribution([0], [found]).histogram(4)
    assert not shares.any()
    assert np.isnan(measure(np.zeros((0, 3)))).all()


def test_histograms_have_the_same_bins_at_all_times() -> None:
    normal = np.random.default_rng(0).normal(size=4000)
    found = Distribution([0, 5], [measure(normal), measure(normal * 3)])
    shares, edges = found.histogram(20)
    assert shares.shape == (2, 20) and edges[0] == found.low.min()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    wanted = np.histogram(normal * 3, edges)[0] / 4000
    assert np.abs(shares[1] - wanted).max() < 0.02


def test_zeros_of_relu_lie_in_one_bin() -> None:
    values = np.maximum(np.random.default_rng(0).normal(size=8000), 0)
    shares, edges = Distribution([0], [measure(values)]).histogram(np.linspace(-0.05, 4, 41))
    assert shares[0, 0] == pytest.approx(np.histogram(values, edges)[0][0] / 8000, abs=0.02)
    assert shares.sum() == pytest.approx(1.0)


def test_a_constant_is_in_the_bin_that_holds_it() -> None:
    shares, _ = Distribution([0], [measure(np.ones(5))]).histogram([0.0, 0.5, 1.5, 2.0])
    assert shares.tolist() == [[0.0, 1.0, 0.0]]
