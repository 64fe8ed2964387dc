"""Results of a forecast: scores beside simple forecasts, the last one, errors by step."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...metrics.calibration import conformal_width
from ...tables.choice import Choice
from ...tables.scores import Score, mean_of
from ...train.models.model import Model
from ...typing import Array
from ..build import memory_used, versions
from ..layers import layers_of
from ..measures.bootstrap import Bootstrap
from ..measures.details import residuals_of
from ..results import ForecastView, HorizonErrors, ModelScore, Results

if TYPE_CHECKING:
    from ...tasks.tested import SeriesTest

LEVEL = 0.9  # of the interval around a forecast
_SHOWN_PAST = 3  # horizons, or a season where that is longer


def series_results(
    tested: SeriesTest,
    network: Model,
    choices: Sequence[Choice],
    command: str = "",
    source: str = "",
    seed: int = 0,
) -> Results:
    """What a report shows of a forecast; the errors of the windows that chose the weights give the
    interval of each step.
    """
    horizon = tested.y.shape[1]
    forecasts = {"network": tested.output, "seasonal_naive": tested.seasonal}
    if tested.season > 1:
        forecasts["naive"] = np.repeat(tested.x[:, -1:], horizon, axis=1)
    layers = layers_of(network)
    widths = [conformal_width(tested.errors[:, i], LEVEL) for i in range(horizon)]
    widths = [None if w is None or not np.isfinite(w) else w for w in widths]
    return Results(
        source=source or tested.column,
        target=tested.column,
        task="series",
        metric="mae",
        train_rows=tested.trained,
        test_rows=len(tested.y),
        made=f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
        choices=tuple(choices),
        models=tuple(_scored(tested.y, forecasts, seed)),
        residuals=residuals_of(tested.y.ravel(), tested.output.ravel(), seed),
        forecast=_last_forecast(tested, widths),
        horizons=tuple(
            HorizonErrors(name, tuple(np.abs(out - tested.y).mean(axis=0).tolist()))
            for name, out in forecasts.items()
        ),
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
        seconds={"training": tested.seconds},
        memory=memory_used(),
        command=command,
        versions=versions(),
    )


def _last_forecast(tested: SeriesTest, widths: Sequence[float | None]) -> ForecastView:
    """The forecast of the last test window, with what was known and what came."""
    past = min(tested.x.shape[1], max(_SHOWN_PAST * tested.y.shape[1], tested.season))
    margins = [w for w in widths if w is not None]
    inside = np.abs(tested.output - tested.y) <= np.array([w or 0.0 for w in widths])
    return ForecastView(
        past=tuple(map(float, tested.x[-1, -past:])),
        truth=tuple(map(float, tested.y[-1])),
        predicted=tuple(map(float, tested.output[-1])),
        seasonal=tuple(map(float, tested.seasonal[-1])),
        margins=tuple(margins) if len(margins) == len(widths) else (),
        coverage=float(inside.mean()) if len(margins) == len(widths) else None,
    )


def _scored(truth: Array, forecasts: dict[str, Array], seed: int) -> list[ModelScore]:
    """The scores over all steps of all windows. Windows overlap, so blocks of as many as foretell
    the same point are drawn together for the intervals.
    """
    blocks = np.array_split(np.arange(len(truth)), max(len(truth) // truth.shape[1], 1))
    draws = Bootstrap(len(blocks), seed)

    def scores_of(out: Array) -> Callable[[Array | slice], dict[str, Score]]:
        errors = out - truth
        absolute = np.array([np.abs(errors[block]).mean() for block in blocks])
        squared = np.array([(errors[block] ** 2).mean() for block in blocks])

        def scores(rows: Array | slice) -> dict[str, Score]:
            mean = mean_of(squared[rows])
            return {
                "mae": mean_of(absolute[rows]),
                "rmse": lambda weights: np.sqrt(mean(weights)),
            }

        return scores

    measured = {name: draws.measure(scores_of(out)) for name, out in forecasts.items()}
    own, own_drawn = measured["network"]["mae"]
    models = []
    for name, values in measured.items():
        value, drawn = values["mae"]
        models.append(
            ModelScore(
                name,
                {score: draws.interval(*numbers) for score, numbers in values.items()},
                difference=None
                if name == "network"
                else draws.interval(own - value, own_drawn - drawn),
            )
        )
    return models
