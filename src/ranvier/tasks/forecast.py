"""The next points of a series: a column of a table in, its forecast out."""

from __future__ import annotations

import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from .. import random
from ..base.arguments import as_integer, number
from ..base.message import Message
from ..base.missing import spelled
from ..data.conversion import as_array
from ..data.sliding_windows import seasonal_naive, windows
from ..errors import DataError, ShapeError
from ..io.writing import FilePath
from ..models.sequences.forecast import MLPForecaster
from ..optim import Adam
from ..tables.choice import Choice
from ..tables.training.member import start_again
from ..train.models.model import Model
from ..typing import Array, ArrayLike, DataLike
from .input_columns import column as column_of
from .input_columns import column_or_values, silent
from .season import season_of
from .task_model import TaskModel, unpack_as
from .tested import SeriesTest
from .training import RESERVE, Run, Score, train_within

_TEST = 0.2  # of the points, the last ones
_VALID = 0.2  # of those before, to choose the weights by
_LONGEST_SEASON = 400
_PLANS = (1, 3, 9, 27, 81, 200)  # epochs
_CHOOSING = 0.55  # of the time, for the network that is tested; the rest is for all points


class ForecastModel(TaskModel):
    """Says how a series goes on. Made by `fit_forecast`.

    Attributes: `length`, how many points of the past it looks at; `horizon`, how many it says;
    `season`, 1 for none; `column`, the name of the series; `time`, that of the column by whose
    order the rows of a table stand, or None.
    """

    kind = "forecast"

    def __init__(
        self, network: Model, column: str, length: int, horizon: int, season: int, middle: float,
        spread: float, logarithm: bool, choices: Sequence[Choice] = (),
        score: Mapping[str, float] = {}, time: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(network, choices, score)
        self.column, self.length, self.horizon, self.season = column, length, horizon, season
        self.middle, self.spread, self.logarithm = middle, spread, logarithm
        self.time = time

    def predict(self, past: DataLike) -> Array:
        """The next `horizon` points after `past` (time,) of at least `length` points, the latest
        last: numbers, or a table with the column that it learned from, whose rows are put in the
        order of the column of time, if it was trained with one.
        """
        values = column_or_values(past, self.column, "predict")
        if self.time is not None and values is not past:
            values = values[_order(past, self.time, "predict")]
        series = as_array(values, self.column, float_dtype=np.float64).astype(np.float64)
        if series.size != len(series):
            raise ShapeError(
                f"forecast of {self.column!r}: got an array of shape {series.shape}; expected one "
                "series, (time,). predict_windows takes several, (n, length)"
            )
        series = series.reshape(-1)
        if len(series) < self.length:
            raise ShapeError(
                f"forecast of {self.column!r}: got {len(series)} points; the network looks at "
                f"{self.length}, so give at least as many, the latest ones last"
            )
        foretold: Array = self.predict_windows(series[None, -self.length :])[0]
        return foretold

    def predict_windows(self, x: ArrayLike) -> Array:
        """The next points after each window: (n, length) -> (n, horizon)."""
        known = np.asarray(x, np.float64)
        if known.ndim != 2 or known.shape[1] != self.length:
            raise ShapeError(
                f"forecast of {self.column!r}: got windows of shape {known.shape}; expected "
                f"(n, {self.length})"
            )
        usable = np.isfinite(known) & ((known > 0) if self.logarithm else True)
        if not usable.all():
            above = " above 0, as all were in training" if self.logarithm else ""
            raise DataError(
                f"forecast of {self.column!r}: {int((~usable).sum())} of the points that it looks "
                f"at are no numbers{above}, such as {known[~usable][0]:g}; fill them first, for "
                "example with the point before"
            )
        scaled = self._scaled(known).astype(np.float32)
        out = np.asarray(self.network.predict(scaled[..., None]))[..., 0].astype(np.float64)
        numbers: Array = out * self.spread + self.middle
        return np.asarray(np.exp(numbers) if self.logarithm else numbers)

    def _scaled(self, numbers: Array) -> Array:
        plain = np.log(numbers) if self.logarithm else numbers
        return np.asarray((plain - self.middle) / self.spread)

    def config(self) -> dict[str, Any]:
        names = ("column", "length", "horizon", "season", "middle", "spread", "logarithm", "time")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def restored(cls, network: Model, config: Mapping[str, Any]) -> Self:
        length, horizon, season = (int(config[name]) for name in ("length", "horizon", "season"))
        return cls(
            network, str(config["column"]), length, horizon, season,
            float(config["middle"]), float(config["spread"]), bool(config["logarithm"]),
            time=config.get("time"),  # files of before have none
        )  # fmt: skip


def unpack(arrays: Mapping[str, Array], described: Mapping[str, Any], path: FilePath) -> TaskModel:
    """The model of a file; what `ranvier.load` calls."""
    return unpack_as(ForecastModel, arrays, described, path)


@spelled
def fit_forecast(
    frame: DataLike,
    column: str,
    horizon: int,
    time: str | None = None,
    budget: float = 60.0,
    length: int | None = None,
    season: int | None = None,
    seed: int = 0,
    verbose: int = 1,
) -> ForecastModel:
    """A network that says the next `horizon` points of a column of a table.

        model = ranvier.tasks.fit_forecast(frame, "passengers", horizon=12, time="month")
        model.predict(frame["passengers"])

    The last fifth of the points tests it: `model.score` holds the mean absolute error there, and
    that of repeating what was one season ago. The points before choose the weights. Then the
    network is trained once more, on all points, for the epochs that were best.

    Args:
        time: the column by whose order the rows stand; by default they stand in order.
        budget: seconds, compiling included.
        length: points of the past that it looks at; by default two seasons or three horizons,
            whichever is longer, where the series is long enough.
        season: points after which the series repeats itself, 1 for none; by default found in it.
        seed: of the first weights and the order of the rows.
    """
    started = clock.monotonic()
    seconds = number("fit_forecast", "budget", budget, 1)
    as_integer("fit_forecast", "horizon", horizon, 1)
    say: Callable[[str], None] = print if verbose else silent
    random.seed(seed)
    series = _series(frame, column, time)
    model, choices = _prepared(series, column, horizon, length, season)
    model.time = time
    for choice in choices:
        say(str(choice))
    x, y, kinds = _windows(model, series)
    (train_x, train_y), (valid_x, valid_y), (test_x, test_y) = [
        (x[kinds == k], y[kinds == k]) for k in range(3)
    ]
    training = _Training(model, started, seed, say if verbose > 1 else None)
    run = training.search(train_x, train_y, valid_x, valid_y, seconds * _CHOOSING)
    foretold = model.predict_windows(test_x)
    error = float(np.abs(foretold - test_y).mean())
    chosen_by = model.predict_windows(valid_x) - valid_y
    naive = seasonal_naive(test_x, horizon, model.season).astype(np.float64)
    simple = float(np.abs(naive - test_y).mean())
    model.score = {"mean_absolute_error": error, "seasonal_naive": simple}
    model.choices = (*choices, run.choice())
    if run.best_epochs:
        training.run(x, y, seconds, run.best_epochs)
    else:
        model.choices += (
            Choice(
                "forecast",
                Message("as one season ago"),
                "nothing learned was better on rows held out",
            ),
        )
    model.tested = SeriesTest(
        column, test_x, test_y, foretold, naive, chosen_by, len(train_x), model.season,
        clock.monotonic() - started,
    )  # fmt: skip
    say(_outcome(error, simple, len(test_x), bool(run.best_epochs)))
    return model


class _Training:
    """Trainings of one network, each from the weights that repeat the last season."""

    def __init__(
        self, model: ForecastModel, started: float, seed: int, say: Callable[[str], None] | None
    ) -> None:
        self.model, self.started, self.seed, self.say = model, started, seed, say
        self.network = model.network
        self._first_weights = self.network.get_weights()

    def run(
        self, x: Array, y: Array, seconds: float, epochs: float, score: Score | None = None
    ) -> Run:
        """So many epochs, or fewer where `seconds` since the start are over before."""
        start_again(self.network, self._first_weights)
        rows, targets = (self.model._scaled(a).astype(np.float32)[..., None] for a in (x, y))
        return train_within(
            self.network, rows, targets, score, seconds=seconds, started=self.started,
            rate=0.002, seed=self.seed, batch_size=32, most_epochs=epochs, say=self.say,
        )  # fmt: skip

    def search(self, x: Array, y: Array, valid_x: Array, valid_y: Array, seconds: float) -> Run:
        """Longer and longer plans, as long as one of the last two was better: the best of them.

        How long a network can learn before it knows its points by heart differs a hundredfold
        from series to series.
        """

        def score() -> float:
            return -float(np.abs(self.model.predict_windows(valid_x) - valid_y).mean())

        best, weights, worse = Run(), self._first_weights, 0
        for epochs in _PLANS:
            run = self.run(x, y, seconds, epochs, score)
            if run.best > best.best:
                best, weights, worse = run, self.network.get_weights(), 0
            else:
                worse += 1
            over = clock.monotonic() - self.started >= seconds * (1 - RESERVE)
            if worse == 2 or over or run.ended_by == "Ctrl-C":
                break
        self.network.set_weights(weights)
        return best


def _outcome(error: float, simple: float, rows: int, learned: bool) -> str:
    """What is said at the end."""
    if not learned:
        return (
            f"mean absolute error {error:.4g} on the last {rows:,} windows: it repeats the last "
            "season, as nothing that was learned was better on rows held out; give it more time"
        )
    better = "better" if error < simple else "NO better"
    return (
        f"mean absolute error {error:.4g} on the last {rows:,} windows; repeating the last "
        f"season has {simple:.4g}, so the network is {better}"
    )


def _series(frame: DataLike, column: str, time: str | None) -> Array:
    """The column as finite numbers, in the order of time."""
    values = column_of(frame, column, "fit_forecast")
    numbers = as_array(values, column, float_dtype=np.float64).reshape(-1).astype(float)
    if time is not None:
        numbers = numbers[_order(frame, time, "fit_forecast")]
    if not np.isfinite(numbers).all():
        raise DataError(
            f"{column}: {int((~np.isfinite(numbers)).sum())} of {len(numbers)} points are missing; "
            "fill them first, for example with the point before"
        )
    return np.asarray(numbers)


def _order(frame: DataLike, time: str, call: str) -> Array:
    """The row numbers of a table in the order of time."""
    return np.argsort(column_of(frame, time, call), kind="stable")


def _prepared(
    series: Array, column: str, horizon: int, length: int | None, season: int | None
) -> tuple[ForecastModel, list[Choice]]:
    """The model with its network, not trained yet, and what was chosen."""
    known = series[: int(len(series) * (1 - _TEST))]  # NOTE: the test rows decide nothing
    period = season_of(known, _LONGEST_SEASON) if season is None else season
    why = Message("it repeats itself so") if period > 1 else Message("none was seen")
    room = max(1, len(known) // 3 - horizon)
    wanted = max(2 * period, 3 * horizon) if length is None else length
    size = max(min(wanted, room), min(period, room), 1) if length is None else length
    if len(known) < size + 2 * horizon + 2:
        raise DataError(
            f"{column}: {len(series)} points are too few for windows of {size} points and the "
            f"{horizon} after each; take a shorter horizon= or length="
        )
    logarithm = bool((series > 0).all()) and _grows(known, max(period, 4))
    numbers = np.log(known) if logarithm else known
    spread = float(numbers.std()) or 1.0
    model = ForecastModel(
        _network(horizon, size, min(period, size)),
        column,
        size,
        horizon,
        min(period, size),
        float(numbers.mean()),
        spread,
        logarithm,
    )
    choices = [
        Choice(
            "season",
            Message("{count} points", count=period),
            "as asked for" if season else why,
            "--season",
        ),
        Choice(
            "length",
            Message("{count} points", count=size),
            "of the past, for each forecast",
            "--length",
        ),
    ]
    if logarithm:
        choices.append(Choice("logarithm", "", "swings grow with the level", ""))
    return model, choices


def _network(horizon: int, length: int, season: int) -> Model:
    """The network, which at first repeats the last season; it learns what to change in that."""
    network = MLPForecaster(horizon, width=64, dropout=0.1)
    network.ensure_built((length, 1))
    ahead = np.arange(horizon)
    kernel = np.zeros((length, horizon), np.float32)
    kernel[length - season + ahead % season, ahead] = 1  # see data/sliding_windows seasonal_naive
    network.linear.kernel.assign(kernel)
    network.compile(Adam(0.002), "mean_absolute_error")
    return network


def _grows(series: Array, part: int) -> bool:
    """Whether the swings of parts of the series grow with their level."""
    count = len(series) // part
    if count < 4 or series.min() <= 0:
        return False
    parts = series[: count * part].reshape(count, part)
    level, swing = np.log(parts.mean(axis=1)), np.log(parts.std(axis=1) + 1e-12)
    return bool(level.std() > 0.05 and np.corrcoef(level, swing)[0, 1] > 0.6)


def _windows(model: ForecastModel, series: Array) -> tuple[Array, Array, Array]:
    """(x, y, kinds): windows with what follows; 0 to train on, 1 to choose by, 2 to test.

    A window is of the part that all points it foretells lie in; those across a border are left out.
    """
    x, y = windows(series, model.length, model.horizon)
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    test = int(len(series) * (1 - _TEST))
    valid = int(test * (1 - _VALID))
    first = np.arange(len(x)) + model.length  # of the points foretold
    last = first + model.horizon - 1
    kinds = np.full(len(x), -1)
    kinds[last < valid] = 0
    kinds[(first >= valid) & (last < test)] = 1
    kinds[first >= test] = 2
    for kind, what in enumerate(("train on", "choose the weights by", "test on")):
        if not (kinds == kind).any():
            raise DataError(
                f"{model.column}: no window of {model.length} points is left to {what}; take a "
                "shorter horizon= or length=, or a longer series"
            )
    return x, y, kinds
