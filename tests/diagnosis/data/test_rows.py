"""Planted problems of rows, labels and classes are found, and what is sound raises no alarm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import ranvier
from diagnosis.data.planted import (
    PLANTED_DATA,
    always,
    digits,
    examined,
    found,
    irises,
    names,
    numbers,
    rows,
    value,
)
from ranvier.nn import Dense
from ranvier.typing import Array

Table = tuple[Array, Array]


def flipped(y: Array, share: float, only: int | None = None) -> tuple[Array, Array]:
    """Labels of which a share is another one, and which these are."""
    random = np.random.default_rng(5)
    wrong = random.uniform(size=len(y)) < share
    if only is not None:
        wrong &= y == only
    count = int(y.max()) + 1
    labels = y.copy()
    labels[wrong] = (y[wrong] + random.integers(1, count, wrong.sum())) % count
    return labels, wrong


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in PLANTED_DATA.items() for name in names]
)
def test_what_is_planted_is_found(kind: str, name: str) -> None:
    assert found(kind, PLANTED_DATA[kind][name]())


# --- label noise --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, share, only",
    [
        (lambda: rows(1, 1500), 0.1, None),
        (digits, 0.05, None),
        (irises, 0.15, None),
        (lambda: rows(2, 2000), 0.2, 1),
    ],
)
def test_wrong_labels_are_found(make: Callable[[], Table], share: float, only: int | None) -> None:
    x, y = make()
    labels, wrong = flipped(y, share, only)
    (finding,) = found("label noise", examined(x, labels))
    listed = value(finding, "rows").astype(int)
    expected = float(value(finding, "expected wrong among them"))
    right = wrong[listed].sum()
    assert right > 0.7 * len(listed) and right > 0.4 * wrong.sum()
    assert 0.6 * right < expected < 1.5 * right
    assert names(finding, "given")[0] == str(labels[listed[0]])
    assert finding.trial is not None


@pytest.mark.parametrize("make", [lambda: rows(3, 1500), digits, irises])
def test_right_labels_raise_no_alarm(make: Callable[[], Table]) -> None:
    assert not found("label noise", examined(*make()))


def test_classes_that_overlap_are_not_taken_for_wrong_labels() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(2000, 5)).astype(np.float32)
    y = (random.uniform(size=2000) < 1 / (1 + np.exp(-3 * x[:, 0]))).astype(np.int64)
    assert not found("label noise", examined(x, y))
    assert not found("label noise", examined(x, random.integers(0, 2, 2000)))


# --- repeated rows ------------------------------------------------------------------------------


def some_copied(x: Array, y: Array) -> Table:
    return np.concatenate([x[450:], x[:15]]), np.concatenate([y[450:], y[:15]])


def all_copied(x: Array, y: Array) -> Table:
    return x[100:150], y[100:150]


def copied_with_other_labels(x: Array, y: Array) -> Table:
    """30 copies, 10 of them with the other label."""
    labels = np.concatenate([y[450:], 1 - y[:10], y[10:40]])
    return np.concatenate([x[450:], x[:40]]), labels


@pytest.mark.parametrize(
    "plant, count, other",
    [(some_copied, 15, 0), (all_copied, 50, 0), (copied_with_other_labels, 30, 10)],
)
def test_rows_on_both_sides_are_found(
    plant: Callable[[Array, Array], Table], count: int, other: int
) -> None:
    x, y = rows(4)
    held = plant(x, y)
    (finding,) = found("repeated rows", examined(x[:450], y[:450], held))
    at, same = (value(finding, k).astype(int) for k in ("rows", "same training rows"))
    np.testing.assert_array_equal(held[0][at], x[same])
    assert value(finding, "share") == pytest.approx(count / len(held[0]))
    assert value(finding, "further ones with another target") == other


def test_a_measurement_made_again_is_no_copy() -> None:
    x, y = numbers(4)
    again = (x[:100], y[:100] + 0.01)
    assert not found("repeated rows", examined(x, y, again))


def test_rows_of_few_values_repeat_by_right() -> None:
    random = np.random.default_rng(0)
    x = random.integers(0, 3, (600, 4)).astype(np.float32)
    y = (x.sum(axis=1) > 4).astype(np.int64)
    assert not found("repeated rows", examined(x[:450], y[:450], (x[450:], y[450:])))
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    assert not found("repeated rows", examined(corners, np.array([0, 1, 1, 0]), (corners, y[:4])))


# --- class imbalance ----------------------------------------------------------------------------


@pytest.mark.parametrize("share, classes", [(0.05, 2), (0.1, 3), (0.15, 2)])
def test_rare_classes_that_are_never_predicted_are_found(share: float, classes: int) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(1200, 3)).astype(np.float32)
    y = np.where(random.uniform(size=1200) < share, classes - 1, 0)
    if classes == 3:
        y[random.uniform(size=1200) < 0.4] = 1
    held = (x[900:], y[900:])
    (finding,) = found(
        "class imbalance", examined(x[:900], y[:900], held, model=always(0, classes, 3))
    )
    assert names(finding, "rare classes") == (str(classes - 1),)
    assert value(finding, "recall")[-1] == 0 and "balanced" in finding.change
    assert "no better" in finding.what and finding.trial is not None


def test_a_rare_class_that_is_found_raises_no_alarm() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=(1200, 1)).astype(np.float32)
    y = (x[:, 0] > 1.5).astype(np.int64)
    model = ranvier.Sequential([Dense(2, "softmax", input_shape=(1,))])
    model.set_weights([[[0.0, 20.0]], [0.0, -30.0]])
    model.compile("adam", "sparse_categorical_crossentropy")
    assert not found("class imbalance", examined(x[:900], y[:900], (x[900:], y[900:]), model=model))
    even = rows(5, 1200)  # classes of one size, of which one is never said
    held = (even[0][900:], even[1][900:])
    assert not found(
        "class imbalance", examined(even[0][:900], even[1][:900], held, model=always(0, 2, 6))
    )


# --- what is held out ---------------------------------------------------------------------------


def test_parts_that_lack_classes_are_found() -> None:
    x, y = digits()
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    (one,) = found("missing classes", examined(x[:1250], y[:1250], (x[-100:], y[-100:])))
    assert "All 100 rows for validation are of class 9" in one.what
    (some,) = found("missing classes", examined(x, y, (x[-300:], y[-300:])))
    assert "0, 1, 2, 3, 4 ..." in some.what
    model = always(0, 10, 64)
    (unseen,) = found("missing classes", examined(x[:1250], y[:1250], (x, y), model=model))
    assert "No row to train on is of class 9" in unseen.what
    x, target = numbers(6)
    (alike,) = found("missing classes", examined(x, target, (x[:20], np.zeros(20, np.float32))))
    assert "All targets of the rows for validation are 0" in alike.what


def test_parts_cut_at_random_lack_nothing() -> None:
    for make in (digits, irises, lambda: rows(7)):
        x, y = make()
        order = np.random.default_rng(3).permutation(len(x))
        cut = 3 * len(x) // 4
        held = (x[order[cut:]], y[order[cut:]])
        assert not found("missing classes", examined(x[order[:cut]], y[order[:cut]], held))


@pytest.mark.parametrize("count", [5, 12, 25])
def test_few_rows_for_validation_are_told(count: int) -> None:
    x, y = rows(8)
    held = (x[500 : 500 + count], y[500 : 500 + count])
    (finding,) = found("small validation set", examined(x[:500], y[:500], held))
    low, high = value(finding, "low"), value(finding, "high")
    assert high - low > 0.25 and f"{count} rows" in finding.what
    assert not found("small validation set", examined(x[:300], y[:300], (x[300:], y[300:])))


@pytest.mark.parametrize("count", [4, 8])
def test_few_rows_of_numbers_for_validation_are_told(count: int) -> None:
    x, y = numbers(9)
    held = (x[500 : 500 + count], y[500 : 500 + count])
    assert found("small validation set", examined(x[:500], y[:500], held))
    assert not found("small validation set", examined(x[:400], y[:400], (x[400:], y[400:])))


# --- what the checks need -----------------------------------------------------------------------


def test_rows_of_words_are_not_looked_at_as_numbers() -> None:
    model = ranvier.Sequential(
        [ranvier.nn.Embedding(20, 4), ranvier.nn.Flatten(), Dense(2, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    random = np.random.default_rng(0)
    x, y = random.integers(0, 20, (100, 6)), random.integers(0, 2, 100)
    told = model.diagnose(x, y, validation_data=(x, y))
    assert told.not_checked["label noise"] == told.not_checked["repeated rows"] == "rows of words"
    assert told.not_checked["leaking columns"] == "rows are no table"


def test_labels_and_names_of_columns_are_those_of_the_user() -> None:
    import polars as pl

    x, y = rows(10)
    labels, _ = flipped(y, 0.1)
    names_of = np.array(["no", "yes"])[labels]
    frame = pl.DataFrame({f"column {i}": x[:, i] for i in range(6)}).with_columns(
        pl.lit(3.0).alias("column 5")
    )
    model = ranvier.Sequential([Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(frame, names_of, verbose=0)
    told = model.diagnose(frame, names_of)
    assert {*names(told["label noise"][0], "given")} == {"no", "yes"}
    assert names(told["constant columns"][0], "columns") == ("column 5",)
    assert "['column 5']" in told["constant columns"][0].change
