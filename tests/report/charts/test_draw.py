"""Charts stand alone: with title, description and numbers, on a page, in a notebook, in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from ranvier.plots.drawing import Drawing
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
