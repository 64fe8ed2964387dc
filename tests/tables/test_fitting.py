"""Fitting: rows that are prepared once, and trees that grow on the rows of each network."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from ranvier.cli.main import main
from ranvier.tables import fitting, make_plan, read_table
from ranvier.tables.fitting import Prepared, fit_prepared, prepare
from ranvier.tables.scores import scores
from ranvier.tables.training.options import TrainingOptions
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


def options(**stated: Any) -> TrainingOptions:
    return TrainingOptions(**{"budget": 1e6, "recipe": SMALL, "verbose": 0, **stated})


def trained_and_first(ready: Prepared) -> tuple[Trained, Trees]:
    trained = ready.train(options(members=3, epochs=2))
    return trained, grow(*ready.rows.to_learn, "regression")


def test_trees_grow_on_the_rows_of_each_network(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = prepared()
    trained, first = trained_and_first(ready)
    assert len(trained.parts) == 3
    grown_on: list[Any] = []

    def seen(arrays: Any, y: Any, *args: Any) -> Trees:
        grown_on.append(y)
        return grow(arrays, y, *args)

    monkeypatch.setattr(fitting, "grow", seen)
    forests = ready.grow(trained, first, options())
    y = ready.rows.y
    for part, own in zip(trained.parts[1:], grown_on, strict=True):
        np.testing.assert_array_equal(own, y[part.rows])
        assert not set(part.rows) & set(part.held)
    model = ready.model(trained, forests)
    (choice,) = [c for c in model.choices if c.what == "share of the trees"]
    assert choice.value == f"{model.share_of_trees:.2f}, 3 forests"
    # The share is the best one on all rows that some network held out.
    held = np.concatenate([part.held for part in trained.parts])
    network = np.concatenate([part.out for part in trained.parts])
    trees = np.concatenate(
        [
            forest.predict(ready.rows.take(part.held))
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
    assert ready.grow(trained, first, options(budget=0.5)) == [first]
    (choice,) = [c for c in ready.model(trained, [first]).choices if "trees" in c.what]
    assert "forests" not in choice.value


def test_networks_that_hold_out_the_same_rows_share_their_trees() -> None:
    frame = table().with_columns(day=pl.Series(np.arange(400)))
    reading = read_table(frame)
    ready = prepare(reading, make_plan(reading, "y", time="day"))
    trained, first = trained_and_first(ready)
    assert len(trained.parts) == 3
    assert ready.grow(trained, first, options()) == [first]


def test_without_a_test_all_rows_are_trained_on() -> None:
    with_test, without = prepared(), prepared(test=False)
    assert len(with_test.test) == 80 and len(with_test.known) == 320
    assert not len(without.test) and len(without.known) == 400
    assert len(without.rows.y) == 400
    trained = without.train(options(members=1, epochs=1))
    assert without.model(trained).test_scores == {}


# --- Ctrl-C with trees --------------------------------------------------------------------------


@pytest.fixture
def ctrl_c_works() -> Iterator[None]:
    """What is started in the background inherits that Ctrl-C is ignored."""
    if os.name == "nt":
        pytest.skip("Ctrl-C is another thing there")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pressed_before(call: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ctrl-C, by a real signal, before trees are grown for the so manieth time."""
    iterations: list[int] = []

    def interrupted_grow(*args: Any, **options: Any) -> Trees:
        if len(iterations) == call:
            os.kill(os.getpid(), signal.SIGINT)
        made = grow(*args, **options)
        iterations.append(len(made.first))
        return made

    monkeypatch.setattr(fitting, "grow", interrupted_grow)
    return iterations


@pytest.mark.usefixtures("ctrl_c_works")
def test_ctrl_c_while_the_first_trees_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = pressed_before(0, monkeypatch)
    ready = prepared()
    model = fit_prepared(ready, options(trees=True))
    assert grown == [10]  # instead of 100
    ends = {choice.what: choice.value for choice in model.choices}
    assert ends["end of training"] == "Ctrl-C" and len(model.history["loss"]) == 1
    assert np.isfinite(model.predict(ready.test)).all()


@pytest.mark.usefixtures("ctrl_c_works")
def test_ctrl_c_while_more_trees_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = pressed_before(1, monkeypatch)
    ready = prepared()
    model = fit_prepared(ready, options(trees=True, members=3, epochs=1))
    assert len(grown) == 2 and model.trained.members == 3 * SMALL.members
    (choice,) = [c for c in model.choices if c.what == "share of the trees"]
    assert "2 forests" in choice.value


@pytest.mark.usefixtures("ctrl_c_works")
def test_after_ctrl_c_the_command_saves_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table().write_csv("t.csv")
    pressed_before(0, monkeypatch)
    command = ["train", "t.csv", "--target", "y", "--with", "trees", "--budget", "1h"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "end of training: Ctrl-C" in done.output and "share of the trees: " in done.output
    assert {p.name for p in tmp_path.iterdir()} == {"t.csv", "t.html", "t.safetensors"}


@pytest.mark.usefixtures("ctrl_c_works")
def test_ctrl_c_leaves_the_report_out_and_keeps_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ranvier.report import build

    monkeypatch.chdir(tmp_path)
    table().write_csv("t.csv")
    monkeypatch.setattr(build, "_baselines", lambda *args: os.kill(os.getpid(), signal.SIGINT))
    command = ["train", "t.csv", "--target", "y", "--epochs", "1", "--members", "1"]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "the report is left out" in done.output and "test: rmse" in done.output
    assert {p.name for p in tmp_path.iterdir()} == {"t.csv", "t.safetensors"}
