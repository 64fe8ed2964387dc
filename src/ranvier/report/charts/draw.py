"""All charts of a report by name: a function for each, None where there is nothing to show.

`CHARTS` lists them all; `draw(results, lang)` gives those that there are.
"""

from __future__ import annotations

from collections.abc import Callable

from ...plots.drawing import Drawing
from ..results import Results
from ..words.language import Language, language
from .attribution_charts import dependence_chart, shap_chart
from .class_charts import (
    calibration_chart,
    confusion_chart,
    precision_recall,
    roc,
    thresholds_chart,
)
from .network_chart import network_chart
from .number_charts import intervals_chart, predicted_chart, residuals_chart
from .overview import importance, missing, scores, target
from .series_charts import forecast_chart, horizon_chart
from .training_charts import curve_chart

CHARTS: dict[str, Callable[[Results, Language], Drawing | None]] = {
    "scores": scores,
    "forecast": forecast_chart,
    "horizon": horizon_chart,
    "target": target,
    "missing": missing,
    "curve-1": curve_chart(0),
    "curve-2": curve_chart(1),
    "curve-3": curve_chart(2),
    "confusion": confusion_chart,
    "roc": roc,
    "precision-recall": precision_recall,
    "thresholds": thresholds_chart,
    "calibration": calibration_chart,
    "predicted": predicted_chart,
    "residuals": residuals_chart,
    "intervals": intervals_chart,
    "importance": importance,
    "shap": shap_chart,
    "dependence-1": dependence_chart(0),
    "dependence-2": dependence_chart(1),
    "dependence-3": dependence_chart(2),
    "network": network_chart,
}


def draw(results: Results, lang: str | None = None) -> dict[str, Drawing]:
    """Every chart that these results have, in the order of the report."""
    words = language(lang)
    drawings: dict[str, Drawing] = {}
    for name, chart in CHARTS.items():
        drawing = chart(results, words)
        if drawing is not None:
            drawings[name] = drawing
    return drawings
