"""Pictures, page and table of a record: from the numbers of a real training."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as tree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.callbacks import Record
from ranvier.errors import ArgumentError
from ranvier.plots.drawing import Box, Stroke

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 6)).astype(np.float32)


def record_of(layers: int, activation: str = "relu", **options: Any) -> Record:
    ranvier.seed(0)
    model = ranvier.Sequential([
        nn.Dense(6, activation, name=f"layer{i}", input_shape=(6,)) for i in range(layers)
    ])  # fmt: skip
    model.compile("sgd", "mse")
    record = Record(1, max_cost=None, **options)
    model.fit(X, X, epochs=3, batch_size=32, verbose=0, callbacks=[record])
    return record


@pytest.fixture(scope="module")
def few() -> Record:
    return record_of(2)


def test_every_kind_is_drawn(few: Record) -> None:
    for kind in ("ratio", "gradient", "zeros", *few):
        drawing = few.plot(kind)
        tree.fromstring(drawing.svg())
        assert drawing.rows and "NaN" not in drawing.svg() and "nan" not in drawing.svg()
    with pytest.raises(ArgumentError, match="unknown plot 'ratios'"):
        few.plot("ratios")


def test_the_band_and_a_line_for_each_layer(few: Record) -> None:
    strokes = [m for m in few.plot("ratio").marks if isinstance(m, Stroke)]
    assert sum(m.fill and m.role == "s3" for m in strokes) == 1
    lines = [m for m in strokes if not m.fill and len(m.points) == len(few)]
    assert len(lines) == 2
    assert few.plot("ratio").rows[0][0] == "layer0.kernel"


def test_many_layers_become_a_map() -> None:
    record = record_of(14, "sigmoid")
    drawing = record.plot("gradient")
    boxes = [m for m in drawing.marks if isinstance(m, Box)]
    assert len(boxes) == 14 * len(record)
    first, last = (np.mean([b.opacity for b in part]) for part in (boxes[:6], boxes[-6:]))
    assert first < last / 2, "the gradients of sigmoids vanish towards the first layer"
    assert "layer0.kernel" in record.html()


def test_a_gradient_of_nothing_but_zeros_is_named() -> None:
    ranvier.seed(0)
    model = ranvier.Sequential([nn.Dense(3, "relu", input_shape=(6,)), nn.Dense(1)])
    model.build((6,))
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    model.compile(ranvier.optim.SGD(0.0), "mse")
    record = Record(1, max_cost=None)
    model.fit(X, np.zeros(64), epochs=1, verbose=0, callbacks=[record])
    assert "nothing but zeros" in record.plot("gradient").svg()
    assert "nothing but zeros" in record.plot("ratio").svg() and record.html()


def test_the_page_is_whole_and_loads_nothing(few: Record, tmp_path: Path) -> None:
    page = few.save(tmp_path / "learning.html").read_text("utf-8")
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    for name in few:
        assert f">{name}</text>" in page or name in page
    assert "Weights" in page and "Gradients" in page and "Outputs" in page
    assert few._repr_html_().startswith("<svg")


def test_the_table_holds_every_number(few: Record, tmp_path: Path) -> None:
    with open(few.save(tmp_path / "learning.csv"), newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head[:4] == ["step", "name", "of", "mean"]
    assert len(rows) == len(few) * (4 * 3 + 2 * 2)
    found = {(int(r[0]), r[1], r[2]): r for r in rows}
    weight = few["layer0.kernel"].weight
    row = found[3, "layer0.kernel", "weight"]
    assert float(row[3]) == weight.mean[3] and float(row[-1]) == weight.high[3]
    assert float(row[9]) == weight.quantile(0.5)[3]
    assert float(found[2, "layer1.bias", "update"][5]) == few["layer1.bias"].update[2]


def test_pictures_are_written(few: Record, tmp_path: Path) -> None:
    assert few.save(tmp_path / "a.svg").read_bytes()[:4] == b"<svg"
    few.plot("layer0", tmp_path / "b.svg")
    assert (tmp_path / "b.svg").stat().st_size > 1000
