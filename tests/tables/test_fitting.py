"""Fitting: rows that are prepared once, and trees that grow on the rows of each network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ranvier.tables import fitting, make_plan, read_table
from ranvier.tables.fitting import Prepared, prepare
from ranvier.tables.scores import scores
from ranvier.tables.training.recipe import Recipe
from ranvier.tables.training.train import Trained
from ranvier.tables.trees import Trees, grow

pytest.importorskip("sklearn.ensemble")

SMALL = replace(Recipe(), members=2, width=8, depth=1, bins=4, embedding_dim=2)


def table(rows: int = 400) -> pl.DataFrame:
    random = np.random.default_rng(3)
    x, z = random.normal(size=(2, rows))
    y = np.sin(3 * x) + z + 0.1 * random.normal(size=rows)
    return pl.DataFrame({"x": x, "z": z, "kind": ["a", "b"] * (rows // 2), "y": y})


def prepared(test: bool = True, **planning: Any) -> Prepared:
    reading = read_table(table())
    return prepare(reading, make_plan(reading, "y", **planning), test=test)


def trained_and_first(ready: Prepared) -> tuple[Trained, Trees]:
    trained = ready.train(1e6, members=3, epochs=2, recipe=SMALL, verbose=0)
    return trained, grow(ready.arrays, ready.y, "regression")


def test_trees_grow_on_the_rows_of_each_network(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = prepared()
    trained, first = trained_and_first(ready)
    assert len(trained.parts) == 3
    grown_on: list[Any] = []

    def seen(arrays: Any, y: Any, *args: Any) -> Trees:
        grown_on.append(y)
        return grow(arrays, y, *args)

    monkeypatch.setattr(fitting, "grow", seen)
    forests = ready.grow(trained, first, seed=0, seconds=1e6)
    y = np.concatenate([ready.y, ready.y_held_out])
    for part, own in zip(trained.parts[1:], grown_on, strict=True):
        np.testing.assert_array_equal(own, y[part.rows])
        assert not set(part.rows) & set(part.held)
    model = ready.model(trained, forests)
    (choice,) = [c for c in model.choices if c.what == "share of the trees"]
    assert choice.value == f"{model.share_of_trees:.2f}, 3 forests"
    # The share is the best one on all rows that some network held out.
    arrays, _ = ready._all_rows()
    held = np.concatenate([part.held for part in trained.parts])
    network = np.concatenate([part.out for part in trained.parts])
    trees = np.concatenate(
        [
            forest.predict({name: a[part.held] for name, a in arrays.items()})
            for forest, part in zip(forests, trained.parts, strict=True)
        ]
    )
    errors = [
        scores("regression", y[held], (1 - w) * network + w * trees)["rmse"]
        for w in np.linspace(0, 1, 21)
    ]
    assert model.share_of_trees == pytest.approx(np.argmin(errors) / 20)
    assert model.trees is not None
    assert len(model.trees.value) == sum(len(forest.value) for forest in forests)


def test_no_more_trees_than_the_time_allows() -> None:
    ready = prepared()
    trained, first = trained_and_first(ready)
    ready.seconds["trees"] = 1.0
    assert ready.grow(trained, first, seed=0, seconds=0.5) == [first]
    (choice,) = [c for c in ready.model(trained, [first]).choices if "trees" in c.what]
    assert "forests" not in choice.value


def test_networks_that_hold_out_the_same_rows_share_their_trees() -> None:
    frame = table().with_columns(day=pl.Series(np.arange(400)))
    reading = read_table(frame)
    ready = prepare(reading, make_plan(reading, "y", time="day"))
    trained, first = trained_and_first(ready)
    assert len(trained.parts) == 3
    assert ready.grow(trained, first, seed=0, seconds=1e6) == [first]


def test_without_a_test_all_rows_are_trained_on() -> None:
    with_test, without = prepared(), prepared(test=False)
    assert len(with_test.test) == 80 and len(with_test.known) == 320
    assert not len(without.test) and len(without.known) == 400
    assert len(without.y) + len(without.y_held_out) == 400
    trained = without.train(1e6, members=1, epochs=1, recipe=SMALL, verbose=0)
    assert without.model(trained).test_scores == {}
