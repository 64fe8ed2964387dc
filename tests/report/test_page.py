"""The page: sound HTML that loads nothing, holds any text as text, and says all in both languages.

Every case is a table, a model and what is odd about them; each is drawn in both languages.
"""

from __future__ import annotations

import functools
import io
import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

import ranvier
from ranvier.errors import DataError, FileError
from ranvier.plots.drawing import Drawing
from ranvier.report import baselines
from ranvier.report.build import Facts, results_of
from ranvier.report.page import Report, page
from ranvier.report.results import Results, finite
from ranvier.report.sections import SECTIONS
from ranvier.report.terminal import print_results
from ranvier.tables.choice import Choice
from ranvier.tables.plan import make_plan
from ranvier.tables.reading import read_table
from report.standin import StandIn, halves

EVIL = "</script><script>alert(1)</script>\"'&<b> \x00\u202e \u05d2\u05d9\u05dc {x} %s"
random = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def no_boosting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "_MAX_BOOSTING", 0)  # see test_baselines.py


# --- the cases ----------------------------------------------------------------------------------


def table(rows: int, columns: int = 4, classes: int = 0, text: str = "level") -> pl.DataFrame:
    x = random.normal(size=(rows, columns))
    data: dict[str, list[object]] = {f"x{i}": list(x[:, i]) for i in range(columns)}
    data["colour"] = [f"{text} {i}" for i in random.integers(0, 3, rows)]
    score = x[:, 0] + 0.5 * random.normal(size=rows)
    if classes:
        order = np.argsort(np.argsort(score)) * classes // rows
        data["y"] = [f"class {i}" for i in order]
    else:
        data["y"] = list(100 + 10 * score)
    return pl.DataFrame(data)


def measured(frame: pl.DataFrame, facts: Facts | None = None) -> Results:
    train, test = halves(frame)
    model = StandIn(make_plan(frame, "y"), train)
    return results_of(model, train, test, facts, seconds=0.0)


def two_classes() -> Results:
    network = ranvier.Sequential([ranvier.nn.Dense(3, input_shape=(4,)), ranvier.nn.Dense(1)])
    facts = Facts(
        network=network,
        best_epoch=3,
        code="import ranvier",
        command="ranvier train t.csv",
        seconds={"training": 3.0, "another stage": 1.0},
        memory={"file": 12_000},
        members=8,
    )
    return measured(table(600, classes=2), facts=facts)


def numbers() -> Results:
    return measured(table(600), facts=Facts(residuals=random.normal(size=200)))


def many_classes() -> Results:
    return measured(table(1500, classes=300))


def a_class_missing_in_test() -> Results:
    frame = table(300, classes=3)
    train, test = halves(frame)
    test = test.filter(pl.col("y") != "class 1")
    return results_of(StandIn(make_plan(frame, "y"), train), train, test, seconds=0.0)


def one_class_in_test() -> Results:
    frame = table(300, classes=2)
    train, test = halves(frame)
    test = test.filter(pl.col("y") == "class 1")
    return results_of(StandIn(make_plan(frame, "y"), train), train, test, seconds=0.0)


def wide() -> Results:
    """As of a table of 2,000 columns, of which the first 200 are profiled."""
    results = numbers()
    (column, *_), (entry, *_) = results.columns, results.importance
    return replace(
        results,
        columns=tuple(replace(column, name=f"column {i}" * 9) for i in range(200)),
        importance=tuple(replace(entry, column=f"column {i}" * 9) for i in range(100)),
        importance_left_out=1900,
        column_count=2001,
        feature_count=2000,
    )


@pytest.mark.slow
def test_a_table_of_2000_columns() -> None:
    results = measured(table(60, columns=2000))
    assert len(results.columns) == 200 and results.column_count == 2002
    assert len(page(results).encode()) < 1_000_000


def one_test_row() -> Results:
    frame = table(50)
    model = StandIn(make_plan(frame, "y"), frame)
    return results_of(model, frame, frame[:1], seconds=0.0)


class Constant(StandIn):
    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        return np.full(len(frame), 7.0)

    def predict_proba(self, frame: pl.DataFrame) -> np.ndarray:
        classes = len(self.plan.classes)
        return np.full((len(frame), classes), 1 / classes)


def constant_numbers() -> Results:
    frame = table(200)
    model = Constant(make_plan(frame, "y"), frame)
    return results_of(model, frame, frame[:100], seconds=0.0)


