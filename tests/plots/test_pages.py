"""The pictures of the pages: each is made by docs/pictures.py, small, and told in words."""

from __future__ import annotations

import importlib.util
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from paths import ROOT

DOCS = ROOT / "docs"
IMAGE = re.compile(r"!\[([^\]]*)\]\((?:docs/)?_static/([\w-]+\.\w+)\)")
LARGEST = {".svg": 60_000, ".png": 80_000}  # bytes


def script() -> Any:
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def images(name: str) -> dict[str, str]:
    """What stands on a page: the words of each picture by its file."""
    text = (DOCS / name if name != "README.md" else ROOT / name).read_text(encoding="utf-8")
    return {file: alt for alt, file in IMAGE.findall(text)}


def test_each_picture_of_a_page_is_drawn_by_its_examples() -> None:
    made = script().PICTURES
    assert sum(map(len, made.values())) >= 15
    for page, pictures in made.items():
        assert set(images(page)) == {f"{name}.svg" for name in pictures}, page
    known = {f"{name}.svg" for pictures in made.values() for name in pictures}
    pages = [p.name for p in DOCS.glob("*.md")] + ["README.md"]
    assert {file for page in pages for file in images(page)} == known


@pytest.mark.parametrize("path", sorted((DOCS / "_static").glob("*.*g")), ids=lambda p: p.name)
def test_a_picture_is_small_and_light_and_dark(path: Any) -> None:
    assert path.stat().st_size < LARGEST[path.suffix]
    if path.suffix == ".svg":
        text = path.read_text("utf-8")
        root = ElementTree.fromstring(text)
        assert "prefers-color-scheme:dark" in text
        assert not re.search(r"(?:href|src)=\"(?!data:)", text)  # nothing from elsewhere
        assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_pictures_are_told_in_words() -> None:
    for page in [*script().PICTURES, "README.md"]:
        for file, alt in images(page).items():
            assert len(alt.split()) >= 4, (page, file)


def test_the_script_runs_the_examples_of_a_page() -> None:
    pytest.importorskip("polars")
    made = script()
    names = made.results("report.md")
    for expression in made.PICTURES["report.md"].values():
        assert eval(expression, names).svg().startswith("<svg ")
