"""Planted problems of columns are found, and what is sound raises no alarm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from diagnosis.data.planted import digits, examined, found, irises, names, numbers, rows, value
from ranvier.typing import Array

Table = tuple[Array, Array]


def _with(x: Array, at: int, column: Array) -> Array:
    changed = x.copy()
    changed[:, at] = column
    return changed


# --- leaking columns ----------------------------------------------------------------------------


def noisy_copy(random: np.random.Generator) -> Table:
    x, y = rows(1)
    return _with(x, 4, y + 0.1 * random.normal(size=len(y))), y


def renamed_classes(random: np.random.Generator) -> Table:
    x, y = digits()
    codes = random.permutation(10)[y].astype(np.float32)
    wrong = random.uniform(size=len(y)) < 0.01
    codes[wrong] = random.integers(0, 10, wrong.sum())
    return _with(x, 10, codes), y


def missing_marks(random: np.random.Generator) -> Table:
    """A number that one class alone has, as a date of leaving."""
    x, y = rows(2)
    return _with(x, 5, np.where(y == 1, random.normal(size=len(y)), 99.0)), y


def target_in_another_unit(random: np.random.Generator) -> Table:
    x, y = numbers(3)
    return _with(x, 2, 3.28 * y + 0.01 * random.normal(size=len(y))), y


LEAKS: list[tuple[Callable[[np.random.Generator], Table], str]] = [
    (noisy_copy, "x4"), (renamed_classes, "x10"), (missing_marks, "x5"),
    (target_in_another_unit, "x2"),
]  # fmt: skip


@pytest.mark.parametrize("plant, column", LEAKS)
def test_a_leaking_column_is_found(
    plant: Callable[[np.random.Generator], Table], column: str
) -> None:
    x, y = plant(np.random.default_rng(0))
    findings = found("leaking columns", examined(x, y))
    assert [f.what.split()[0] for f in findings] == [column]
    assert findings[0].severity == "problem" and f"[{column[1:]}]" in findings[0].change
    assert value(findings[0], "told right")[0] > 0.95


@pytest.mark.parametrize("make", [lambda: rows(4), digits, irises, lambda: numbers(5)])
def test_columns_that_tell_much_by_right_do_not_leak(make: Callable[[], Table]) -> None:
    assert not found("leaking columns", examined(*make()))


# --- constant columns ---------------------------------------------------------------------------


def constant(random: np.random.Generator) -> tuple[Array, Array, None]:
    x, _ = rows(6)
    return x, _with(x, 3, np.full(len(x), 7.0)), None


def zeros(random: np.random.Generator) -> tuple[Array, Array, None]:
    x, _ = rows(7)
    return x, _with(_with(x, 0, np.zeros(len(x))), 3, np.zeros(len(x))), None


def constant_in_training(random: np.random.Generator) -> tuple[Array, Array, Array]:
    x, _ = rows(8)
    return x, _with(x, 3, np.full(len(x), -1.0)), x[:50]


@pytest.mark.parametrize("plant", [constant, zeros, constant_in_training])
def test_a_constant_column_is_found(plant: Callable[..., tuple[Array, Array, Array]]) -> None:
    sound, x, new = plant(np.random.default_rng(0))
    y = rows(6)[1]
    (finding,) = found("constant columns", examined(x, y, new=new))
    assert "x3" in names(finding, "columns")
    assert finding.severity == ("caution" if new is None else "problem")
    assert not found("constant columns", examined(sound, y, new=new))


def test_pixels_that_are_always_empty_are_no_news() -> None:
    x, y = digits()
    assert (x[:, 0] == x[0, 0]).all()
    assert not found("constant columns", examined(x, y))
    scaled = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
    assert not found("constant columns", examined(scaled, y, new=scaled[:200]))


# --- duplicate columns --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "plant, form",
    [
        (lambda x: x[:, 1], "the same"),
        (lambda x: 1.8 * x[:, 1] + 32, "1.8 x x1 + 32"),
        (lambda x: -x[:, 1], "-1 x x1"),
        (lambda x: 1000 * x[:, 1] - 1e5, "1,000 x x1 - 100,000"),
    ],
)
def test_a_copy_is_found_in_any_unit(plant: Callable[[Array], Array], form: str) -> None:
    x, y = rows(9)
    (finding,) = found("duplicate columns", examined(_with(x, 4, plant(x)), y))
    assert names(finding, "copies") == ("x4",) and names(finding, "originals") == ("x1",)
    assert f"({form})" in finding.what


def test_columns_that_only_go_together_are_no_copies() -> None:
    x, y = rows(10)
    random = np.random.default_rng(0)
    close = x[:, 1] + 0.01 * random.normal(size=len(x))
    assert not found("duplicate columns", examined(_with(x, 4, close), y))
    answers = np.eye(2, dtype=np.float32)[random.integers(0, 2, len(x))]
    assert not found("duplicate columns", examined(np.concatenate([x, answers], axis=1), y))
    # Two rare levels that the same few rows have are copies by chance.
    rare = np.zeros((len(x), 2), np.float32)
    rare[17] = 1
    assert not found("duplicate columns", examined(np.concatenate([x, rare], axis=1), y))


# --- drift --------------------------------------------------------------------------------------


def shifted(x: Array, random: np.random.Generator) -> Array:
    return _with(x, 2, x[:, 2] + 1.0)


def other_unit(x: Array, random: np.random.Generator) -> Array:
    return _with(x, 2, 2.54 * x[:, 2])


def filled_gaps(x: Array, random: np.random.Generator) -> Array:
    """A third of the values is filled with 0."""
    return _with(x, 2, np.where(random.uniform(size=len(x)) < 0.34, 0.0, x[:, 2]))


@pytest.mark.parametrize("change", [shifted, other_unit, filled_gaps])
def test_drift_of_a_column_is_found(
    change: Callable[[Array, np.random.Generator], Array],
) -> None:
    x, y = rows(11, 1500)
    new = change(rows(12, 800)[0], np.random.default_rng(0))
    (finding,) = found("drift", examined(x, y, new=new))
    assert names(finding, "column") == ("x2",)
    assert value(finding, "corrected chance")[0] < 1e-4


def test_drift_of_how_columns_go_together_is_found() -> None:
    x, y = rows(13, 1500)
    new = rows(14, 800)[0]
    new[:, 1] = new[:, 0] + 0.3 * new[:, 1]
    new[:, 1] /= new[:, 1].std()
    (finding,) = found("drift", examined(x, y, new=new))
    assert "column" not in finding.evidence and "all together" in finding.what
    assert {*names(finding, "columns that give it away")} <= {"x0", "x1"}


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_the_same_kind_do_not_drift(seed: int) -> None:
    x, y = rows(20 + seed)
    assert not found("drift", examined(x, y, new=rows(40 + seed, 300)[0]))
