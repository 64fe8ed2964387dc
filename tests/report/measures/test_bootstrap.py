"""Confidence intervals: as wide as they should be, however many rows there are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ranvier.report.measures import bootstrap
from ranvier.report.measures.bootstrap import Bootstrap
from ranvier.tables.scores import class_scores, mean_of


def test_an_interval_holds_the_true_score_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    held = 0
    for seed in range(100):
        right = random.random(200) < 0.7
        draws = Bootstrap(200, seed)
        measured = draws.measure(lambda rows, right=right: {"a": mean_of(right[rows])})  # type: ignore[misc]
        estimate = draws.interval(*measured["a"])
        assert estimate.low is not None and estimate.high is not None
        held += estimate.low <= 0.7 <= estimate.high
    assert 88 <= held <= 100


def test_more_rows_than_are_drawn_from_give_narrow_intervals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = np.random.default_rng(0).random(20_000) < 0.5

    def width() -> float:
        draws = Bootstrap(len(right))
        measured = draws.measure(lambda rows: {"a": mean_of(right[rows])})
        estimate = draws.interval(*measured["a"])
        assert estimate.low is not None and estimate.high is not None
        assert estimate.value == right.mean()
        return estimate.high - estimate.low

    whole = width()
    monkeypatch.setattr(bootstrap, "_MAX_ROWS", 2_000)
    assert width() == pytest.approx(whole, rel=0.2)


def test_draws_without_a_score_do_not_count() -> None:
    truth = np.array([1] + [0] * 30)
    probability = np.stack([np.linspace(0.9, 0.1, 31), np.linspace(0.1, 0.9, 31)], axis=1)
    draws = Bootstrap(len(truth))
    measured = draws.measure(lambda rows: class_scores(truth[rows], probability[rows]))
    assert np.isnan(measured["auc"][1]).any()
    for value, drawn in measured.values():
        estimate = draws.interval(value, drawn)
        numbers = (estimate.value, estimate.low, estimate.high)
        assert all(x is None or math.isfinite(x) for x in numbers)


@pytest.mark.parametrize("rows", [10, 5_000, 10_000, 1_000_000])
def test_few_rows_are_drawn_in_all(rows: int) -> None:
    draws = Bootstrap(rows)
    assert 200 <= draws.draws <= 1000 and draws.draws * draws.drawn_rows <= 4_000_000
