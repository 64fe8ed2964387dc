"""Where values come from: the user's line, the layer and the section of the step, on every node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.base.source import LayerName, in_layer, in_section, scope
from ranvier.compiler.stages import Compilation
from ranvier.graph.graph import Graph
from ranvier.train.fit.ready import ready
from ranvier.train.intake.arrange import rows_of

MODELS: dict[str, tuple[list[Any], tuple[int, ...]]] = {
    "dense": ([nn.Dense(8, "relu", name="first"), nn.Dropout(0.2), nn.Dense(3)], (5,)),
    "convolution": (
        [nn.Conv2D(4, 3), nn.BatchNormalization(), nn.MaxPooling2D(), nn.Flatten(), nn.Dense(3)],
        (8, 8, 2),
    ),
    "recurrent": ([nn.LSTM(4, return_sequences=True), nn.GRU(4), nn.Dense(3)], (6, 2)),
    "attention": (
        [nn.TransformerEncoder(8, 2), nn.GlobalAveragePooling1D(), nn.Dense(3)],
        (6, 8),
    ),
}


def step_graph(name: str) -> tuple[Any, Graph]:
    """A model and the graph of its training step."""
    layers, row = MODELS[name]
    model = ranvier.Sequential(layers)
    model.compile("adam", "mse")
    x, y = np.ones((8, *row), "f4"), np.ones((8, 3), "f4")
    rows = rows_of(model, x, y, learn=True)
    step = ready(model, rows).get("train", 8, rows, model.engine)
    return model, step.traced.graph


@pytest.mark.parametrize("name", MODELS)
def test_every_node_of_a_step_says_its_section_and_layer(name: str) -> None:
    model, graph = step_graph(name)
    names = {layer.name for layer in model.sublayers()}
    for node in graph.nodes:
        if node in graph.inputs:
            continue
        assert node.source is not None, node
        if node.source.section == "forward":
            assert node.source.layer is not None and node.source.layer.name in names, node
    sections = {n.source.section for n in graph.nodes if n.source is not None}
    assert sections >= {"forward", "loss", "gradient", "update", "metrics"}


@pytest.mark.parametrize("name", MODELS)
def test_passes_keep_it(name: str) -> None:
    _, graph = step_graph(name)
    made = Compilation(graph).graph
    lost = [n for n in made.nodes if n not in made.inputs and n.source is None]
    assert lost == []


def test_a_gradient_belongs_to_the_layer_whose_gradient_it_is() -> None:
    model, graph = step_graph("dense")
    kernel = next(n for n in graph.inputs if n.name.endswith("first.kernel"))
    readers = graph.consumers()[kernel]
    product = next(n for n in readers if n.op.name == "matmul")
    assert product.source is not None
    assert str(product.source.layer) == "'first' (Dense)"
    backward = [
        n.op.name
        for n in graph.nodes
        if n.source is not None
        and n.source.section == "gradient"
        and n.source.layer is not None
        and n.source.layer.name == "first"
    ]
    assert "matmul" in backward


def test_scopes_end_with_their_block() -> None:
    with pytest.raises(ValueError), in_section("loss"), in_layer(LayerName("a", "B")):
        assert scope.section == "loss" and str(scope.layer) == "'a' (B)"
        raise ValueError
    assert scope.section == "" and scope.layer is None
