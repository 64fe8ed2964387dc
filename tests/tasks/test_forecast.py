"""Series: their season, what is chosen, learned, saved and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import ranvier
from ranvier.cli.main import main
from ranvier.data import seasonal_naive
from ranvier.errors import RanvierError
from ranvier.tasks import ForecastModel, fit_forecast, forecast, training
from ranvier.tasks.season import season_of

TIMES = np.arange(240)
RNG = np.random.default_rng(0)
WAVE = 10 + 3 * np.sin(TIMES * 2 * np.pi / 12) + RNG.normal(size=240) * 0.1

Clock = Callable[[float], None]


def test_it_is_better_than_the_last_season_where_there_is_a_trend(
    tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock(0.1)
    frame = {"y": WAVE + 0.05 * TIMES, "month": TIMES}
    model = fit_forecast(frame, "y", 6, budget=20)
    assert (model.season, model.horizon, model.length) == (12, 6, 24)
    assert model.score["mean_absolute_error"] < model.score["seasonal_naive"]
    assert "season: 12 points" in capsys.readouterr().out
    model.save(tmp_path / "series.safetensors")
    again = ranvier.load(tmp_path / "series.safetensors")
    assert isinstance(again, ForecastModel)
    np.testing.assert_array_equal(again.predict(frame["y"]), model.predict(frame["y"]))
    assert again.predict(frame["y"]).shape == (6,)
    assert again.score == model.score


def test_rows_are_put_in_the_order_of_time(clock: Clock) -> None:
    mixed = RNG.permutation(240)
    scores = []
    for order in (TIMES, mixed):
        clock(0.05)
        frame = {"y": WAVE[order], "month": TIMES[order]}
        scores.append(fit_forecast(frame, "y", 3, time="month", budget=5, verbose=0).score)
    assert scores[0] == scores[1]


def test_a_saved_model_puts_rows_in_the_order_of_time(clock: Clock, tmp_path: Path) -> None:
    clock(0.05)
    model = fit_forecast({"y": WAVE, "month": TIMES}, "y", 3, time="month", budget=5, verbose=0)
    model.save(tmp_path / "series.safetensors")
    mixed = RNG.permutation(240)
    shuffled = {"y": WAVE[mixed], "month": TIMES[mixed]}
    again = ranvier.load(tmp_path / "series.safetensors")
    np.testing.assert_array_equal(again.predict(shuffled), model.predict(WAVE))
    pl.DataFrame(shuffled).write_csv(tmp_path / "later.csv")
    command = ["predict", str(tmp_path / "series.safetensors"), str(tmp_path / "later.csv")]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0 and f"y {model.predict(WAVE)[0]:.4g}" in done.output
    with pytest.raises(RanvierError, match="month"):
        model.predict({"y": WAVE})


@pytest.mark.parametrize("seed", [0, 1])
def test_it_begins_with_the_last_season(clock: Clock, seed: int) -> None:
    """Before it has learned anything, it is the seasonal naive forecast."""
    model, _ = forecast._prepared(WAVE, "y", 7, None, None)
    x = np.stack([WAVE[i : i + model.length] for i in range(20)])
    expected = seasonal_naive(x, 7, model.season)
    np.testing.assert_allclose(model.predict_windows(x), expected, rtol=1e-5)


def test_what_nothing_better_was_learned_for_repeats_the_season(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """A season without a trend and without noise cannot be foretold better."""
    clock(0.1)
    exact = np.tile([1.0, 5.0, 2.0, 8.0], 60)
    model = fit_forecast({"y": exact}, "y", 6, season=4, budget=5)
    np.testing.assert_allclose(model.predict(exact), np.tile([1, 5, 2, 8], 2)[:6], rtol=1e-5)
    assert model.score["mean_absolute_error"] <= model.score["seasonal_naive"] + 1e-5
    assert any(choice.value == "as one season ago" for choice in model.choices)
    assert "it repeats the last season" in capsys.readouterr().out


def test_longer_plans_are_tried_as_long_as_they_are_better(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(0.001)
    plans = []
    within = training.train_within

    def counted(*args: Any, **options: Any) -> Any:
        plans.append(options["most_epochs"])
        run = within(*args, **options)
        if args[3] is not None:
            run.best, run.best_epochs = {1: -3.0, 3: -1.0, 9: -2.0, 27: -2.5}[plans[-1]], plans[-1]
        return run

    monkeypatch.setattr(forecast, "train_within", counted)
    fit_forecast({"y": WAVE}, "y", 6, budget=60, verbose=0)
    assert plans == [1, 3, 9, 27, 3]  # the last one on all points, for as many as were best


def test_in_the_end_it_has_seen_the_last_points(clock: Clock) -> None:
    jump = np.where(TIMES < 200, WAVE, WAVE[::-1] * 3)
    clock(0.02)
    model = fit_forecast({"y": jump}, "y", 3, budget=20, verbose=0)
    x = np.stack([jump[i : i + model.length] for i in range(200, 240 - model.length - 3)])
    y = np.stack([jump[i + model.length :][:3] for i in range(200, 240 - model.length - 3)])
    error = np.abs(model.predict_windows(x) - y).mean()
    assert error < 0.8 * model.score["mean_absolute_error"]


def test_swings_that_grow_with_the_level_are_taken_as_logarithms(clock: Clock) -> None:
    clock(0.5)
    frame = {"y": np.exp(0.01 * TIMES) * WAVE, "z": WAVE}
    assert fit_forecast(frame, "y", 3, budget=5, verbose=0).logarithm
    clock(0.5)
    assert not fit_forecast(frame, "z", 3, budget=5, verbose=0).logarithm


@pytest.mark.parametrize("period", [4, 7, 12, 24])
def test_the_season_is_found(period: int) -> None:
    times = np.arange(period * 8)
    series = np.sin(times * 2 * np.pi / period) + 0.5 * np.sin(times * 4 * np.pi / period)
    noise = np.random.default_rng(1).normal(size=len(times)) * 0.15
    assert season_of(series + noise + 0.01 * times) == period


def test_noise_and_short_series_have_no_season() -> None:
    for seed in range(5):
        assert season_of(np.random.default_rng(seed).normal(size=300).cumsum()) == 1
    assert season_of(np.ones(50)) == season_of(np.arange(3.0)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"column": "x"}, "unknown column 'x'"),
        ({"time": "day"}, "unknown column 'day'"),
        ({"horizon": 0}, "horizon=0"),
        ({"horizon": 100}, "too few for windows|no window"),
        ({"length": 230}, "too few for windows"),
        ({"column": "holes"}, "missing"),
        ({"column": "text"}, "text"),
    ],
)
def test_what_cannot_be_learned_is_refused(arguments: dict[str, Any], message: str) -> None:
    frame: dict[str, Any] = {
        "y": WAVE, "holes": np.where(TIMES == 7, np.nan, WAVE), "text": ["a"] * 240,
    }  # fmt: skip
    with pytest.raises(RanvierError, match=message):
        fit_forecast(frame, **{"column": "y", "horizon": 3, "verbose": 0, **arguments})


def test_too_few_points_to_go_on_from(clock: Clock) -> None:
    clock(0.5)
    model = fit_forecast({"y": WAVE}, "y", 3, budget=5, verbose=0)
    with pytest.raises(RanvierError, match="give at least as many"):
        model.predict(WAVE[:5])


def test_the_past_is_one_series_of_finite_numbers(clock: Clock) -> None:
    clock(0.5)
    frame = {"y": WAVE - WAVE.min() + 1, "month": TIMES}
    model = fit_forecast(frame, "y", 3, budget=5, verbose=0)
    ahead = model.predict(frame["y"])
    for past in (frame, pl.DataFrame(frame), frame["y"][:, None], pl.Series(frame["y"])):
        np.testing.assert_array_equal(model.predict(past), ahead)
    hole, early_hole = frame["y"].copy(), frame["y"].copy()
    hole[-2], early_hole[0] = np.nan, np.nan
    np.testing.assert_array_equal(model.predict(early_hole), ahead)
    below = np.where(TIMES > 238, -1.0, frame["y"])
    wrong: list[tuple[Any, str]] = [
        ({"z": frame["y"]}, "unknown column 'y'"),
        (np.stack([frame["y"], TIMES], axis=1), "expected one series"),
        (hole, "1 of the points that it looks at are no numbers.*such as nan"),
        (["1,5"] * 240, "text"),
        (frame["y"][: model.length - 1], "give at least as many"),
    ]
    for past, message in wrong:
        with pytest.raises(RanvierError, match=message):
            model.predict(past)
    with pytest.raises(RanvierError, match=r"expected \(n, "):
        model.predict_windows(np.ones((2, model.length + 1)))
    model.logarithm = True
    with pytest.raises(RanvierError, match="above 0, as all were in training, such as -1"):
        model.predict(below)
