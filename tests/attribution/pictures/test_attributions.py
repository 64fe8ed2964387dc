"""Drawings of attributions: what they show is what the numbers say, for every kind."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paths import ROOT
from ranvier.attribution import Attribution
from ranvier.attribution.pictures.attributions import KINDS
from ranvier.plots.drawing import Box, Dots

rng = np.random.default_rng(0)


def made(rows: int = 1, features: int = 5, **more: Any) -> Attribution:
    values = rng.normal(size=(rows, features))
    names = tuple(f"<column {i}>" for i in range(features))
    base = np.full(rows, 0.5)
    data = rng.normal(size=(rows, features)).astype(object)
    return Attribution("SHAP values", values, names, base, 0.5 + values.sum(1), data, **more)


ATTRIBUTIONS = {
    "one row": lambda: made(),
    "with errors": lambda: made(errors=np.full((1, 5), 0.1)),
    "many features": lambda: made(features=40),
    "zeros": lambda: Attribution("x", np.zeros((1, 3)), ("a", "b", "c")),
    "many rows": lambda: made(rows=50),
    "all rows together": lambda: Attribution("x", rng.normal(size=4), ("a", "b", "c", "d")),
    "images": lambda: Attribution(
        "Grad-CAM", rng.normal(size=(2, 5, 5)), (), None, np.ones(2),
        rng.normal(size=(2, 10, 10, 3)), None, ("cat", "dog"), (), "image",
    ),
    "large images": lambda: Attribution(
        "saliency", rng.normal(size=(1, 200, 150)), (), data=rng.normal(size=(1, 200, 150)),
        kind="image",
    ),
    "a text": lambda: Attribution(
        "x", rng.normal(size=(1, 30)), tuple(f"word{i}" for i in range(30)),
        data=np.array([[f"word{i}" for i in range(30)]], object), kind="text",
    ),
    "several outputs": lambda: Attribution(
        "x", rng.normal(size=(2, 3, 4)), ("a", "b", "c"), np.zeros((2, 4)), np.ones((2, 4)),
        output_names=tuple("pqrs"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_every_kind_is_drawn_inside_its_frame(name: str) -> None:
    drawing = ATTRIBUTIONS[name]().plot()
    ET.fromstring(drawing.svg())
    assert drawing.title and drawing.description and drawing.rows and drawing.marks
    for mark in drawing.marks:
        if isinstance(mark, Box):
            assert mark.x >= -0.5 and mark.x + mark.width <= drawing.width + 0.5
            assert mark.y >= -0.5 and mark.y + mark.height <= drawing.height + 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_tables_are_drawn_as_asked(kind: str) -> None:
    ET.fromstring(made(rows=6).plot(kind).svg())


def test_bars_are_as_long_as_the_values() -> None:
    a = Attribution("x", np.array([[2.0, -1.0, 0.5]]), ("a", "b", "c"))
    boxes = [mark for mark in a.plot("bars").marks if isinstance(mark, Box)]
    assert [box.role for box in boxes] == ["s2", "s1", "s2"]
    lengths = np.array([box.width for box in boxes])
    np.testing.assert_allclose(lengths / lengths[0], [1, 0.5, 0.25], atol=0.02)


def test_dots_are_where_the_values_are() -> None:
    a = made(rows=20, features=2)
    dots = [mark for mark in a.plot("swarm").marks if isinstance(mark, Dots)]
    drawn = sum(len(mark.points) for mark in dots)
    assert drawn == 40
    assert {mark.role for mark in dots} == {"s1", "s2", "s5"}


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [v or "" for k, v in attributes if k in ("src", "href", "action")]


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_the_page_needs_no_script_and_no_network(name: str, tmp_path: Path) -> None:
    path = ATTRIBUTIONS[name]().save(tmp_path / "page.html")
    text = path.read_text("utf-8")
    page = _Page()
    page.feed(text)
    assert "script" not in page.tags and not page.links
    assert "svg" in page.tags and "table" in page.tags and "figcaption" in page.tags
    assert "<column" not in text  # escaped
    assert len(re.findall(r'id="picture-0-title"', text)) == 1
    assert len(text) < 2_000_000


def test_a_notebook_shows_the_drawing(tmp_path: Path) -> None:
    a = made()
    assert a._repr_html_() == a.plot().svg()
    assert a.save(tmp_path / "bars.svg").read_text("utf-8") == a.plot().svg()


def test_the_pictures_of_the_docs_are_there() -> None:
    text = (ROOT / "docs" / "attribution.md").read_text("utf-8")
    names = re.findall(r"!\[[^\]]+\]\((_static/[\w-]+\.svg)\)", text)
    assert len(names) == 4
    for name in names:
        ET.fromstring((ROOT / "docs" / name).read_text("utf-8"))
