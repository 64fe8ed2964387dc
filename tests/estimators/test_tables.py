"""RanvierClassifier and RanvierRegressor learn from raw columns."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators need scikit-learn")

import pandas as pd
import polars as pl
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from ranvier.errors import ArgumentError, DataError, RanvierWarning
from ranvier.estimators import RanvierClassifier, RanvierRegressor

ROWS = 120
SHORT: dict[str, Any] = {"epochs": 60, "members": 1, "budget": 600, "random_state": 0}
RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=(ROWS, 4))
TOWNS = RANDOM.choice(["Bern", "Oslo", "Rome"], ROWS)
TABLE = pd.DataFrame(
    {
        "number": NUMBERS[:, 0],
        "town": TOWNS,
        "level": pd.Categorical(RANDOM.choice(list("abc"), ROWS)),
        "when": pd.date_range("2020-01-01", periods=ROWS),
        "holes": np.where(NUMBERS[:, 1] > 0, np.nan, NUMBERS[:, 1]),
    }
)
LABELS = np.where(TOWNS == "Rome", "warm", "cold")
HEIGHT = 100 * NUMBERS[:, 0] + 500


@pytest.fixture(scope="module")
def classifier() -> RanvierClassifier:
    return RanvierClassifier(**SHORT).fit(TABLE, LABELS)


def test_columns_of_all_kinds(classifier: RanvierClassifier) -> None:
    assert classifier.score(TABLE, LABELS) > 0.95
    assert classifier.classes_.tolist() == ["cold", "warm"]
    assert classifier.feature_names_in_.tolist() == list(TABLE.columns)
    assert classifier.plan_.column("town").kind == "category"
    assert len(classifier.loss_curve_) == len(classifier.validation_loss_curve_)
    regressor = RanvierRegressor(**SHORT).fit(TABLE, HEIGHT)
    assert regressor.score(TABLE, HEIGHT) > 0.9


def test_frames_of_other_libraries_and_arrays_of_objects(classifier: RanvierClassifier) -> None:
    frame = pl.from_pandas(TABLE)
    expected = classifier.predict(TABLE)
    assert np.array_equal(classifier.predict(frame), expected)
    assert np.array_equal(classifier.predict(frame.to_arrow()), expected)
    cells = TABLE[["number", "town"]].to_numpy()
    of_cells = RanvierClassifier(**SHORT).fit(cells, LABELS)
    assert of_cells.score(cells, LABELS) > 0.95
    assert np.array_equal(of_cells.predict(cells[:1]), of_cells.predict(cells)[:1])


def test_an_array_stands_for_the_columns_of_a_frame(classifier: RanvierClassifier) -> None:
    """As elsewhere in scikit-learn: a warning, and the columns in their order."""
    expected = classifier.predict_proba(TABLE)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        p = classifier.predict_proba(TABLE.to_numpy(dtype=object))
    np.testing.assert_array_equal(p, expected)
    with (
        pytest.raises(ValueError, match="features"),
        pytest.warns(UserWarning, match="valid feature names"),
    ):
        classifier.predict(TABLE.to_numpy(dtype=object)[:, :-1])


def test_a_frame_stands_for_the_columns_of_an_array() -> None:
    numbers = TABLE[["number"]].assign(other=np.arange(len(TABLE)) % 7.0)
    of_array = RanvierClassifier(**SHORT).fit(numbers.to_numpy(), LABELS)
    expected = of_array.predict_proba(numbers.to_numpy())
    with pytest.warns(UserWarning, match="fitted without feature names"):
        np.testing.assert_array_equal(of_array.predict_proba(numbers), expected)


def test_a_level_never_seen_before(classifier: RanvierClassifier) -> None:
    with pytest.warns(UserWarning, match="'town': .* values that training did not have"):
        p = classifier.predict_proba(TABLE.assign(town="Paris"))
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-6)


def test_rows_are_predicted_alike_one_by_one_and_in_copies(classifier: RanvierClassifier) -> None:
    p = classifier.predict_proba(TABLE)
    one_by_one = [classifier.predict_proba(TABLE[i : i + 1]) for i in range(10)]
    assert np.array_equal(np.concatenate(one_by_one), p[:10])
    for copied in (copy.deepcopy(classifier), pickle.loads(pickle.dumps(classifier))):
        assert np.array_equal(copied.predict_proba(TABLE), p)
    assert np.array_equal(clone(classifier).fit(TABLE, LABELS).predict_proba(TABLE), p)


def test_weights_are_repeated_rows_in_any_order() -> None:
    weights = RANDOM.integers(0, 3, ROWS)
    weighted = RanvierClassifier(**SHORT).fit(TABLE, LABELS, sample_weight=weights)
    rows = RANDOM.permutation(np.repeat(np.arange(ROWS), weights))
    repeated = RanvierClassifier(**SHORT).fit(TABLE.iloc[rows], LABELS[rows])
    assert np.array_equal(weighted.predict_proba(TABLE), repeated.predict_proba(TABLE))


def test_weights_by_class() -> None:
    rare = np.where(NUMBERS[:, 0] + NUMBERS[:, 1] > 2, "rare", "usual")
    noisy = np.where(RANDOM.random(ROWS) < 0.1, "rare", rare)
    plain = RanvierClassifier(**SHORT).fit(NUMBERS[:, :1], noisy)
    balanced = clone(plain).set_params(class_weight="balanced").fit(NUMBERS[:, :1], noisy)
    counts = [(e.predict(NUMBERS[:, :1]) == "rare").sum() for e in (plain, balanced)]
    assert counts[1] > counts[0]


def test_a_search_over_its_arguments() -> None:
    grid = {"validation_fraction": [0.1, 0.3]}
    search = GridSearchCV(RanvierRegressor(**SHORT), grid, cv=2).fit(TABLE, HEIGHT)
    assert search.best_score_ > 0.5


def test_one_class_and_one_number_are_predicted_with_a_word() -> None:
    with pytest.warns(RanvierWarning, match="one class only, 'a'"):
        classifier = RanvierClassifier().fit(NUMBERS, np.full(ROWS, "a"))
    assert classifier.predict(NUMBERS[:2]).tolist() == ["a", "a"]
    weights = (LABELS == "cold").astype(float)
    with pytest.warns(RanvierWarning, match="one class only, 'cold'"):
        classifier = RanvierClassifier().fit(NUMBERS, LABELS, sample_weight=weights)
    assert classifier.predict_proba(NUMBERS[:2]).tolist() == [[1.0, 0.0]] * 2
    with pytest.warns(RanvierWarning, match="every row of y is 3"):
        regressor = RanvierRegressor().fit(NUMBERS, np.full(ROWS, 3))
    assert regressor.predict(NUMBERS[:2]).tolist() == [3.0, 3.0]


def test_the_best_epoch_is_kept() -> None:
    regressor = RanvierRegressor(**SHORT).fit(NUMBERS, HEIGHT)
    losses = regressor.validation_loss_curve_
    assert len(losses) == len(regressor.loss_curve_) == 60
    assert min(losses) < losses[0]
    assert regressor.network_ is not None
    assert regressor.network_.best_epoch == 1 + max(np.flatnonzero(np.array(losses) == min(losses)))


MISTAKES: dict[str, tuple[Any, str]] = {
    "epochs": (lambda: RanvierClassifier(epochs=1.5).fit(NUMBERS, LABELS), "an integer"),  # type: ignore[arg-type]
    "members": (lambda: RanvierRegressor(members=-1).fit(NUMBERS, HEIGHT), "at least 1"),
    "budget": (lambda: RanvierClassifier(budget=0).fit(NUMBERS, LABELS), "a number above 0"),
    "validation_fraction": (
        lambda: RanvierClassifier(validation_fraction=1).fit(NUMBERS, LABELS),
        "above 0 and below 1",
    ),
    "kinds": (lambda: RanvierClassifier(kinds=3).fit(NUMBERS, LABELS), "a dict"),  # type: ignore[arg-type]
    "class_weight": (
        lambda: RanvierClassifier(class_weight="equal").fit(NUMBERS, LABELS),
        "'balanced'",
    ),
}


@pytest.mark.parametrize("argument", MISTAKES)
def test_arguments_are_looked_at_by_fit(argument: str) -> None:
    call, message = MISTAKES[argument]
    with pytest.raises(ArgumentError, match=message):
        call()


def test_data_that_cannot_be_used() -> None:
    with pytest.raises(DataError, match=r"n_samples=8 rows that count; expected at least 10"):
        RanvierClassifier().fit(NUMBERS[:8], LABELS[:8])
    with pytest.raises(DataError, match="names of their own"):
        twice = pd.DataFrame(NUMBERS, columns=["a", "a", "b", "b"])
        RanvierClassifier().fit(twice, LABELS)
    with pytest.raises(ValueError, match="Expected 2D data"):
        RanvierClassifier().fit(TABLE["number"], LABELS)
    with pytest.raises(TypeError, match="Sparse data"):
        RanvierClassifier().fit(sparse.csr_matrix(NUMBERS), LABELS)
    with pytest.raises(ValueError, match="Unknown label type"):
        RanvierClassifier().fit(NUMBERS, HEIGHT)
