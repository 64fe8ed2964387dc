"""Drawings: SVG that any reader takes, and the same picture as PNG and PDF."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from ranvier.errors import ArgumentError
from ranvier.plots.axes import Panel, Scale, tick_text
from ranvier.plots.drawing import DARK, LIGHT, Box, Dots, Drawing, Stroke, Words, text_width
from ranvier.plots.markup import Markup, element, escape, join
from ranvier.plots.svg import svg_of

EVIL = "<script>alert('x')</script> & \"quotes\" \x00\x1b \ud800 年龄 גיל"


def drawing() -> Drawing:
    made = Drawing(EVIL, EVIL)
    made.add(
        Box(10, 10, 80, 40, "s1", 0.5, 4, "ink", tip=EVIL),
        Stroke([(0, 0), (50, 50)], "s2", 2, (3, 3)),
        Stroke([(0, 0), (50, 50), (0, 50)], "s3", fill=True, opacity=0.3),
        Stroke([], "s3"),
        Dots([(5, 5), (6, 7)], "bad"),
        Words(200, 100, EVIL, "ink", 14, "middle", True, tip=EVIL),
        Words(20, 200, "$x$ upright", upright=True),
    )
    return made


def test_svg_is_xml_and_holds_text_as_text() -> None:
    for text in (drawing().svg(), svg_of(drawing(), "chart-1")):
        root = ElementTree.fromstring(text)
        names = {e.tag.rpartition("}")[2] for e in root.iter()}
        assert names == {"svg", "title", "desc", "rect", "path", "text"}
        assert root.attrib["role"] == "img"
        ids = {e.attrib["id"] for e in root.iter() if "id" in e.attrib}
        assert ids == set(root.attrib["aria-labelledby"].split())
        assert "<script>alert('x')</script> & \"quotes\"" in "".join(root.itertext())


def test_a_document_has_its_own_colours_and_a_part_of_a_page_those_of_the_page() -> None:
    assert "var(" not in drawing().svg() and LIGHT["s1"] in drawing().svg()
    assert "var(--s1)" in svg_of(drawing(), "x") and LIGHT["s1"] not in svg_of(drawing(), "x")


def test_light_and_dark_have_the_same_roles() -> None:
    assert set(LIGHT) == set(DARK)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_and_lines_be_seen(colours: dict[str, str]) -> None:
    for role, colour in colours.items():
        if role in ("panel", "grid"):
            continue
        high, low = sorted([luminance(colour), luminance(colours["panel"])], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, role


def test_files(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for suffix, begin in ((".svg", b"<svg "), (".png", b"\x89PNG"), (".pdf", b"%PDF")):
        path = tmp_path / f"picture{suffix}"
        drawing().save(path)
        assert path.read_bytes().startswith(begin)
    with pytest.raises(ArgumentError, match=r"\.png"):
        drawing().save(tmp_path / "picture.gif")


def test_png_shows_what_svg_shows(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    made = Drawing("a", "b", 100, 60)
    made.add(Box(10, 20, 30, 20, "s1"))
    made.save(tmp_path / "box.png")
    picture = image.open(tmp_path / "box.png").convert("RGB")
    scale = picture.width / 100
    colours = {LIGHT[role]: role for role in LIGHT}
    for x, y, role in ((25, 30, "s1"), (5, 30, "panel"), (45, 30, "panel"), (25, 45, "panel")):
        pixel = picture.getpixel((int(x * scale), int(y * scale)))
        assert colours["#{:02x}{:02x}{:02x}".format(*pixel)] == role


# --- markup -------------------------------------------------------------------------------------


def test_what_is_not_markup_is_escaped_once() -> None:
    inner = element("b", "1 < 2")
    assert element("p", inner, "&") == "<p><b>1 &lt; 2</b>&amp;</p>"
    assert join(inner, "<") == "<b>1 &lt; 2</b>&lt;"
    assert escape(escape("<")) == "&lt;"
    assert element("a", "x", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;">x</a>'
    assert isinstance(element("br"), Markup) and element("br") == "<br>"


# --- axes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 1), (-1e-9, 1e-9), (1e9, 1.1e9), (-5, 1e6), (0.999, 1.001), (3, 1e12), (1e-300, 1e-299)],
)
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = Scale(low, high).ticks()
    assert 2 <= len(ticks) <= 8
    room = (high - low) * 1e-6
    assert all(low - room <= t <= high + room for t in ticks) and ticks == sorted(set(ticks))
    texts = [tick_text(t) for t in ticks]
    assert all(len(text) <= 12 for text in texts)
    powers = Scale(max(low, 1e-12), max(high, 1e-11), log=True).ticks()
    assert powers == sorted(set(powers))


def test_scales_of_any_values_can_be_drawn() -> None:
    for values in ([], [0.0], [5.0, 5.0], [-1e300, 1e300], [1e-320, 2e-320]):
        panel = Panel(Drawing("", ""), Scale.over(values), Scale.over(values))
        panel.grid("x", "y")
        for value in values:
            assert panel.left <= panel.x(value) <= panel.right


def test_wide_characters_are_wide() -> None:
    assert text_width("中文") == 24 and text_width("e\u0301") == text_width("e")
