"""What notebooks show of tensors, graphs and models."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.graph.graph import Graph
from ranvier.tracing.trace import trace


def parsed(html: str | None) -> ElementTree.Element:
    assert html is not None
    return ElementTree.fromstring(html)


def cells(html: str | None) -> list[str]:
    return ["".join(cell.itertext()) for cell in parsed(html).iter("td")]


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (3.5, ["3.5"]),
        ([1.0, -0.25], ["1", "-0.25"]),
        ([[1, 2], [3, 4]], ["1", "2", "3", "4"]),
        ([True, False], ["True", "False"]),
        ([np.nan, np.inf], ["nan", "inf"]),
    ],
)
def test_a_small_tensor_is_a_table_of_its_numbers(value: Any, texts: list[str]) -> None:
    assert cells(ranvier.tensor(value)._repr_html_()) == texts


def test_colours_say_sign_and_size() -> None:
    html = str(ranvier.tensor([[2.0, -1.0, 0.0]])._repr_html_())
    shades = re.findall(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", html)
    assert [float(s[3]) for s in shades] == pytest.approx([0.45, 0.225], abs=0.01)
    assert shades[0][:3] != shades[1][:3]


def test_a_large_tensor_is_its_statistics() -> None:
    values = np.random.default_rng(0).normal(size=(100, 50)).astype(np.float32)
    values[0, 0], values[1, 1] = np.nan, 0.0
    root = parsed(ranvier.tensor(values, requires_grad=True)._repr_html_())
    text = " ".join(root.itertext())
    finite = values[np.isfinite(values)]
    assert "100×50, float32, requires grad" in text and "1 are NaN" in text
    assert f"highest {finite.max():.3f}" in text and "1 of 5,000 are 0" in text
    assert root.find("{http://www.w3.org/2000/svg}svg") is not None


def test_tensors_without_numbers() -> None:
    shown: list[str | None] = []

    def look(x: Any) -> Any:
        shown.append(x._repr_html_())
        return x

    trace(look, [((2,), "float32")])
    assert shown == [None]
    assert "0×3" in str(ranvier.zeros((0, 3))._repr_html_())
    big = ranvier.full((40, 40), np.nan)
    assert "1,600 are NaN" in str(big._repr_html_())


def test_a_graph_is_its_drawing_and_text() -> None:
    graph: Graph = trace(lambda x: ranvier.tanh(x) + 1.0, [((2,), "float32")])[0].graph
    root = parsed(graph._repr_html_())
    assert root.find("{http://www.w3.org/2000/svg}svg") is not None
    assert str(graph) in "".join(root.itertext())

    def long(x: Any) -> Any:
        for _ in range(300):
            x = ranvier.tanh(x)
        return x

    large: Graph = trace(long, [((2,), "float32")])[0].graph
    assert parsed(large._repr_html_()).tag == "pre"


def test_a_model_is_its_diagram_and_summary() -> None:
    model = ranvier.Sequential([nn.Dense(4, "relu", input_shape=(2,)), nn.Dense(1)])
    root = parsed(model._repr_html_())
    assert root.find("{http://www.w3.org/2000/svg}svg") is not None
    assert "17 parameters" in "".join(root.itertext())
    assert parsed(ranvier.Sequential([nn.Dense(1)])._repr_html_()).tag == "pre"

    class Own(ranvier.Model):
        def forward(self, x: Any) -> Any:
            return x * 2

    assert parsed(Own()._repr_html_()).tag == "pre"
