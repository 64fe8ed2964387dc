"""The drawing of a graph: every op once, in its section, by its name, above what reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn, plots
from ranvier.errors import RanvierError
from ranvier.graph.facts import sections
from ranvier.graph.graph import Graph
from ranvier.graph.show import names_of
from ranvier.plots.drawing import Box, Words
from ranvier.plots.networks.blocks import sections_of
from ranvier.train.fit.ready import step_for

X, Y = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)


def model(*layers: Any) -> Any:
    made = ranvier.Sequential(list(layers) or [nn.Dense(3, "relu", name="hidden"), nn.Dense(1)])
    made.compile("adam", "mse", ["mae"])
    return made


def step_graph(made: Any, x: Any = X, y: Any = Y) -> Graph:
    return step_for(made, x, y)[0].traced.graph


CASES: dict[str, Any] = {
    "dense": lambda: step_graph(model()),
    "convolution": lambda: step_graph(
        model(nn.Conv2D(2, 3, activation="elu"), nn.BatchNormalization(), nn.Flatten(),
              nn.Dense(1, "sigmoid")), np.ones((4, 5, 5, 1), np.float32),
    ),
    "loop": lambda: step_graph(model(nn.GRU(3), nn.Dense(1)), np.ones((4, 5, 2), np.float32)),
}  # fmt: skip


@pytest.mark.parametrize("functions", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_every_op_stands_in_one_block_of_its_section(name: str, functions: bool) -> None:
    graph = CASES[name]()
    told = sections_of(graph, functions)
    nodes = [n for section in told for block in section.blocks for n in block.nodes]
    assert len(nodes) == len(set(nodes))
    left_out = {n.op.name for _, part in sections(graph) for n in part if n not in nodes}
    assert left_out <= {"full", "iota", "broadcast_to", "astype", "reshape"}
    assert [s.title for s in told if s.title != "before"] == [
        "forward", "loss", "gradient", "update", "metrics",
    ]  # fmt: skip
    for section in told:
        for start, end in section.edges:  # no cycle: each edge leads to a later value
            before, after = section.blocks[start].nodes, section.blocks[end].nodes
            position = {n: i for i, n in enumerate(graph.nodes)}
            assert position[before[-1]] < position[after[-1]]


@pytest.mark.parametrize("name", CASES)
def test_lines_and_labels_are_what_is_read(name: str) -> None:
    graph = CASES[name]()
    names = names_of(graph)
    for section in sections_of(graph, True):
        for i, block in enumerate(section.blocks):
            told = [label.text for label, reader in section.labels if reader == i]
            labels = {text.partition(" ")[0] for text in told}
            begins = [section.blocks[a].nodes for a, b in section.edges if b == i]
            lines = {names[n] for nodes in begins for n in nodes}
            assert set(block.reads) <= labels | lines and labels <= set(block.reads)
            assert all({names[n] for n in nodes} & set(block.reads) for nodes in begins)


def test_relu_is_called_relu() -> None:
    drawing = plots.graph(model(), X, Y)
    row = next(row for row in drawing.rows if row[1] == "relu")
    assert row[3:5] == ("hidden", "forward") and row[2] == "4×3"
    assert "where 0" not in [r[1] for r in drawing.rows if r[4] == "forward"]
    separate = plots.graph(model(), X, Y, functions=False)
    assert "where" in " ".join(str(r[1]) for r in separate.rows if r[4] == "forward")


def test_updates_name_the_parameter() -> None:
    results = [row[2] for row in plots.graph(model(), X, Y).rows if row[4] == "update"]
    assert {"new hidden.kernel", "new hidden.bias.m", "new iterations"} <= set(results)


def test_boxes_lie_in_their_sections_and_apart() -> None:
    drawing = plots.graph(model(), X, Y)
    titles = [m for m in drawing.marks if isinstance(m, Words) and m.size == 14]
    assert [t.text for t in titles] == ["forward", "loss", "gradient", "update", "metrics"]
    boxes = [m for m in drawing.marks if isinstance(m, Box) and m.outline]
    assert len(boxes) == len(drawing.rows)
    ends = [t.y for t in titles[1:]] + [drawing.height]
    for box, row in zip(boxes, drawing.rows, strict=True):
        section = next(i for i, t in enumerate(titles) if t.text == row[4])
        assert titles[section].y < box.y < box.y + box.height < ends[section]
        assert 0 <= box.x and box.x + box.width <= drawing.width
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert (
                a.x >= b.x + b.width or b.x >= a.x + a.width
                or a.y >= b.y + b.height or b.y >= a.y + a.height
            )  # fmt: skip


def test_functions_models_and_graphs() -> None:
    made = model()
    forward = plots.graph(made, X)
    assert {row[4] for row in forward.rows} == {""} and "Forward pass" in forward.title
    made.fit(X, Y, verbose=0)
    assert "Training step" in plots.graph(made).title
    assert plots.graph(step_graph(made)).rows
    compiled = ranvier.compile(lambda x: ranvier.exp(x) + 1.0)
    assert [row[1] for row in plots.graph(compiled, ranvier.ones((2,))).rows] == ["exp", "add 1"]


def test_a_deep_network_is_drawn_in_a_column() -> None:
    resnet = ranvier.models.resnet(blocks=(2, 2), input_shape=(8, 8, 1))
    drawing = plots.graph(resnet, np.ones((1, 8, 8, 1), np.float32))
    assert len(drawing.rows) > 60 and drawing.width < 1700


def test_bad_input() -> None:
    for call, says in (
        (lambda: plots.graph(3), "expected a graph, a model or a function"),  # type: ignore[arg-type]
        (lambda: plots.graph(model()), "give rows: graph\\(model, x, y\\)"),
        (lambda: plots.graph(model(), X, Y, Y), "takes x, or x and y"),
        (lambda: plots.graph(step_graph(model()), X), "no further arguments"),
    ):
        with pytest.raises(RanvierError, match=says):
            call()
