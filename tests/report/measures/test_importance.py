"""Permutation importance: what the model uses counts, what it does not use does not."""

from __future__ import annotations

import numpy as np
import polars as pl

from ranvier.attribution import importance
from ranvier.report.measures.importance import permutation_importance
from ranvier.typing import Array

random = np.random.default_rng(0)


def squared(truth: Array, predicted: Array) -> float:
    return float(((truth - predicted) ** 2).mean())


def test_columns_are_ranked_by_what_the_model_takes_from_them() -> None:
    x = random.normal(size=(3000, 3))
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "text": ["x", "y", "z"] * 1000})

    def predict(rows: pl.DataFrame) -> Array:
        return 3 * rows["a"].to_numpy() + rows["b"].to_numpy()

    before = frame.clone()
    got = permutation_importance(predict, squared, frame, predict(frame), frame.columns)
    assert frame.equals(before)
    assert [entry.column for entry in got.columns[:2]] == ["a", "b"]
    means = {entry.column: entry.mean for entry in got.columns}
    # The loss grows by twice the variance of what the column contributes.
    assert abs(means["a"] - 18) < 2 and abs(means["b"] - 2) < 0.3
    assert means["c"] == means["text"] == 0
    assert (got.rows, got.left_out) == (2000, 0) and 1 <= got.repeats <= 5


def test_of_many_columns_those_count_that_go_with_the_predictions() -> None:
    x = random.normal(size=(300, 400))
    frame = pl.DataFrame({f"x{i}": x[:, i] for i in range(400)})
    calls = []

    def predict(rows: pl.DataFrame) -> Array:
        calls.append(len(rows))
        return rows["x321"].to_numpy() * 2.0

    got = permutation_importance(
        predict, squared, frame, predict(frame), frame.columns, seconds=1e-9
    )
    assert got.columns[0].column == "x321" and got.columns[0].mean > 1
    assert len(got.columns) + got.left_out == 400 and got.repeats == 1
    # The first block is always measured, whatever the time.
    assert len(got.columns) >= 1
    assert max(calls) <= importance._CELLS


def test_the_same_seed_gives_the_same() -> None:
    frame = pl.DataFrame({"a": random.normal(size=100), "b": ["x", None] * 50})

    def predict(rows: pl.DataFrame) -> Array:
        return rows["a"].to_numpy() + rows["b"].is_null().to_numpy()

    truth = predict(frame)
    first, second = (
        permutation_importance(predict, squared, frame, truth, ["a", "b"], seed=3, seconds=0.0)
        for _ in range(2)
    )
    assert first == second
