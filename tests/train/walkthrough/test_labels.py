"""Columns and classes by name, wherever a tensor of a walkthrough lies along them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.errors import ArgumentError, ShapeError

COLUMNS, CLASSES = ["age", "size", "floor"], ["no", "yes"]
X = np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 1.5]], np.float32)


def network() -> Any:
    ranvier.seed(0)
    scale = nn.Normalize(name="scale")
    scale.adapt(X)
    model = ranvier.Sequential([
        scale, nn.Dense(2, "relu", name="hidden"), nn.Dense(2, name="out"), nn.Softmax(name="end"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def names_of(walk: Any, section: str, who: str, symbol: str) -> Any:
    stage = next(s for s in walk.stages if s.section == section and s.who == who)
    return next(q.names for q in stage.quantities if q.symbol == symbol)


def test_names_follow_the_columns_and_the_classes() -> None:
    walk = network().walkthrough(X, [0, 1], feature_names=COLUMNS, class_names=CLASSES)
    columns, classes = tuple(COLUMNS), tuple(CLASSES)
    assert names_of(walk, "forward", "scale", "out") == ((), columns)
    assert names_of(walk, "forward", "hidden", "W") == (columns, ())
    assert names_of(walk, "forward", "out", "W") == ((), classes)
    assert names_of(walk, "forward", "out", "b") == (classes,)
    assert names_of(walk, "forward", "end", "out") == ((), classes)
    assert names_of(walk, "backward", "hidden", "∂L/∂W") == (columns, ())
    assert names_of(walk, "loss", "loss", "p") == ((), classes)
    updated = [s for s in walk.stages if s.section == "update"]
    kernel = next(s for s in updated if "of hidden" in s.title and "W" in s.title)
    assert {q.names for q in kernel.quantities} == {(columns, ())}
    assert all(q.axes == ("from input", "to unit") for q in kernel.quantities)


def test_text_and_page_show_them() -> None:
    walk = network().walkthrough(X, [0, 1], feature_names=COLUMNS, class_names=CLASSES)
    text = str(walk)
    line = next(line for line in text.splitlines() if line.strip().startswith("age  "))
    assert len(line.split()) == 3  # the name, and the weights to two units
    html = walk.html()
    assert html.count(">age<") > 5 and html.count(">yes<") > 5
    plain = network().walkthrough(X, [0, 1])
    assert "age" not in str(plain) and "yes" not in plain.html()


def test_names_of_a_table_are_learned_from_it() -> None:
    pl = pytest.importorskip("polars")
    model = ranvier.Sequential([nn.Dense(1, name="line", input_shape=(3,))])
    model.compile("sgd", "mse")
    frame = pl.DataFrame(dict(zip(COLUMNS, X.T, strict=True)))
    walk = model.walkthrough(frame, [0.0, 1.0])
    assert names_of(walk, "forward", "line", "W") == (tuple(COLUMNS), ())
    assert "age" in str(walk)


def test_several_inputs_have_names_of_their_own() -> None:
    a, b = ranvier.Input((2,), name="left"), ranvier.Input((1,), name="right")
    joined = nn.Concatenate(name="joined")([a, b])
    model = ranvier.Model([a, b], nn.Dense(1, name="out")(joined))
    model.compile("sgd", "mse")
    names = {"left": ["age", "size"], "right": ["floor"]}
    x = {"left": X[:, :2], "right": X[:, 2:]}
    walk = model.walkthrough(x, [0.0, 1.0], feature_names=names)
    assert names_of(walk, "forward", "out", "W") == (tuple(COLUMNS), ())


def test_wrong_names_are_answered() -> None:
    model = network()
    with pytest.raises(ShapeError, match="2 names for x, whose rows have 3 columns"):
        model.walkthrough(X, [0, 1], feature_names=["age", "size"])
    with pytest.raises(ArgumentError, match="left"):
        model.walkthrough(X, [0, 1], feature_names={"left": COLUMNS})


def test_a_quotient_in_a_product_is_in_brackets() -> None:
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy")
    walk = model.walkthrough(X, [0, 1])
    line = next(n.text() for s in walk.stages for n in s.lines if n.symbol == "new w")
    assert "·(√(1 - 0.999^(iterations + 1))/(1 - 0.9^(iterations + 1)))" in line or (
        ")/(1 - 0.9^(iterations + 1)))·" in line
    )


def test_a_number_is_traced_by_the_names_of_its_position() -> None:
    walk = network().walkthrough(X, [0, 1], feature_names=COLUMNS, class_names=CLASSES)
    by_name, by_number = walk.trace("out", "z", (1, "yes")), walk.trace("out", "z", (1, 1))
    assert str(by_name) == str(by_number)
    assert walk.trace("hidden", "W", ("floor", 0)).value == walk.trace("hidden", "W", (2, 0)).value
    with pytest.raises(ArgumentError, match="position along axis 1 of z of out 'maybe'"):
        walk.trace("out", "z", (1, "maybe"))
