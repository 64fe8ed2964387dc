"""The page: sound HTML that loads nothing, holds any text as text, and says all in both languages.

Every case is a table, a model and what is odd about them; each is drawn in both languages.
"""

from __future__ import annotations

import io
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from ranvier.errors import DataError, FileError
from ranvier.report.build import results_of
from ranvier.report.page import Report, page
from ranvier.report.results import Results, finite
from ranvier.report.sections.all_sections import SECTIONS
from ranvier.report.terminal import print_results
from ranvier.tables.plan import make_plan
from report.cases import CASES, both_languages, every_case, measured, table
from report.standin import StandIn

pytestmark = pytest.mark.usefixtures("no_boosting")

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
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form", "b x"}
    for tag, attributes in reader.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if tag == "img" and name == "src":
                assert value is not None and value.startswith("data:image/png;base64,")
            elif name in ("href", "src", "srcset", "action", "data", "xlink:href"):
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


@pytest.mark.slow
def test_a_table_of_2000_columns() -> None:
    results = measured(table(60, columns=2000))
    assert len(results.columns) == 200 and results.column_count == 2002
    assert len(page(results).encode()) < 1_000_000


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
    left = left | {"attribution"}  # of models of tables only: measures/test_attributions.py
    left = left | {"diagnosis"}  # of models of tables only: tables/test_diagnosing.py
    left = left | {"forecast", "examples", "words"}  # of tasks only
    if case != "two_classes":
        left = left | {"reproduce"} - ids
    assert set(SECTIONS) - ids <= left


@pytest.mark.parametrize(
    ("case", "sections"),
    [
        ("pictures", {"errors", "calibration", "worst", "examples", "data", "reproduce"}),
        ("texts", {"errors", "decisions", "worst", "words", "network"}),
        ("a_series", {"scores", "forecast", "errors", "network"}),
    ],
)
def test_pictures_texts_and_series_have_sections_of_their_own(
    case: str, sections: set[str]
) -> None:
    text = page(CASES[case]())
    ids = {a["id"] for tag, a in read(text).tags if tag == "section"}
    assert sections <= ids and "columns used" not in text


def test_a_chinese_page_holds_no_english_sentence() -> None:
    for case in ("two_classes", "numbers"):
        results = CASES[case]()
        texts = [t.strip() for t in read(page(results, "zh")).texts]
        told = {results.code, results.command, *(c.override for c in results.choices)}
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
