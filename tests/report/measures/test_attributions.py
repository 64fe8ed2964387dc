"""SHAP values and dependences of a report: what is kept, its time, its charts and its section."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.attribution import shap_values
from ranvier.errors import ArgumentError
from ranvier.report.charts.draw import draw
from ranvier.report.measures.attributions import attributions
from ranvier.report.page import Report
from ranvier.report.results import Attributions, Results
from report.cases import two_classes

pl = pytest.importorskip("polars")


@functools.cache
def trained() -> tuple[Any, Any]:
    """A model of a table whose target is size and colour, and the table."""
    rng = np.random.default_rng(0)
    size, colour, none = (
        rng.normal(size=160),
        rng.choice(["red", "blue"], 160),
        rng.normal(size=160),
    )
    y = 10 * size + 8 * (colour == "red")
    frame = pl.DataFrame({"size": size, "colour": colour, "none": none, "y": y})
    return ranvier.fit_table(frame, "y", budget=600, epochs=20, members=1, verbose=0), frame


@functools.cache
def made() -> Attributions:
    model, frame = trained()
    test = frame[100:]
    a = attributions(model, frame[:100], test, model.predict(test), (), seconds=1000.0)
    assert a is not None
    return a


def test_the_strongest_columns_come_first_and_all_rows_are_explained() -> None:
    a = made()
    assert [c.column for c in a.columns[:2]] == ["size", "colour"]
    assert (a.output, a.rows, a.behind) == ("y", 60, 24)
    assert all(len(c.values) == len(c.heights) == a.rows for c in a.columns)
    assert [d.column for d in a.dependencies] == [c.column for c in a.columns[:3]]


def test_values_sum_to_the_output_less_that_of_the_rows_behind() -> None:
    a, (model, frame) = made(), trained()
    total = np.sum([c.values for c in a.columns], axis=0)
    predicted = np.sort(model.predict(frame[100:]))
    np.testing.assert_allclose(
        np.diff(np.sort(total)), np.diff(predicted), atol=0.01 * predicted.std()
    )


def test_heights_and_curves_follow_the_cells() -> None:
    a = made()
    size, colour = a.columns[0], a.columns[1]
    assert np.corrcoef(np.array(size.heights, float), size.values)[0, 1] > 0.8
    assert set(colour.heights) == {None}
    grows, labels = a.dependencies[0], a.dependencies[1]
    assert grows.average[-1] > grows.average[0] and len(grows.numbers) == len(grows.average)
    assert sorted(labels.labels) == ["blue", "red"] and not labels.numbers


def test_without_time_or_rows_there_are_none() -> None:
    model, frame = trained()
    predicted = model.predict(frame)
    assert attributions(model, frame, frame, predicted, (), seconds=0.0) is None
    assert attributions(model, frame, frame[:5], predicted[:5], (), seconds=100.0) is None
    assert attributions(object(), frame, frame, predicted, (), seconds=100.0) is None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_they_are_kept_drawn_and_told(lang: str) -> None:
    results = dataclasses.replace(two_classes(), attributions=made())
    assert Results.from_json(results.to_json()).attributions == made()
    drawings = draw(results, lang)
    assert {"shap", "dependence-1", "dependence-2", "dependence-3"} <= set(drawings)
    for name in ("shap", "dependence-1", "dependence-2"):
        assert "size" in drawings[name].svg() or "colour" in drawings[name].svg()
    html = Report(results, lang).html()
    assert 'id="attribution"' in html and "chart-dependence-2" in html
    assert 'id="attribution"' not in Report(two_classes(), lang).html()
    without = draw(two_classes(), lang)
    assert not {"shap", "dependence-1"} & set(without)


def test_a_model_that_reads_columns_together_has_a_report_without_them() -> None:
    """The means of pairs of levels belong to no single column."""
    rng = np.random.default_rng(5)
    town, shop, street = (rng.integers(0, n, 3000) for n in (60, 60, 70))
    likely = np.where((town % 4 * 4 + shop % 4) % 5 < 2, 0.95, 0.05)
    frame = pl.DataFrame(
        {
            "town": [f"town {i}" for i in town],
            "shop": [f"shop {i}" for i in shop],
            "street": [f"street {i}" for i in street],
            "y": np.array(["no", "yes"])[(rng.random(3000) < likely).astype(int)],
        }
    )
    model = ranvier.fit_table(frame, "y", budget=600, epochs=1, members=1, verbose=0)
    assert any(" with " in name for name in model.encoder.names["numbers"])
    results = model.report(seconds=20.0).results
    assert results.attributions is None and results.importance
    with pytest.raises(ArgumentError, match="this model reads pairs of"):
        shap_values(model, frame[:1], frame[:5])
