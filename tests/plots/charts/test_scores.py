"""Confusion matrix, ROC, precision-recall and calibration from labels and probabilities."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from ranvier import metrics, plots
from ranvier.errors import RanvierError
from ranvier.plots.drawing import Box, Dots, Stroke

ROC: Any = plots.roc
RANDOM = np.random.default_rng(0)
Y = RANDOM.integers(0, 3, 200)
WIDE = RANDOM.dirichlet([1, 1, 1], 200) * 0.6 + 0.4 * np.eye(3)[Y]
BINARY, SCORES = (Y == 1).astype(int), WIDE[:, 1]


def test_the_confusion_matrix_holds_the_counts() -> None:
    drawing = plots.confusion_matrix(Y, WIDE)
    counts = np.array([row[1:] for row in drawing.rows]).astype(int)
    assert np.array_equal(counts, metrics.confusion_matrix(Y, WIDE))
    cells = [m for m in drawing.marks if isinstance(m, Box) and m.tip]
    assert len(cells) == 9 and {c.role for c in cells} == {"s1", "bad"}
    right = [c for c in cells if c.role == "s1"]
    assert [c.x for c in right] == sorted(c.x for c in right)  # the diagonal goes down
    assert [c.y for c in right] == sorted(c.y for c in right)
    shares = counts.diagonal() / counts.sum(axis=1)
    assert [c.opacity for c in right] == [round(float(s), 2) for s in shares]


def test_labels_of_any_kind_are_the_same_picture() -> None:
    names = ["ash", "beech", "oak"]
    expected = plots.confusion_matrix(Y, WIDE, names).rows
    told = np.array(names)
    for y in (told[Y], Y, np.eye(3)[Y]):
        for guess in (WIDE, told[WIDE.argmax(axis=1)], WIDE.argmax(axis=1)):
            assert plots.confusion_matrix(y, guess, names).rows == expected
    called = (SCORES > 0.5).astype(int)
    assert plots.confusion_matrix(BINARY, SCORES).rows == (
        plots.confusion_matrix(BINARY, called).rows
    )


@pytest.mark.parametrize("draw", [plots.roc, plots.precision_recall], ids=["roc", "pr"])
def test_curves_of_two_and_of_many_classes(draw: Any) -> None:
    (row,) = draw(BINARY, SCORES).rows
    (same,) = draw(BINARY, np.stack([1 - SCORES, SCORES], axis=1)).rows
    assert row == same and row[0] == "class 1"
    several = draw(Y, WIDE).rows
    assert sorted(name for name, _ in several) == ["class 0", "class 1", "class 2"]
    assert ("class 1", row[1]) in [tuple(r) for r in several]


def test_the_roc_curve_goes_through_its_points() -> None:
    drawing = plots.roc(BINARY, SCORES)
    assert float(str(drawing.rows[0][1])) == pytest.approx(
        metrics.roc_auc(BINARY, SCORES), abs=1e-4
    )
    line = max((m for m in drawing.marks if isinstance(m, Stroke)), key=lambda m: len(m.points))
    xs, ys = zip(*line.points, strict=True)
    assert list(xs) == sorted(xs) and list(ys) == sorted(ys, reverse=True)


def test_calibration_shows_each_bin() -> None:
    drawing = plots.calibration(BINARY, SCORES, bins=5)
    inside = (SCORES > 0.2) & (SCORES <= 0.4)
    assert drawing.rows[1][1] == f"{100 * BINARY[inside].mean():.1f}".removesuffix(".0") + "%"
    (dots,) = [m for m in drawing.marks if isinstance(m, Dots)]
    assert 2 <= len(dots.points) <= 5
    assert "predicted class" in plots.calibration(Y, WIDE).description


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plots.confusion_matrix([0, 1], [0]), "one prediction for each row"),
        (lambda: plots.confusion_matrix([0, 1], [0, 5], labels=["a", "b"]), "none of the classes"),
        (lambda: plots.confusion_matrix(["a"], WIDE[:1], labels=["a"]), "3 classes for 1 labels"),
        (lambda: plots.confusion_matrix(range(60), range(60)), "60 classes do not fit"),
        (lambda: plots.roc([1, 1], [0.2, 0.3]), "of one class"),
        (lambda: plots.roc([0, 1], ["a", "b"]), "expected probabilities"),
        (lambda: plots.roc([0, 1], [0.5, np.nan]), "NaN"),
        (lambda: plots.calibration([0, 1], [-3.0, 7.0]), "take the sigmoid"),
        (lambda: plots.calibration(np.ones((2, 2, 2)), [0.1, 0.2]), "one label for each row"),
        (lambda: ROC([0, 1], [0.1, 0.2], label=3), "did you mean 'labels'"),
    ],
)  # fmt: skip
def test_errors_of_what_cannot_be_drawn(call: Any, says: str) -> None:
    with pytest.raises(RanvierError, match=re.escape(says)):
        call()
