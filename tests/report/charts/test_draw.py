"""Charts stand alone: with title, description and numbers, on a page, in a notebook, in files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ranvier.plots.drawing import Drawing, Words, text_width
from ranvier.report.measures.bootstrap import Estimate
from ranvier.report.page import Report
from report.cases import CASES, both_languages, every_case

pytestmark = pytest.mark.usefixtures("no_boosting")


@both_languages
@every_case
def test_charts_stand_alone(case: str, lang: str) -> None:
    charts = Report(CASES[case](), lang).charts
    assert charts
    for name, chart in charts.items():
        assert chart.title and chart.description, name
        if name != "network":
            assert chart.head and chart.rows, name
        for row in chart.rows:
            assert len(row) == len(chart.head), name
        text = chart._repr_html_()
        assert text.startswith("<svg") and "var(" not in text


def test_charts_are_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for case, chosen in (
        ("two_classes", {"confusion", "roc", "network"}),
        ("numbers", {"predicted", "intervals", "importance"}),
        ("evil_names", {"scores", "target", "confusion"}),
    ):
        for name, chart in Report(CASES[case](), "zh").charts.items():
            assert isinstance(chart, Drawing)
            chart.save(tmp_path / f"{name}.svg")
            assert (tmp_path / f"{name}.svg").read_text("utf-8") == chart.svg()
            if name in chosen:
                chart.save(tmp_path / f"{name}.png")
                assert (tmp_path / f"{name}.png").stat().st_size > 1000


@every_case
@pytest.mark.parametrize("factor", [1.0, 123_456.0])
def test_the_numbers_beside_scores_are_not_cut_off(case: str, factor: float) -> None:
    results = CASES[case]()

    def scaled(e: Estimate) -> Estimate:
        return Estimate(*(None if v is None else factor * v for v in (e.value, e.low, e.high)))

    models = tuple(
        replace(m, scores={name: scaled(e) for name, e in m.scores.items()}) for m in results.models
    )
    chart = Report(replace(results, models=models), "en").charts.get("scores")
    for mark in [] if chart is None else chart.marks:
        if isinstance(mark, Words) and mark.anchor == "start":
            assert chart is not None
            assert mark.x + (1.1 if mark.bold else 1) * text_width(mark.text) <= chart.width, mark
