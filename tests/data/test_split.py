"""Splits hold every row once, keep classes in proportion and depend on the seed alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.data import train_test_split
from ranvier.data.split import shuffled
from ranvier.errors import ArgumentError, DataError


@given(st.integers(0, 200), st.integers(0, 2**63))
def test_a_shuffle_holds_every_row_once(n: int, seed: int) -> None:
    assert sorted(shuffled(n, seed)) == list(range(n))


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=80), st.floats(0.05, 0.9), st.integers(0, 99)
)
def test_a_stratified_split_keeps_rows_and_shares(
    classes: list[int], test_size: float, seed: int
) -> None:
    x = np.arange(len(classes))
    y = np.array(classes)
    try:
        parts = train_test_split(x, y, test_size=test_size, seed=seed, stratify=y)
    except (DataError, ArgumentError):
        return
    x_train, x_test, y_train, y_test = parts
    assert sorted([*x_train, *x_test]) == x.tolist()
    np.testing.assert_array_equal(y[x_train], y_train)
    np.testing.assert_array_equal(y[x_test], y_test)
    assert len(x_test) == int(np.ceil(round(len(x) * test_size, 6)))
    for name in np.unique(y):
        exact = (y == name).sum() * len(x_test) / len(x)
        assert abs((y_test == name).sum() - exact) < 1


def test_the_seed_alone_decides() -> None:
    x = np.arange(50)
    first, again = (train_test_split(x, seed=7)[1] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first != train_test_split(x, seed=8)[1]).any()
    assert shuffled(8, seed=0).tolist() == [3, 2, 1, 6, 0, 7, 4, 5]


def test_lists_and_tables_keep_their_type() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": range(10)}, index=list("abcdefghij"))
    x_train, x_test, y_train, y_test = train_test_split(table, list(range(10)), test_size=3)
    assert len(x_train) == 7 and isinstance(y_test, list)
    assert x_test["a"].tolist() == y_test
    assert x_test.index.tolist() == [list("abcdefghij")[i] for i in y_test]


def test_without_shuffle_the_last_rows_are_held_out() -> None:
    train, test = train_test_split(np.arange(10), test_size=3, shuffle=False)
    assert test.tolist() == [7, 8, 9] and train.tolist() == list(range(7))


def test_text_labels_and_columns_stratify() -> None:
    y = np.array(["no"] * 8 + ["yes"] * 4)
    for labels in (y, y.astype(object), y.tolist(), (y == "yes")[:, None]):
        assert sorted(train_test_split(y, test_size=3, stratify=labels)[1]) == ["no", "no", "yes"]


def test_what_cannot_be_split_is_reported() -> None:
    x, y = np.arange(10), np.array([0] * 9 + [1])
    with pytest.raises(DataError, match="the rarest class, 1, has 1"):
        train_test_split(x, stratify=y)
    with pytest.raises(DataError, match="expected one class for each of the 10 rows"):
        train_test_split(x, stratify=np.zeros((10, 2)))
    with pytest.raises(DataError, match="array 1 has 10 rows but array 2 has 9"):
        train_test_split(x, y[:9])
    with pytest.raises(ArgumentError, match="stratify needs shuffle=True"):
        train_test_split(x, stratify=y, shuffle=False)
    for size in (0, 10, 0.0, 1.0, 1.5, -1, True):
        with pytest.raises(ArgumentError, match="test_size"):
            train_test_split(x, test_size=size)
    with pytest.raises(ArgumentError, match="at least one array"):
        train_test_split()
