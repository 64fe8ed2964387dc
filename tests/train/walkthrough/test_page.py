"""The page of a walkthrough in Chromium: nothing on its console, nothing wider than the window."""

from __future__ import annotations

import base64
import io
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.plots.pixels import png, signed
from ranvier.train.walkthrough.pictures import pictures, projection
from report.test_browser import MEASURE, NAMES, opened


def page() -> str:
    ranvier.seed(0)
    layers = [
        nn.Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
        nn.BatchNormalization(),
        nn.Flatten(),
        nn.Dense(20, "tanh", name="a_layer_with_a_name_that_is_longer_than_a_telephone_is_wide"),
        nn.Dense(3, "softmax"),
    ]
    model: Any = ranvier.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", engine="reference")
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 1))
    text: str = model.walkthrough(x, [0, 2]).html()
    return text


def test_a_page_asks_nothing_of_the_network_and_has_no_script() -> None:
    text = page()
    assert "<script" not in text and "http://" not in text and "https://" not in text
    assert "default-src &#x27;none&#x27;" in text
    links = set(re.findall(r'href="#([^"]+)"', text))
    assert links == set(re.findall(r'<section id="([^"]+)"', text))


def test_a_page_fits_the_window_and_says_nothing(tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        pytest.skip("the page is opened with Chromium")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page())
    file = tmp_path / "page.html"
    file.write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    document, told = opened(browser, file, 500, tmp_path)  # headless Chromium has no less
    assert "CONSOLE" not in told
    widths = re.search(r"<title>WIDTH (\d+) (\d+)</title>", document)
    assert widths is not None and max(int(widths[1]), int(widths[2])) <= 500


def test_pictures_of_tensors() -> None:
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    titles = [title for title, _ in pictures(images, "a", 2)]
    assert titles == ["channel 0", "channel 1", "channel 2"]
    assert [m.shape for _, m in pictures(images, "W", 2)] == []  # filters of 2 rows are no picture
    assert len(pictures(images.transpose(1, 2, 3, 0), "W", 5)) == 2
    assert len(pictures(np.ones((3, 2, 5, 5)), "score", 3)) == 2
    assert pictures(np.ones(9), "b", 2) == [] and pictures(np.ones((2, 200)), "x", 2) == []
    image = pytest.importorskip("PIL.Image")
    uri = png(signed(np.array([[0.0, 1.0], [-0.5, np.nan]])))
    pixels = np.asarray(image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))
    assert pixels.shape == (2, 2, 4)
    assert pixels[..., 3].tolist() == [[0, 255], [128, 0]]
    assert (pixels[0, 1, :3] != pixels[1, 0, :3]).any()


def test_attention_is_a_map_and_an_embedding_lies_in_two_dimensions() -> None:
    ranvier.seed(0)
    ids = ranvier.Input((5,), dtype="int64")
    vectors = nn.Embedding(9, 4, name="words")(ids)
    out = nn.MultiHeadAttention(2, 3, name="look")(vectors, vectors)
    model = ranvier.Model(ids, nn.Dense(1)(nn.GlobalAveragePooling1D()(out)))
    model.compile("sgd", "mse")
    walk = model.walkthrough(np.array([[1, 2, 3, 4, 8]]), [1.0])
    stages = {s.who: s for s in walk.stages if s.section == "forward"}
    p = next(q for q in stages["look"].quantities if q.symbol == "p")
    np.testing.assert_allclose(p.array.sum(axis=-1), 1.0, atol=1e-6)
    table = next(q for q in stages["words"].quantities if q.symbol == "E")
    assert table.used == (1, 2, 3, 4, 8)
    drawing = projection(table.array, table.used)
    assert drawing is not None and "component 1" in drawing.svg()
    html = walk.html()
    assert "p 0" in html and 'aria-labelledby="stage-0-projection' in html
    assert projection(np.zeros((3, 4)), (0,)) is None
    assert projection(np.full((5, 4), np.nan), (0,)) is None
