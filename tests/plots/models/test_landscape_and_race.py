"""Loss landscapes and races: their numbers are those of evaluate and of the optimizers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn, optim, plots
from ranvier.errors import RanvierError
from ranvier.plots.drawing import Stroke
from ranvier.plots.models import landscape, race

X = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:]).astype(np.float32)


def compiled() -> Any:
    ranvier.seed(0)
    model = ranvier.Sequential(
        [nn.Dense(4, "tanh", input_shape=(2,)), nn.BatchNormalization(), nn.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


def test_the_middle_is_the_loss_of_evaluate_and_weights_stay() -> None:
    model = compiled()
    before = model.get_weights()
    drawing = plots.loss_landscape(model, X, Y, size=7)
    assert float(str(drawing.rows[0][3])) == pytest.approx(model.evaluate(X, Y), rel=1e-5)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert plots.loss_landscape(model, X, Y, size=7).svg() == drawing.svg()  # the same seed
    assert plots.loss_landscape(model, X, Y, size=7, seed=1).svg() != drawing.svg()


def test_each_point_is_the_loss_at_its_weights() -> None:
    model = compiled()
    plane = landscape._random_plane(model, 3)
    a, b = landscape._axes(plane.path, 0.5, 5)
    losses = landscape._losses(model, X, Y, plane, a, b)
    assert losses[2, 2] == pytest.approx(model.evaluate(X, Y), rel=1e-6)
    parts = zip(plane.middle, *plane.directions, strict=True)
    model.set_weights([m + a[4] * d + b[1] * e for m, d, e in parts])
    assert losses[1, 4] == pytest.approx(model.evaluate(X, Y), rel=1e-5)


def test_random_directions_are_as_long_as_the_filters() -> None:
    model = compiled()
    plane = landscape._random_plane(model, 0)
    for direction in plane.directions:
        for d, w in zip(direction, plane.middle, strict=True):
            if w.ndim == 1:
                assert not d.any()
            else:
                assert np.allclose(np.linalg.norm(d, axis=0), np.linalg.norm(w, axis=0))


def test_a_path_lies_where_its_weights_are() -> None:
    model = compiled()
    path = [model.get_weights()]
    keep = ranvier.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: path.append(model.get_weights())
    )
    model.fit(X, Y, epochs=5, verbose=0, callbacks=[keep])
    plane = landscape._path_plane(model, path)
    assert np.allclose(plane.path[-1], 0, atol=1e-6)  # it ends at the model
    flat = [np.concatenate([w.ravel() for w in d]) for d in plane.directions]
    assert np.allclose([f @ g for f in flat for g in flat], [1, 0, 0, 1], atol=1e-6)
    moving = landscape._moving(model)
    begin = landscape._flat(path[0], plane.middle, moving)
    trained = [w for w, move in zip(plane.directions[0], moving, strict=True) if move]
    assert plane.path[0, 0] == pytest.approx(begin @ np.concatenate([w.ravel() for w in trained]))
    drawing = plots.loss_landscape(model, X, Y, path=path, size=5)
    (line,) = [m for m in drawing.marks if isinstance(m, Stroke) and m.role == "s2"]
    assert len(line.points) == 6
    a, b = landscape._axes(plane.path, 1.0, 5)
    assert 0.0 in a and 0.0 in b and a[0] < plane.path[:, 0].min() < plane.path[:, 0].max() < a[-1]


@pytest.mark.parametrize("name", sorted(race.SURFACES))
def test_the_path_is_the_steps_of_the_optimizer(name: str) -> None:
    surface = race.SURFACES[name]
    path = race._path(surface, optim.Adam(0.1), 4)
    w = ranvier.tensor(np.array(surface.start), requires_grad=True)
    adam = optim.Adam(w, lr=0.1)
    points = [w.numpy().copy()]
    for _ in range(4):
        adam.zero_grad()
        surface.function(w[0], w[1]).backward()
        adam.step()
        points.append(w.numpy().copy())
    assert np.allclose(path, points, atol=1e-9)
    if surface.least is not None:
        around = [surface.function(*(np.array(surface.least) + d)) for d in
                  ((0, 0), (0.01, 0), (-0.01, 0), (0, 0.01), (0, -0.01))]  # fmt: skip
        assert min(around) == around[0]


def test_a_race_shows_each_path() -> None:
    drawing = plots.optimizer_race("valley", ["sgd", optim.Adam(0.3)], steps=20)
    lines = [m for m in drawing.marks if isinstance(m, Stroke) and len(m.points) == 21]
    assert [line.role for line in lines] == ["s1", "s2"]
    assert lines[0].points[0] == lines[1].points[0]
    assert drawing.rows[0][0] == "sgd (rate 0.3)"
    own = plots.optimizer_race(lambda x, y: x * x + y * y, {"mine": optim.SGD(0.1)}, steps=50)
    assert float(str(own.rows[0][3])) < 1e-6


def test_an_optimizer_of_ones_own_keeps_its_state() -> None:
    mine = optim.Adam(0.1)
    plots.optimizer_race("valley", [mine], steps=3)
    assert int(mine.iterations.numpy()) == 0


def test_bad_input() -> None:
    model = compiled()
    plain = ranvier.Sequential([nn.Dense(1, input_shape=(2,))])
    path = [[np.zeros(3)]] * 3
    three: Any = [3]
    for call, says in (
        (lambda: plots.loss_landscape(plain, X, Y), "compile"),
        (lambda: plots.loss_landscape(model, X, Y, size=2), "size=2"),
        (lambda: plots.loss_landscape(model, X, Y, radius=0.0), "radius=0"),
        (lambda: plots.loss_landscape(model, X, Y, path=path), "other weights"),
        (lambda: plots.loss_landscape(model, X, Y, path=[]), "3 or more"),
        (lambda: plots.optimizer_race("rosenbruck"), "did you mean 'rosenbrock'"),
        (lambda: plots.optimizer_race(optimizers=["adm"]), "did you mean 'adam'"),
        (lambda: plots.optimizer_race(optimizers=[]), "holds none"),
        (lambda: plots.optimizer_race(optimizers=three), "is no optimizer"),
        (lambda: plots.optimizer_race(start=(1, np.nan)), "expected two numbers"),
        (lambda: plots.optimizer_race(x=(1, 0)), "low, high"),
        (lambda: plots.optimizer_race(steps=0), "steps=0"),
        (lambda: plots.optimizer_race(lambda x, y: 1 / (x * 0)), "finite number"),
    ):
        with pytest.raises(RanvierError, match=says):
            call()
