"""Drawings: SVG that any reader takes, and the same picture as PNG and PDF."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from ranvier.errors import ArgumentError
from ranvier.plots.axes import Panel, Scale, tick_text
from ranvier.plots.composition import together
from ranvier.plots.drawing import (
    DARK,
    LIGHT,
    Area,
    Box,
    Dots,
    Drawing,
    Pixels,
    Stroke,
    Words,
    text_width,
)
from ranvier.plots.markup import Markup, element, escape, join
from ranvier.plots.pixels import picture, png, signed
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
        Area([[(0, 0), (9, 0), (9, 9), (0, 9)], [(3, 3), (6, 3), (6, 6), (3, 6)]], "s4", 0.5),
        Stroke([(0, 0), (5, 0), (5, 9), (9, 9)], "s6", curved=True, tip=EVIL),
        Pixels(5, 5, 20, 10, signed(np.array([[1.0, -1.0]])), tip=EVIL),
        Words(200, 100, EVIL, "ink", 14, "middle", True, tip=EVIL),
        Words(20, 200, "$x$ upright", upright=True),
    )
    return made


def test_svg_is_xml_and_holds_text_as_text() -> None:
    for text, style in ((drawing().svg(), {"style"}), (svg_of(drawing(), "chart-1"), set())):
        root = ElementTree.fromstring(text)
        names = {e.tag.rpartition("}")[2] for e in root.iter()}
        assert names == {"svg", "title", "desc", "rect", "path", "text", "image"} | style
        assert root.attrib["role"] == "img"
        ids = {e.attrib["id"] for e in root.iter() if "id" in e.attrib}
        assert ids == set(root.attrib["aria-labelledby"].split())
        assert "<script>alert('x')</script> & \"quotes\"" in "".join(root.itertext())


def test_a_document_has_its_own_colours_and_a_part_of_a_page_those_of_the_page() -> None:
    assert "var(" not in drawing().svg() and LIGHT["s1"] in drawing().svg()
    assert "var(--s1)" in svg_of(drawing(), "x") and LIGHT["s1"] not in svg_of(drawing(), "x")


def test_a_document_says_the_dark_colour_of_each_of_its_roles() -> None:
    text = drawing().svg()
    style = text[text.index("@media(prefers-color-scheme:dark)") : text.index("</style>")]
    for role in ("panel", "ink", "muted", "s1", "s2", "s3", "s4", "s6", "bad"):
        assert f'[fill="{LIGHT[role]}"]{{fill:{DARK[role]}}}' in style
        assert f'[stroke="{LIGHT[role]}"]{{stroke:{DARK[role]}}}' in style
    assert len(set(LIGHT.values())) == len(LIGHT)  # a colour stands for one role


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
    begins = {".svg": b"<svg ", ".html": b"<!DOCTYPE", ".png": b"\x89PNG", ".pdf": b"%PDF"}
    for suffix, begin in begins.items():
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


def test_areas_have_holes_and_pixels_their_colours_in_both_formats(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    made = Drawing("a", "b", 100, 60)
    outer, inner = (
        [(10, 10), (50, 10), (50, 50), (10, 50)],
        [(20, 20), (40, 20), (40, 40), (20, 40)],
    )
    for hole in (inner, inner[::-1]):
        made.add(Area([outer, hole], "s1"))
    red = np.array([[[255, 0, 0, 255], [0, 0, 0, 0]]], np.uint8)
    made.add(Pixels(60, 10, 40, 40, red))
    made.save(tmp_path / "area.png")
    shown = image.open(tmp_path / "area.png").convert("RGB")
    scale = shown.width / 100
    expected = {(15, 30): LIGHT["s1"], (30, 30): LIGHT["panel"], (70, 30): "#ff0000",
                (90, 30): LIGHT["panel"]}  # fmt: skip
    for (x, y), colour in expected.items():
        assert (
            "#{:02x}{:02x}{:02x}".format(*shown.getpixel((int(x * scale), int(y * scale))))
            == colour
        )
    assert 'fill-rule="evenodd"' in made.svg() and png(red) in made.svg()


def test_images_are_stretched_and_signs_have_colours() -> None:
    grey = picture(np.array([[-1.0, 0.0], [np.nan, 1.0]]))
    assert grey[..., 0].tolist() == [[0, 128], [128, 255]] and (grey[..., 3] == 255).all()
    colour = np.zeros((2, 2, 3), np.uint8)
    colour[0, 0] = (10, 20, 30)
    assert picture(colour)[0, 0].tolist() == [10, 20, 30, 255]
    assert signed(np.array([[0.0, 2.0]]), largest=4.0)[..., 3].tolist() == [[0, 128]]


def test_drawings_together_keep_their_marks_and_numbers() -> None:
    parts = [Drawing(f"part {i}", "", 100, 50, head=("a",), rows=[(i,)]) for i in range(3)]
    for part in parts:
        part.add(*drawing().marks)
    whole = together("all", "Three drawings.", parts)
    assert (whole.width, whole.height) == (200, 144)
    assert whole.rows == [("part 0", 0), ("part 1", 1), ("part 2", 2)]
    boxes = [(m.x, m.y) for m in whole.marks if isinstance(m, Box)]
    assert boxes == [(10, 32), (110, 32), (10, 104)]
    assert together("one", "", parts[:1]).height == 50


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
