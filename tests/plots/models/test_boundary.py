"""Decision boundaries: the picture is what predict says on a grid."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn, plots
from ranvier.errors import RanvierError
from ranvier.plots.drawing import Area, Dots, Stroke, Words

BOUNDARY: Any = plots.decision_boundary
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 2)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def linear(*weights: float, bias: float = 0.0, activation: str | None = None) -> Any:
    model = ranvier.Sequential([nn.Dense(1, activation, input_shape=(len(weights),), name="out")])
    model.set_weights([np.array(weights)[:, None], np.array([bias])])
    return model


def of_role(drawing: Any, kind: Any, role: str) -> list[Any]:
    return [m for m in drawing.marks if isinstance(m, kind) and m.role == role]


def pixel(drawing: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Values as pixels, by the grid lines of the panel."""
    low, high = X.min(axis=0).astype(float), X.max(axis=0).astype(float)
    room = 0.08 * (high - low)
    low, high = low - room, high + room
    left, right, top, bottom = 58, drawing.width - 22, 12, drawing.height - 46
    return (
        left + (x - low[0]) / (high[0] - low[0]) * (right - left),
        bottom - (y - low[1]) / (high[1] - low[1]) * (bottom - top),
    )


def test_the_boundary_lies_where_predict_changes() -> None:
    drawing = plots.decision_boundary(linear(3, 1, activation="sigmoid"), X, Y, size=30)
    lines = [m for m in of_role(drawing, Stroke, "ink") if len(m.points) > 1]
    assert lines
    for line in lines:
        # the pixels of points with 3 x + y = 0: a straight line
        (x0, y0), (x1, y1) = pixel(drawing, 0.0, 0.0), pixel(drawing, 0.5, -1.5)
        for x, y in line.points:
            assert abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) / 200 < 1.0
    areas = {role: of_role(drawing, Area, role) for role in ("s1", "s2")}
    assert all(len(found) >= 2 for found in areas.values())  # the class, and shades of it


def test_points_are_drawn_in_the_colour_of_their_class() -> None:
    drawing = plots.decision_boundary(linear(1, 1, activation="sigmoid"), X, Y)
    for role, k in (("s1", 0), ("s2", 1)):
        (dots,) = of_role(drawing, Dots, role)
        expected = pixel(drawing, *X[Y == k].astype(float).T)
        assert np.allclose(np.array(dots.points).T, expected)


@pytest.mark.parametrize("ends_in", ["softmax", None])
def test_classes_are_regions_of_their_share(ends_in: str | None) -> None:
    model = ranvier.Sequential([nn.Dense(3, ends_in, input_shape=(2,))])
    drawing = plots.decision_boundary(model, X, np.arange(60) % 3, size=40)
    low, high = X.min(axis=0), X.max(axis=0)
    room = 0.08 * (high - low)
    xs, ys = np.linspace(low - room, high + room, 40).T
    across, up = np.meshgrid(xs, ys)
    won = model.predict(np.stack([across.ravel(), up.ravel()], axis=1)).argmax(axis=1)
    shares = 100 * np.bincount(won, minlength=3) / 1600
    drawn = [float(str(row[1]).rstrip("%")) for row in drawing.rows]
    assert np.allclose(drawn, shares, atol=0.2)


def test_one_call_of_predict_and_medians_of_what_is_not_shown() -> None:
    asked: list[Any] = []

    def probabilities(rows: Any) -> Any:
        asked.append(rows)
        return np.stack([rows[:, 1], 1 - rows[:, 1]], axis=1) * 0 + 0.5

    wide = RANDOM.normal(size=(50, 4))
    plots.decision_boundary(probabilities, wide, features=(3, 1), size=10)
    (rows,) = asked
    assert rows.shape == (100, 4)
    assert np.allclose(rows[:, [0, 2]], np.median(wide, axis=0)[[0, 2]])
    assert len(set(rows[:, 3])) == len(set(rows[:, 1])) == 10


def test_names_of_columns_and_classes() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"age": X[:, 0], "pay": X[:, 1]})
    drawing = plots.decision_boundary(
        lambda rows: np.eye(2)[(rows[:, 0] > 0).astype(int)], frame,
        np.array(["no", "yes"])[Y], features=("pay", "age"),
    )  # fmt: skip
    assert [row[0] for row in drawing.rows] == ["no", "yes"]
    assert {"age", "pay"} <= {m.text for m in drawing.marks if isinstance(m, Words)}


def test_numbers_are_a_surface() -> None:
    drawing = plots.decision_boundary(linear(2, -1), X, X[:, 0] * 2.5)
    values = {row[0]: float(str(row[1])) for row in drawing.rows}
    corner = X.max(axis=0) + 0.08 * np.ptp(X, axis=0), X.min(axis=0) - 0.08 * np.ptp(X, axis=0)
    assert values["highest"] == pytest.approx(2 * corner[0][0] - corner[1][1], rel=1e-3)
    assert len(of_role(drawing, Area, "s1")) == 9


def test_one_neuron_of_a_hidden_layer() -> None:
    model = ranvier.Sequential(
        [nn.Dense(3, "relu", input_shape=(2,), name="hidden"), nn.Dense(1, name="end")]
    )
    model.set_weights([np.array([[1.0, 0, 0], [0, 1, 0]]), np.zeros(3), np.ones((3, 1)), [0.0]])
    drawing = plots.decision_boundary(model, X, Y, layer="hidden", unit=1)
    assert drawing.title == "Neuron 1 of hidden"
    highest = X[:, 1].max() + 0.08 * np.ptp(X[:, 1])
    assert float(str(drawing.rows[2][1])) == pytest.approx(highest, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: BOUNDARY(3, X), "expected a model or a function"),
        (lambda: plots.decision_boundary(linear(1, 1), X[:, :1]), "two features or more"),
        (lambda: plots.decision_boundary(linear(1, 1), X, Y[:5]), "one target for each"),
        (lambda: plots.decision_boundary(linear(1, 1), X, features=(0, 7)), "feature 7 of 2"),
        (lambda: plots.decision_boundary(linear(1, 1), X, features=("a", 0)), "feature"),
        (lambda: plots.decision_boundary(linear(1, 1), X, size=1), "size=1"),
        (lambda: plots.decision_boundary(linear(1, 1), X * np.nan), "NaN"),
        (lambda: plots.decision_boundary(lambda x: x[:3], X), "output of shape (3, 2)"),
        (lambda: plots.decision_boundary(linear(1, 1), X, unit=0), "the name of a layer"),
        (lambda: plots.decision_boundary(linear(1, 1), X, layer="out", unit=5), "which has 1"),
        (lambda: plots.decision_boundary(linear(1, 1), X, layer="ou"), "Known: out"),
    ],
)  # fmt: skip
def test_bad_input(call: Any, says: str) -> None:
    with pytest.raises(RanvierError, match=re.escape(says)):
        call()
