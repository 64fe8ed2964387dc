"""Counterfactuals of functions of arrays: near, sparse, and honest where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier.attribution import counterfactual
from ranvier.errors import RanvierError

rng = np.random.default_rng(0)
ROWS = rng.normal(size=(300, 4))


def three(x: Any) -> Any:
    scores = np.stack([x[:, 0], x[:, 1], x[:, 2]], axis=1) * 4.0
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_the_wanted_class_is_reached() -> None:
    x = np.array([[1.0, 0.0, -0.5, 7.0]])
    for to in (1, 2, "1"):
        found = counterfactual(three, x, ROWS, to=to)
        assert found.before == "0" and found.after == str(to)
        assert set(found.changes) <= {"x0", "x1", "x2"}  # x3 plays no part
        row = np.array([list(found.row.values())], float)
        assert str(three(row).argmax()) == found.after
        assert abs(found.probabilities[str(found.after)] - three(row).max()) < 1e-6


def test_the_nearest_value_that_is_enough_is_taken() -> None:
    def f(x: Any) -> Any:
        return (x[:, 0] > 0.5).astype(float)

    found = counterfactual(f, np.array([[0.0, 0, 0, 0]]), ROWS)
    after = found.changes["x0"][1]
    values = np.sort(ROWS[:, 0].astype(np.float32))
    tried = values[np.linspace(0, len(values) - 1, 60).astype(int)]
    assert list(found.changes) == ["x0"] and after == tried[tried > 0.5].min()
    assert abs(found.distance - after / np.abs(values - np.median(values)).mean()) < 0.01


def test_the_text_shows_every_change() -> None:
    text = str(counterfactual(three, np.array([[1.0, 0.0, -0.5, 7.0]]), ROWS, to=1))
    assert text.startswith("0 -> 1 (0 0.") and "x" in text.splitlines()[1]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"x": ROWS[:2]}, "2 rows; give one"),
        ({"to": 0}, "says of the row already"),
        ({"to": 5}, "3 outputs"),
        ({"above": 1.0}, "for a model of one number"),
        ({"immutable": ["x0", "x1", "x2"]}, "no nearer|no row was found"),
        ({"immutable": ["age"]}, "feature"),
    ],
)
def test_errors_say_what_to_do(arguments: dict[str, Any], message: str) -> None:
    given = {"x": np.array([[1.0, 0.0, -0.5, 7.0]]), **arguments}
    with pytest.raises(RanvierError, match=message):
        counterfactual(three, given.pop("x"), ROWS, **given)
