"""The plan: target, task, split, metric, and what was noticed."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from ranvier.errors import ArgumentError, DataError
from ranvier.tables import Plan, make_plan, read_table
from ranvier.tables.fitting import prepare

RANDOM = np.random.default_rng(1)
N = 300


def table(**columns: object) -> pl.DataFrame:
    base = {"x": RANDOM.normal(size=N), "z": RANDOM.normal(size=N)}
    return pl.DataFrame({**base, **columns})


def test_without_a_target_the_likely_ones_are_named() -> None:
    frame = table(sold=["yes", "no", "no"] * 100, price=RANDOM.normal(size=N), id=np.arange(N))
    with pytest.raises(DataError) as caught:
        make_plan(frame)
    message = str(caught.value)
    assert "--target COLUMN" in message
    assert "Likely ones: price (its name, number)" in message
    assert "id (" not in message


@pytest.mark.parametrize(
    ("values", "name", "task", "classes"),
    [
        (["yes", "no"] * 150, "y", "binary", ("no", "yes")),
        ([1, 2, 2] * 100, "y", "binary", ("2", "1")),  # the rarer one is positive
        (["<=50K", ">50K", "<=50K"] * 100, "income", "binary", ("<=50K", ">50K")),
        (["a", "b", "c"] * 100, "y", "multiclass", ("a", "b", "c")),
        ([0, 1, 2] * 100, "y", "multiclass", ("0", "1", "2")),
        ([10, 9, 2] * 100, "class", "multiclass", ("2", "9", "10")),
        ([3, 4, 5, 6, 7, 8] * 50, "quality", "ordinal", ()),
        ([1, 2, 3, 4, 5] * 60, "stars", "ordinal", ()),
        (["low", "high", "medium"] * 100, "y", "multiclass", ("low", "medium", "high")),
        (list(range(N)), "age", "regression", ()),
        ([f"${i},{i:03}" for i in range(N)], "price", "regression", ()),
        (["1,5", "2,5", "3,75"] * 100, "y", "regression", ()),
    ],
)
def test_the_task_follows_from_the_target(
    values: list[object], name: str, task: str, classes: tuple[str, ...]
) -> None:
    plan = make_plan(table(**{name: values}), name)
    assert (plan.task, plan.classes) == (task, classes)
    assert plan.metric == ("log_loss" if classes else "rmse")
    assert f"task: {task}" in str(plan)


def test_choices_are_overridden() -> None:
    frame = table(y=[1, 2, 3, 4, 5] * 60, zip=np.tile([10, 20, 30], 100), s=["a", "b"] * 150)
    plan = make_plan(
        frame, "y", task="multiclass", metric="accuracy", kinds={"zip": "category"}, drop=["s"]
    )
    assert (plan.task, plan.metric, len(plan.classes)) == ("multiclass", "accuracy", 5)
    assert plan.column("zip").kind == "category"
    assert [c.name for c in plan.features] == ["x", "z", "zip"]
    plan = make_plan(frame, "y", task="regression", held_out=0.4, seed=3)
    assert (plan.task, plan.split.share, plan.split.seed) == ("regression", 0.4, 3)
    plan = make_plan(frame, "s", positive="a")
    assert plan.classes == ("b", "a")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "classify"}, "task: expected one of binary, multiclass"),
        ({"metric": "rsme"}, "did you mean 'rmse'"),
        ({"held_out": 1.0}, "between 0 and 1"),
        ({"kinds": {"zz": "number"}}, "'zz' is not in the table; its columns: x, z, y"),
        ({"kinds": {"z": "numeric"}}, "unknown kind 'numeric'"),
        ({"kinds": {"y": "date"}}, "cannot be read as date: it holds cells such as '1'"),
        ({"time": "when"}, "no column 'when'"),
        ({"time": "x", "group": "z"}, "time and group: expected one of them"),
        ({"time": "x", "shuffle": False}, "time and shuffle=False: expected one of them"),
        ({"positive": "3"}, "the positive class is one of two"),
        ({"task": "binary"}, "needs two classes, it has 5"),
    ],
)
def test_wrong_arguments_are_answered(arguments: dict[str, object], message: str) -> None:
    with pytest.raises((ArgumentError, DataError), match=message):
        make_plan(table(y=[1, 2, 3, 4, 5] * 60), "y", **arguments)  # type: ignore[arg-type]


def test_a_plan_survives_json() -> None:
    plan = make_plan(
        table(y=["yes", "no", ""] * 100, d=["2020-01-05", "2021-03-09", ""] * 100), "y"
    )
    again = Plan.restore(json.loads(json.dumps(plan.config())))
    assert (str(again), again.split, again.classes) == (str(plan), plan.split, plan.classes)
    assert [c.levels for c in again.columns] == [c.levels for c in plan.columns]


def test_strata_are_held_out_in_their_shares() -> None:
    target = np.where(np.arange(N) % 10 == 0, "rare", "common")
    frame = table(y=target)
    train, held = make_plan(frame, "y").split_rows(frame)
    assert sorted([*train, *held]) == list(range(N))
    assert (target[held] == "rare").sum() == 6
    again, _ = make_plan(frame, "y").split_rows(frame)
    np.testing.assert_array_equal(train, again)
    other, _ = make_plan(frame, "y").split_rows(frame, seed=5)
    assert not np.array_equal(train, other)
    inner, _ = make_plan(frame, "y").split_rows(frame[train], share=0.25)
    assert len(inner) == round(0.75 * len(train))


def test_rows_are_held_out_by_time() -> None:
    days = RANDOM.permutation(N)
    when = [f"{d % 28 + 1:02}.{d // 28 % 12 + 1:02}.2020" for d in days]
    frame = table(when=when, y=RANDOM.normal(size=N))
    plan = make_plan(frame, "y", time="when")
    train, held = plan.split_rows(frame)
    assert days[train].max() < days[held].min()
    assert len(held) == 60
    assert not any("at random although" in str(c) for c in plan.choices)
    plan = make_plan(frame, "y")
    assert any("--time when" in str(choice) for choice in plan.warnings)


def test_rows_that_stand_in_the_order_of_time_are_not_shuffled() -> None:
    """The last rows that have a target are held out, of the rest the last again."""
    y = np.arange(N, dtype=float) % 50
    frame = table(x=RANDOM.normal(size=N), y=[None if i % 7 == 0 else v for i, v in enumerate(y)])
    plan = make_plan(frame, "y", shuffle=False)
    known = np.flatnonzero(np.arange(N) % 7 != 0)
    train, held = plan.split_rows(frame)
    np.testing.assert_array_equal(np.concatenate([train, held]), known)
    assert len(held) == round(0.2 * len(known))
    assert any("the last 20% of the rows" in str(choice) for choice in plan.choices)
    again = Plan.restore(plan.config())
    np.testing.assert_array_equal(again.split_rows(frame)[1], held)
    ready = prepare(read_table(frame), plan)
    expected = np.array([v for v in frame["y"] if v is not None])
    np.testing.assert_array_equal(ready.rows.y, expected[: len(ready.rows.y)])


def test_rows_of_a_group_stay_together() -> None:
    house = RANDOM.integers(0, 40, N)
    frame = table(house=[f"h{i}" for i in house], y=RANDOM.normal(size=N))
    train, held = make_plan(frame, "y", group="house").split_rows(frame)
    assert not set(house[train]) & set(house[held])
    assert 40 < len(held) < 90


def test_columns_that_give_the_answer_away_are_named() -> None:
    y = RANDOM.normal(size=N)
    twice = 2 * y + RANDOM.normal(size=N) * 0.01
    plan = make_plan(table(y=y, twice=twice), "y")
    assert [c.what for c in plan.warnings if "may give" in c.value] == ["column twice"]
    assert plan.scores is not None
    assert plan.scores["twice"] > 0.98 > 0.2 > plan.scores["x"]
    labels = RANDOM.integers(0, 3, N)
    reason = np.where(labels == 2, "late", "")
    plan = make_plan(table(y=np.array(["a", "b", "c"])[labels], reason=reason), "y")
    assert any("column reason: may give" in str(c) for c in plan.warnings)


def test_columns_that_copy_are_left_out() -> None:
    y = np.array(["good", "bad"])[RANDOM.integers(0, 2, N)]
    plan = make_plan(table(y=y, code=np.where(y == "good", 7, 3), same=y), "y")
    assert {c.name for c in plan.features} == {"x", "z"}
    assert sum("the target in every row" in str(c) for c in plan.warnings) == 2
    frame = table(y=y)
    plan = make_plan(frame.with_columns(pl.col("x").alias("x_again")), "y")
    assert plan.column("x_again").kind == "ignored"
    plan = make_plan(
        frame.with_columns(pl.col("x").alias("x_again")), "y", kinds={"x_again": "number"}
    )
    assert plan.column("x_again").used


def test_an_ordinary_table_has_no_warning() -> None:
    rows = 2_000
    x, z = RANDOM.normal(size=(2, rows))
    frame = pl.DataFrame({"x": x, "z": z, "y": np.where(x + z > 0, "yes", "no")})
    plan = make_plan(frame, "y")
    assert plan.warnings == ()


def test_a_frame_of_pandas_has_the_same_plan() -> None:
    frame = table(y=["yes", "no", None] * 100, n=[1, None, 3] * 100, d=["a", "b", "c"] * 100)
    assert str(make_plan(frame.to_pandas(), "y")) == str(make_plan(frame, "y"))
