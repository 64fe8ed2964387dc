"""Plans and models in a notebook: sound HTML, any text as text, in both languages."""

from __future__ import annotations

import polars as pl
import pytest

import ranvier
from ranvier.tables.plan import make_plan
from report.cases import EVIL, both_languages, table
from report.test_page import read


@both_languages
def test_a_plan_shows_columns_and_choices(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANVIER_LANG", lang)
    frame = table(60, columns=2, classes=2).rename({"x0": EVIL})
    plan = make_plan(frame, "y")
    reader = read(plan._repr_html_())
    texts = "".join(reader.texts)
    assert {tag for tag, _ in reader.tags} <= {
        "div", "p", "b", "br", "table", "thead", "tbody", "tr", "th", "td", "code",
    }  # fmt: skip
    assert "<script>alert(1)</script>" in texts
    assert ("按类别" if lang == "zh" else "as many of each class") in texts or "两边" in texts


def test_of_many_columns_some_are_shown() -> None:
    frame = pl.DataFrame({f"x{i}": range(20) for i in range(300)}).with_columns(
        y=pl.Series([0.5 * i for i in range(20)])
    )
    text = make_plan(frame, "y")._repr_html_()
    assert "… and 241 more" in text and len(text) < 60_000


def test_a_model_shows_its_scores() -> None:
    frame = {"a": list(range(60)), "y": [3.5 * (i % 30) for i in range(60)]}
    model = ranvier.fit_table(frame, "y", epochs=1, members=1, verbose=0)
    texts = read(model._repr_html_()).texts
    assert "RMSE" in texts and "predicting y" in texts