def constant_target() -> Results:
    frame = table(200)
    model = StandIn(make_plan(frame, "y"), frame)
    return results_of(model, frame, frame[:100].with_columns(y=pl.lit(3.0)), seconds=0.0)


def constant_probabilities() -> Results:
    frame = table(200, classes=2)
    return results_of(Constant(make_plan(frame, "y"), frame), frame, frame[:100], seconds=0.0)


class Broken(StandIn):
    def predict_proba(self, frame: pl.DataFrame) -> np.ndarray:
        output = super().predict_proba(frame)
        output[::3] = np.nan
        output[1::3, 0] = np.inf
        return output


def broken_probabilities() -> Results:
    frame = table(200, classes=3)
    return results_of(Broken(make_plan(frame, "y"), frame), frame, frame[:100], seconds=0.0)


class Huge(StandIn):
    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        return super().predict(frame) * np.where(np.arange(len(frame)) % 2, 1e200, -1e300)


def huge_predictions() -> Results:
    frame = table(200)
    return results_of(Huge(make_plan(frame, "y"), frame), frame, frame[:100], seconds=0.0)


def empty_cells() -> Results:
    frame = table(300, classes=2)
    frame = frame.with_columns(
        pl.when(pl.col("x1") > 0).then(None).otherwise(pl.col("x1")).alias("x1"),
        pl.lit(None, pl.String).alias("nothing"),
        pl.lit(float("nan")).alias("nan"),
        pl.lit(float("inf")).alias("infinite"),
        pl.when(pl.col("x2") > 1).then(None).otherwise(pl.col("y")).alias("y"),
    )
    return measured(frame)


def evil_names() -> Results:
    frame = table(300, classes=3, text=EVIL).with_columns(y=pl.lit(EVIL) + pl.col("y"))
    frame = frame.rename(
        {"x0": EVIL, "x1": "\u05d2\u05d9\u05dc", "x2": "列" * 300, "colour": "\n\t "}
    )
    frame = read_table(frame).frame
    train, test = halves(frame)
    plan = replace(make_plan(frame, "y"), source=EVIL)
    choices = [Choice(EVIL, EVIL, EVIL, EVIL, warning) for warning in (True, False)] * 100
    facts = Facts(choices=choices, code=EVIL, command=EVIL, seconds={EVIL: 1.0})
    model = StandIn(plan, train)
    model.history = {EVIL: [1.0, float("nan")], f"val_{EVIL}": [float("inf"), 0.5], "z": [1.0]}
    return results_of(model, train, test, facts, seconds=0.0)


CASES: dict[str, Callable[[], Results]] = {
    case.__name__: functools.cache(case)
    for case in (
        two_classes, numbers, many_classes, a_class_missing_in_test, one_class_in_test,
        wide, one_test_row, constant_numbers, constant_target,
        constant_probabilities, broken_probabilities, huge_predictions, empty_cells, evil_names,
    )
}  # fmt: skip

every_case = pytest.mark.parametrize("case", CASES)
both_languages = pytest.mark.parametrize("lang", ["en", "zh"])


# --- reading a page -----------------------------------------------------------------------------

VOID = {"br", "col", "hr", "img", "meta"}


