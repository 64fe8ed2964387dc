"""The picture of a network: every layer, what it reads, and no box upon another."""

from __future__ import annotations

from dataclasses import replace

import pytest

import ranvier
from ranvier.nn import Add, Concatenate, Dense
from ranvier.plots.drawing import Box
from ranvier.report.charts.network_chart import network_chart
from ranvier.report.layers import layers_of
from ranvier.report.measures.bootstrap import Estimate
from ranvier.report.results import LayerRow, ModelScore, Results
from ranvier.report.words.language import language

EMPTY = Results(
    "t", "y", "regression", "rmse", 9, 9, "", models=(ModelScore("network", {"rmse": Estimate(1)}),)
)


def branched() -> ranvier.Model:
    numbers = ranvier.Input(shape=(8,), name="numbers")
    flags = ranvier.Input(shape=(4,), name="flags")
    wide = Dense(16, "relu")(Concatenate()([Dense(6)(numbers), flags]))
    return ranvier.Model([numbers, flags], Dense(1)(Add()([wide, Dense(16)(wide)])))


def test_layers_say_what_they_read() -> None:
    rows = layers_of(branched())
    by_kind = {row.kind: i for i, row in enumerate(rows)}
    concatenated = rows[by_kind["Concatenate"]]
    assert [rows[i].kind for i in concatenated.inputs] == ["Dense", "InputLayer"]
    assert sum(row.parameters for row in rows) == branched().count_params()
    chain = layers_of(ranvier.Sequential([Dense(3, input_shape=(2,)), Dense(1)]))
    assert [row.inputs for row in chain] == [(), (0,)]


def test_the_members_of_an_ensemble_are_drawn_once() -> None:
    def make() -> ranvier.Model:
        model = ranvier.Sequential([Dense(3, input_shape=(2,)), Dense(1)])
        model.compile("adam", "mse")
        return model

    assert len(layers_of(ranvier.ensemble(make, 3))) == 2


@pytest.mark.parametrize("count", [1, 2, 15])
def test_no_box_lies_upon_another(count: int) -> None:
    layers = [*layers_of(branched())]
    layers += [LayerRow(f"input {i}", "InputLayer", "(rows, 2)", 0) for i in range(count)]
    layers.append(LayerRow("last", "Add", "(rows, 1)", 7, tuple(range(len(layers)))))
    chart = network_chart(replace(EMPTY, layers=tuple(layers)), language("en"))
    assert chart is not None
    boxes = [mark for mark in chart.marks if isinstance(mark, Box) and mark.outline]
    assert len(boxes) == len(layers)
    for i, a in enumerate(boxes):
        assert a.x >= 0 and a.x + a.width <= chart.width and a.y + a.height <= chart.height
        for b in boxes[:i]:
            apart_x = a.x >= b.x + b.width or b.x >= a.x + a.width
            apart_y = a.y >= b.y + b.height or b.y >= a.y + a.height
            assert apart_x or apart_y


def test_a_long_network_is_a_table_alone() -> None:
    layers = tuple(LayerRow(f"layer {i}", "Dense", "(rows, 2)", 6) for i in range(99))
    assert network_chart(replace(EMPTY, layers=layers), language("en")) is None
