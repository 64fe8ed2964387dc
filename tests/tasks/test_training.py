"""Training within a time: it ends when it should, with the weights that scored best."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.tasks.training import Run, rate_at, train_within

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5, 0.0]).astype(np.float32)[:, None]

Clock = Callable[[float], None]


def line() -> Any:
    ranvier.seed(0)
    model = ranvier.Sequential([nn.Dense(1, input_shape=(4,))])
    model.compile("adam", "mse", engine="reference")
    return model


def run(model: Any, score: Callable[[], float] | None = None, **options: Any) -> Run:
    def error() -> float:
        return -float(model.evaluate(X, Y))

    options = {"seconds": 10.0, "rate": 0.05, "batch_size": 30, **options}
    return train_within(model, X, Y, score or error, **options)


def test_it_learns_and_ends_by_the_clock(clock: Clock) -> None:
    clock(0.1)
    model = line()
    done = run(model)
    assert done.ended_by == "time"
    assert 9.0 < done.seconds <= 10.0
    assert model.evaluate(X, Y) < 0.05


def test_reading_counts_as_time(clock: Clock) -> None:
    clock(0.1)
    assert run(line(), started=-8.0).epochs < run(line()).epochs


def test_it_ends_by_epochs_and_by_patience(clock: Clock) -> None:
    clock(0.01)
    done = run(line(), most_epochs=3.0)
    assert done.ended_by == "epochs" and done.epochs >= 3.0
    clock(0.01)
    done = run(line(), score=lambda: 1.0, patience=3)
    assert done.ended_by == "patience" and len(done.scores) < 16


def test_the_best_weights_are_kept(clock: Clock) -> None:
    clock(0.05)
    model = line()
    seen: list[Any] = []

    def score() -> float:
        seen.append(model.get_weights())
        return -abs(len(seen) - 4.0)  # the fourth look is the best

    done = run(model, score)
    assert done.best == 0.0 and len(done.scores) > 5
    for a, b in zip(seen[3], model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_without_a_score_the_last_weights_stay(clock: Clock) -> None:
    clock(0.05)
    model = line()
    done = run(model, most_epochs=20.0)
    clock(0.05)
    other = line()
    again = train_within(
        other, X, Y, None, seconds=10.0, rate=0.05, batch_size=30, most_epochs=done.best_epochs
    )
    assert not again.scores and again.epochs >= done.best_epochs > 0
    assert other.evaluate(X, Y) < 0.5 * line().evaluate(X, Y)


def test_ctrl_c_leaves_the_best_so_far(clock: Clock) -> None:
    clock(0.05)
    model = line()
    looks = 0

    def score() -> float:
        nonlocal looks
        looks += 1
        if looks == 4:
            raise KeyboardInterrupt
        return -float(model.evaluate(X, Y))

    done = run(model, score)
    assert done.ended_by == "Ctrl-C"
    assert -model.evaluate(X, Y) == pytest.approx(max(done.scores))


def test_every_row_comes_once_in_an_epoch(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock(0.05)
    model = line()
    rows: list[float] = []
    fit = model.fit

    def kept(x: Any, *args: Any, **options: Any) -> Any:
        rows.extend(x[:, 0].tolist())
        return fit(x, *args, **options)

    monkeypatch.setattr(model, "fit", kept)
    run(model, most_epochs=2.0)
    assert sorted(rows[:300]) == sorted(X[:, 0].tolist()) == sorted(rows[300:600])


def test_the_rate_falls_to_a_hundredth() -> None:
    rates = [rate_at(p, 0.1) for p in np.linspace(0, 1, 50)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 0.1 and rates[-1] == pytest.approx(0.001)