class Reader(HTMLParser):
    """Elements, texts and everything that is wrong with how they are nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) < len(attrs):
            self.faults.append(f"an attribute of <{tag}> twice")
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> where another one is open")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not reader.faults and not reader.open
    return reader


@both_languages
@every_case
def test_a_page_is_sound_and_loads_nothing(case: str, lang: str) -> None:
    text = page(CASES[case](), lang)
    reader = read(text)
    assert len(text.encode()) < 1_000_000
    names = {tag for tag, _ in reader.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "img", "base", "form", "b x"}
    for tag, attributes in reader.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("href", "src", "srcset", "action", "data", "xlink:href"):
                assert value is not None and value.startswith("#")
            assert name != "style" or "url" not in (value or "")
    assert "url(" not in text and "@import" not in text
    # Addresses may be told, as text of a user's; the page itself names none.
    if case != "evil_names":
        assert not re.search(r"https?://|//\w+\.\w+/", text)
    ids = [a["id"] for _, a in reader.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"] for tag, a in reader.tags if tag == "a"}
    assert links <= {f"#{i}" for i in ids}
    for tag, attributes in reader.tags:
        if tag == "svg" and "aria-hidden" not in attributes:
            named = (attributes["aria-labelledby"] or "").split()
            assert len(named) == 2 and set(named) <= set(ids)


@both_languages
@every_case
def test_a_page_shows_no_broken_number(case: str, lang: str) -> None:
    texts = " ".join(read(page(CASES[case](), lang)).texts)
    shown = texts.replace("nanny", "")
    if case != "empty_cells":  # there a column is called so
        assert not re.search(r"\b(nan|inf|NaN|None|Infinity)\b", shown)
    for number in re.findall(r'(?:x|y|width|height|d|points)="([^"]*)"', page(CASES[case](), lang)):
        assert "nan" not in number and "inf" not in number


@every_case
def test_results_are_numbers_and_text_that_json_keeps(case: str) -> None:
    results = CASES[case]()
    text = results.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    again = Results.from_json(text)
    assert again.to_json() == text
    assert page(again) == page(results)
    assert type(again.network) is type(results.network)


@every_case
def test_a_case_is_told_in_forty_lines(case: str) -> None:
    for lang in ("en", "zh"):
        console = Console(width=100, file=io.StringIO())
        print_results(CASES[case](), console, lang, "report.html")
        text = console.file.getvalue()  # type: ignore[attr-defined]
        assert 4 <= text.count("\n") <= 40
        assert "report.html" in text and "nan" not in text.split("\n")[1]


@both_languages
@pytest.mark.parametrize("case", ["two_classes", "numbers", "many_classes"])
def test_every_section_is_there(case: str, lang: str) -> None:
    reader = read(page(CASES[case](), lang))
    ids = {a["id"] for tag, a in reader.tags if tag == "section"}
    left = {"two_classes": set(), "numbers": {"decisions", "network"}}.get(case, {"network"})
    if case != "two_classes":
        left = left | {"reproduce"} - ids
    assert set(SECTIONS) - ids <= left


def test_a_chinese_page_holds_no_english_sentence() -> None:
    for case in ("two_classes", "numbers"):
        results = CASES[case]()
        texts = [t.strip() for t in read(page(results, "zh")).texts]
        told = {text for c in results.choices for text in (c.reason, c.value)}
        told |= {c.reason for c in results.columns}
        told |= {results.code, results.command, *(c.override for c in results.choices)}
        for text in texts:
            if text in told or text.startswith(("Python ", "cells of")):
                continue
            english = re.findall(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", text)
            assert not english or any(english[0] in t for t in told), text


def test_any_text_is_shown_as_text() -> None:
    reader = read(page(CASES["evil_names"]()))
    texts = "".join(reader.texts)
    assert "<script>alert(1)</script>" in texts
    assert {tag for tag, _ in reader.tags} & {"script", "b"} <= {"b"}
    # A mark of direction reaches the end of its own paragraph at most, and in one with words of
    # the page not beyond the text that it stands in.
    for text in reader.texts:
        depth = 0
        for character in text:
            depth += {"\u2068": 1, "\u2069": -1}.get(character, 0)
            assert depth >= 0
            assert character != "\u202e" or depth > 0 or not re.search("predict|rows|The ", text)
        assert depth == 0 or text.endswith("…")


def test_light_dark_narrow_and_print_are_provided_for() -> None:
    text = page(CASES["two_classes"]())
    for part in (
        "@media (prefers-color-scheme:dark)", "@media print", "@media (max-width:560px)",
        'name="viewport"', "Content-Security-Policy", "default-src &#x27;none&#x27;",
    ):  # fmt: skip
        assert part in text
    assert '<html lang="zh-Hans">' in page(CASES["two_classes"](), "zh")


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


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    report = Report(CASES["numbers"]())
    path = report.save(tmp_path / "report.html")
    assert path.read_text("utf-8") == report.html()
    frame = read(report._repr_html_())
    assert [tag for tag, _ in frame.tags] == ["iframe"]
    assert frame.tags[0][1]["srcdoc"] == report.html()
    with pytest.raises(FileError, match=r"\.html"):
        report.save(tmp_path / "report.csv")


def test_finite() -> None:
    assert finite([math.inf, {"a": np.float64("nan")}, np.int32(3)]) == [None, {"a": None}, 3]


def test_rows_without_a_target_are_counted_and_none_is_an_error() -> None:
    results = CASES["empty_cells"]()
    assert any(note.startswith("dropped_rows:") for note in results.notes)
    frame = table(20)
    model = StandIn(make_plan(frame, "y"), frame)
    with pytest.raises(DataError, match="no test row has a value of 'y'"):
        results_of(model, frame, frame.with_columns(y=pl.lit(None, pl.Float64)))
