"""The diagram of a network: its weights as lines, its layers as boxes, what reads what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import plots
from ranvier.errors import RanvierError
from ranvier.nn import Add, Concatenate, Conv2D, Dense, Dropout, Embedding, Normalize
from ranvier.plots.drawing import Box, Drawing, Stroke, Words


def small() -> ranvier.Sequential:
    ranvier.seed(0)
    return ranvier.Sequential(
        [Dense(4, "relu", input_shape=(2,), name="hidden"), Dropout(0.1), Dense(1)]
    )


def boxes(drawing: Drawing) -> list[Box]:
    return [m for m in drawing.marks if isinstance(m, Box) and m.outline]


def test_each_weight_is_a_line_of_its_size_and_sign() -> None:
    model = small()
    drawing = plots.network(model)
    lines = [m for m in drawing.marks if isinstance(m, Stroke)]
    weights = np.concatenate([layer.kernel.numpy().ravel() for layer in model.layers[::2]])
    assert len(lines) == 12 == len(drawing.rows)
    assert [line.role for line in lines] == ["s1" if w >= 0 else "s2" for w in weights]
    widths = np.array([line.width for line in lines])
    assert np.allclose(widths, 0.5 + 4 * np.abs(weights) / np.abs(weights).max())
    assert lines[0].tip.startswith("input 0 to hidden 0: ")
    circles = boxes(drawing)
    assert len(circles) == 2 + 4 + 1
    ends = {line.points[0] for line in lines} | {line.points[-1] for line in lines}
    assert ends == {(c.x + c.width / 2, c.y + c.height / 2) for c in circles}
    assert "relu" in [m.text for m in drawing.marks if isinstance(m, Words)]


def test_columns_of_a_table_name_the_inputs() -> None:
    polars = pytest.importorskip("polars")
    model = ranvier.Sequential([Dense(1)])
    model.compile("sgd", "mse")
    model.fit(polars.DataFrame({"age": [1.0, 2.0], "pay": [3.0, 4.0]}), [1.0, 2.0], verbose=0)
    assert [row[0] for row in plots.network(model).rows] == ["age", "pay"]


def test_layers_are_boxes_below_what_they_read() -> None:
    a, b = ranvier.Input(shape=(8,), name="numbers"), ranvier.Input(shape=(4,), name="flags")
    wide = Dense(16, "relu")(Concatenate()([Dense(6)(a), b]))
    model = ranvier.Model([a, b], Dense(1)(Add()([wide, Dense(16)(wide)])))
    drawing = plots.network(model)
    kinds = sorted(str(row[1]) for row in drawing.rows)
    assert kinds == ["Add", "Concatenate", *["Dense"] * 4, *["InputLayer"] * 2]
    total = sum(int(str(row[3]).replace(",", "")) for row in drawing.rows)
    assert total == model.count_params()
    tops = {b.tip.partition(" ")[0]: b.y for b in boxes(drawing)}
    assert tops["numbers"] < tops["flags"] < max(tops.values())  # flags are read one rank later


def test_inside_of_a_resnet_the_sums_join_two_branches() -> None:
    model = ranvier.models.resnet(blocks=(1, 1), input_shape=(8, 8, 1))
    outside, inside = plots.network(model), plots.network(model, inside=True)
    assert len(inside.rows) > len(outside.rows)
    kinds = [row[1] for row in inside.rows]
    assert kinds.count("op") == 2  # one sum in each block
    assert kinds.count("Conv2D") == 1 + 2 + 3
    counted = sum(int(str(row[3]).replace(",", "")) for row in inside.rows)
    assert counted == model.count_params()


def test_a_forward_of_its_own_is_seen_while_it_is_traced() -> None:
    class Net(ranvier.Model):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.left, self.right = Embedding(9, 4), Dense(3), Dense(3)

        def forward(self, ids: Any) -> Any:
            x = self.embed(ids)
            return self.left(x) * self.right(x)

    drawing = plots.network(Net(), x=np.zeros((2, 5), np.int32))
    assert [(row[1], row[2]) for row in drawing.rows] == [
        ("InputLayer", "(rows, 5)"), ("Embedding", "(rows, 5, 4)"),
        ("Dense", "(rows, 5, 3)"), ("Dense", "(rows, 5, 3)"),
    ]  # fmt: skip
    left, right = boxes(drawing)[2:]
    assert left.y == right.y and left.x != right.x
    with pytest.raises(RanvierError, match="give some rows"):
        plots.network(Net())


def test_large_networks_are_layers() -> None:
    for layer in (Dense(99, input_shape=(4,)), Conv2D(2, 3, input_shape=(8, 8, 1))):
        assert plots.network(ranvier.Sequential([layer])).head[0] == "layer"
    normalized = ranvier.Sequential([Normalize(), Dense(3)])
    normalized.predict(np.ones((2, 4), np.float32))
    assert plots.network(normalized).head[0] == "from"
    assert plots.network(normalized, "layers").head[0] == "layer"
    gpt = ranvier.models.gpt(20, layers=2, width=8, context=6)
    assert len(plots.network(gpt, x=np.zeros((1, 6), np.int32)).rows) >= 4


def test_bad_input() -> None:
    for call, says in (
        (lambda: plots.network(3), "expected a model, got a int"),  # type: ignore[arg-type]
        (lambda: plots.network(small(), "neuron"), "did you mean 'neurons'"),
        (lambda: plots.network(ranvier.Sequential([Dense(2)])), "is not built yet"),
        (
            lambda: plots.network(ranvier.Sequential([Dense(99, input_shape=(4,))]), "neurons"),
            "no chain of dense layers",
        ),
    ):
        with pytest.raises(RanvierError, match=says):
            call()
