"""The result: rows, sums, text, CSV and what other libraries take."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier.attribution import Attribution
from ranvier.errors import ArgumentError, RanvierError, StateError


def made(rows: int = 2, **more: Any) -> Attribution:
    values = np.arange(1.0, 1 + 3 * rows).reshape(rows, 3)
    return Attribution(
        "SHAP values (exact)", values, ("a", "b", "c"), np.zeros(rows), values.sum(axis=1),
        np.arange(3 * rows).reshape(rows, 3), **more,
    )  # fmt: skip


def test_rows_are_taken_with_all_that_belongs_to_them() -> None:
    a = made(4, errors=np.full((4, 3), 0.5), output_names=("p", "q", "p", "p"))
    for part, rows in ((a[1], [1]), (a[-1], [3]), (a[1:3], [1, 2]), (a[[0, 3]], [0, 3])):
        assert part.data is not None and part.outputs is not None and part.errors is not None
        np.testing.assert_array_equal(part.values, a.values[rows])
        np.testing.assert_array_equal(part.data[:, 0], [3 * row for row in rows])
        assert part.output_names == tuple(a.output_names[row] for row in rows)
        assert len(part) == len(part.outputs) == len(part.errors) == len(rows)


def test_the_gap_is_what_the_values_miss() -> None:
    a = made()
    np.testing.assert_allclose(a.gap, 0)
    off = Attribution(a.method, a.values, a.feature_names, a.base_values, a.values.sum(1) + 0.5)
    np.testing.assert_allclose(off.gap, 0.5)
    assert abs(off.convergence_gap - 0.5 / 6.5) < 1e-12


def test_rows_keep_their_numbers() -> None:
    a = made(4, row_numbers=(7, 9, 11, 13))
    assert a[1:3].row_numbers == (9, 11) and "row 11" in str(a[2])
    assert made(4)[2].row_numbers == (2,)
    assert [line[0] for line in a[3].lines()[1:]] == [13, 13, 13]


def test_importance_is_by_size() -> None:
    a = Attribution("x", np.array([[1.0, -5.0], [-1.0, 3.0]]), ("a", "b"))
    assert a.importance() == {"b": 4.0, "a": 1.0}


def test_csv_holds_every_value(tmp_path: Path) -> None:
    a = made(errors=np.full((2, 3), 0.25))
    path = a.save(tmp_path / "values.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [float(row["value"]) for row in rows] == a.values.ravel().tolist()
    assert [row["feature"] for row in rows[:3]] == ["a", "b", "c"]
    assert {row["standard_error"] for row in rows} == {"0.25"}
    assert [row["cell"] for row in rows] == [str(i) for i in range(6)]


def test_the_text_says_where_a_row_comes_from() -> None:
    text = str(made(1))
    assert text.splitlines()[0] == "SHAP values (exact), row 0: 6 = 0 + 6"
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["c", "b", "a"]
    assert "mean size" in str(made(9))
    assert "note: careful" in str(made(1, notes=("careful",)))


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda a: a.interval(), "not sampled"),
        (lambda a: a.output("a"), "there is one output"),
        (lambda a: Attribution("saliency", a.values, a.feature_names).gap, "do not sum"),
        (lambda a: Attribution("x", a.values[0], a.feature_names)[0], "all rows together"),
        (lambda a: a.plot("pie"), "expected one of bars"),
        (lambda a: a.save("values.txt"), ".html"),
    ],
)
def test_errors_say_what_to_do(ask: Any, message: str) -> None:
    with pytest.raises(RanvierError, match=message):
        ask(made())


def test_a_range_needs_a_share() -> None:
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        made(errors=np.ones((2, 3))).interval(95)


def test_shap_is_asked_for_only_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(StateError, match=r'pip install "ranvier\[shap\]"'):
        made().to_shap()


def test_the_explanation_of_shap_holds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    shap = types.ModuleType("shap")
    shap.Explanation = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shap", shap)
    a = made(errors=np.ones((2, 3)))
    explanation = a.to_shap()
    np.testing.assert_array_equal(explanation["values"], a.values)
    np.testing.assert_array_equal(explanation["base_values"], [0, 0])
    assert explanation["feature_names"] == ["a", "b", "c"]
    assert explanation["error_std"] is a.errors
