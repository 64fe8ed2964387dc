"""Sections, layers and functions of nodes: in the text of a graph and for what draws it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.graph.facts import SECTIONS, fact_of, sections
from ranvier.graph.show import names_of, numbers_text, show
from ranvier.nn import activations
from ranvier.tracing.trace import trace
from ranvier.train.fit.ready import step_for


def step_graph(*layers: Any, rows: tuple[int, ...], augment: Any = None) -> Any:
    ranvier.seed(0)
    model = ranvier.Sequential(list(layers))
    model.compile("adam", "mse", ["mae"], augment=augment)
    x, y = np.ones((4, *rows), np.float32), np.ones((4, 1), np.float32)
    return step_for(model, x, y)[0].traced.graph


GRAPHS = {
    "dense": lambda: step_graph(
        nn.Dense(4, "relu", name="hidden"), nn.Dense(1, name="out"), rows=(2,)
    ),
    "convolution": lambda: step_graph(
        nn.Conv2D(2, 3, activation="elu"), nn.BatchNormalization(), nn.Dropout(0.5),
        nn.Flatten(), nn.Dense(1), rows=(5, 5, 1),
    ),
    "loop": lambda: step_graph(nn.GRU(3), nn.Dense(1), rows=(4, 2)),
    "augmented": lambda: step_graph(nn.Dense(1), rows=(2,), augment=nn.Mixup(0.2)),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_every_node_stands_once_after_its_inputs(name: str) -> None:
    graph = GRAPHS[name]()
    ordered = [node for _, nodes in sections(graph) for node in nodes]
    assert sorted(map(id, ordered)) == sorted(id(n) for n in graph.nodes if n not in graph.inputs)
    known = set(graph.inputs)
    for node in ordered:
        assert all(x in known for x in node.inputs)
        known.add(node)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_step_is_told_in_the_order_of_its_sections(name: str) -> None:
    told = [section for section, _ in sections(GRAPHS[name]())]
    first = list(dict.fromkeys(section for section in told if section))
    assert first == list(SECTIONS)


def test_the_text_of_a_step_names_sections_layers_and_relu() -> None:
    text = str(GRAPHS["dense"]())
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("  -- ")] == [f"  -- {s}" for s in SECTIONS]
    assert " matmul " in lines[2] and lines[2].endswith("# hidden")
    gradient = lines[lines.index("  -- gradient") : lines.index("  -- update")]
    assert any("where" in line and line.endswith("# hidden: relu") for line in gradient)
    assert "loss_sum" in text and "mae_sum" in text and "in10" not in text


def test_a_graph_that_is_no_step_is_printed_as_ever() -> None:
    graph = trace(lambda x: ranvier.exp(x) + 1.0, [((2,), "float32")], ["x"])[0].graph
    assert "--" not in str(graph) and "#" not in str(graph)


NAMED = [name for name in activations.NAMES if name != "linear"]


@pytest.mark.parametrize("name", NAMED)
def test_every_activation_is_called_by_its_name(name: str) -> None:
    function = activations.get(name)
    graph = trace(function, [((2, 3), "float32")])[0].graph
    called = {fact_of(n).function or n.op.name for n in graph.nodes if n not in graph.inputs}
    assert called == {function.__name__}


def test_the_gradient_of_relu_is_of_relu() -> None:
    f = ranvier.grad(lambda x: ranvier.sum(ranvier.relu(x)))
    graph = ranvier.compile(f).graph(ranvier.tensor([1.0, -2.0]))
    last = graph.outputs[0]
    assert fact_of(last)[::3] == ("gradient", "relu")
    assert "  -- forward" in str(graph)


def test_values_stand_beside_their_nodes() -> None:
    graph = trace(lambda x: x * 2.0, [((2,), "float32")], ["x"])[0].graph
    values = {n: np.array([1.5, -3]) for n in graph.nodes}
    text = show(graph, values=values)
    assert "  x = [1.5, -3]" in text and text.count("# = [1.5, -3]") == 3
    assert len(names_of(graph)) == 4


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.float32(2.5), "2.5"),
        (np.array([True, False]), "[1, 0]"),
        (np.zeros((3, 4)), "all 0"),
        (np.arange(10), "0 .. 9, mean 4.5"),
        (np.zeros((0, 3)), "[]"),
    ],
)
def test_numbers_are_short(array: Any, text: str) -> None:
    assert numbers_text(np.asarray(array)) == text
