"""Tables: features are raw columns, whatever the encoder makes of them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.attribution import (
    counterfactual,
    occlusion,
    partial_dependence,
    permutation_importance,
    saliency,
    shap_values,
)
from ranvier.attribution.subject import TableSubject
from ranvier.errors import ArgumentError, DataError, StateError

pl = pytest.importorskip("polars")
COLUMNS = ("age", "city", "member", "noise")


def table(rows: int = 400, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    city = rng.choice(["Rome", "Oslo", "Lima", "Pune"], rows)
    member = rng.choice(["yes", "no"], rows)
    noise = rng.normal(size=rows)
    score = 0.08 * (age - 49) + 1.5 * (city == "Oslo") - 1.0 * (member == "no")
    bought = np.where(score + 0.3 * rng.normal(size=rows) > 0, "yes", "no")
    ages = [None if i % 40 == 0 else int(a) for i, a in enumerate(age)]
    columns = {"age": ages, "city": city, "member": member, "noise": noise, "bought": bought}
    return pl.DataFrame(columns)


@functools.cache
def classifier(trees: bool = False) -> Any:
    return ranvier.fit_table(
        table(), "bought", budget=600, epochs=4, members=1, trees=trees, verbose=0
    )


@functools.cache
def regressor() -> Any:
    frame = table().with_columns(bought=pl.col("age").fill_null(40) * 2.0 + 1)
    return ranvier.fit_table(frame, "bought", budget=600, epochs=4, members=1, verbose=0)


def test_shap_values_of_raw_columns_sum_to_the_output() -> None:
    model, rows = classifier(), table(5, seed=1)
    a = shap_values(model, rows)
    assert a.feature_names == COLUMNS and a.values.shape == (5, 4) and "exact" in a.method
    assert set(a.output_names) == {"yes"}
    assert a.base_values is not None and a.data is not None
    predicted = model.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(a.base_values + a.values.sum(axis=1), predicted, atol=1e-5)
    assert a.data[0].tolist() == [rows[c][0] for c in COLUMNS]
    assert list(a.importance())[-1] == "noise"


def test_mixing_encoded_columns_is_mixing_raw_ones() -> None:
    """The value of a coalition is what the model says of the raw row that it stands for."""
    model, rows = classifier(), table(2, seed=2)
    background = rows[1:]
    a = shap_values(model, rows[:1], background, output="yes")
    raw: dict[int, float] = {}
    for code in range(16):
        cells = {c: [rows[c][0 if code >> i & 1 else 1]] for i, c in enumerate(COLUMNS)}
        mixed = pl.DataFrame(cells, schema={c: rows.schema[c] for c in COLUMNS})
        raw[code] = float(model.predict_proba(mixed)[0, 1])
    from ranvier.attribution.shapley.exact import shapley

    expected = shapley(np.array([[raw[code]] for code in range(16)]))[:, 0]
    np.testing.assert_allclose(a.values[0], expected, atol=1e-6)


def test_trees_beside_the_network_are_explained_with_it() -> None:
    pytest.importorskip("sklearn")
    model, rows = classifier(trees=True), table(2, seed=1)
    a = shap_values(model, rows)
    np.testing.assert_allclose(a.outputs, model.predict_proba(rows)[:, 1], atol=1e-6)  # type: ignore
    np.testing.assert_allclose(a.gap, 0, atol=1e-5)


def test_a_loaded_model_asks_for_a_background(tmp_path: Any) -> None:
    path = tmp_path / "model.safetensors"
    classifier().save(path)
    model = ranvier.load(path)
    with pytest.raises(DataError, match="background"):
        shap_values(model, table(1))
    a = shap_values(model, table(1), table(30, seed=3))
    np.testing.assert_allclose(a.gap, 0, atol=1e-5)


def test_permutation_importance_finds_what_counts() -> None:
    a = permutation_importance(classifier(), table(300, seed=5), repeats=3)
    ranked = list(a.importance())
    assert set(ranked[:2]) <= {"age", "city", "member"} and ranked[-1] == "noise"
    with pytest.raises(DataError, match="no column 'bought'"):
        permutation_importance(classifier(), table(9).drop("bought"))


def test_partial_dependence_of_a_number_and_of_labels() -> None:
    model, rows = classifier(), table(100, seed=6)
    d = partial_dependence(model, rows, "age")
    assert d.is_number and d.individual.shape == (100, len(d.grid)) and d.output_name == "yes"
    assert d.average[-1] > d.average[0] + 0.2
    value = float(d.grid[5])
    raw = model.predict_proba(rows.with_columns(age=pl.lit(value).cast(rows.schema["age"])))[:, 1]
    if value == int(value):
        np.testing.assert_allclose(d.individual[:, 5], raw, atol=1e-6)
    cities = partial_dependence(model, rows, "city")
    assert not cities.is_number and set(cities.grid) == {"Rome", "Oslo", "Lima", "Pune"}
    assert cities.grid[cities.average.argmax()] == "Oslo"
    np.testing.assert_allclose(
        cities.individual[:, list(cities.grid).index("Rome")],
        model.predict_proba(rows.with_columns(city=pl.lit("Rome")))[:, 1], atol=1e-6,
    )  # fmt: skip
    assert abs(d.centered().average[0]) < 1e-12


def test_a_counterfactual_is_what_the_model_says_of_the_changed_row() -> None:
    model = classifier()
    rows = table(60, seed=7)
    predicted = model.predict(rows)
    row = rows[int(np.flatnonzero(predicted == "no")[0])]
    found = counterfactual(model, row)
    assert (found.before, found.after) == ("no", "yes") and len(found.changes) <= 3
    changed = pl.DataFrame(
        {c: [found.row[c]] for c in COLUMNS}, schema={c: rows.schema[c] for c in COLUMNS}
    )
    assert model.predict(changed)[0] == "yes"
    for name, (before, after) in found.changes.items():
        assert before == row[name][0] and after != before
    # Giving back any single change makes the class what it was.
    for name in found.changes:
        less = changed.with_columns(row[name])
        assert model.predict(less)[0] == "no"


def test_immutable_columns_stay() -> None:
    rows = table(60, seed=7)
    yes = classifier().predict_proba(rows)[:, 1]
    row = rows[int(np.where(yes < 0.5, yes, 0).argmax())]  # it lacks little
    first = counterfactual(classifier(), row)
    fixed = list(first.changes)[:1]
    found = counterfactual(classifier(), row, immutable=fixed)
    assert not set(fixed) & set(found.changes) and found.after == "yes"
    with pytest.raises(StateError, match="no row was found|brings the class no nearer"):
        counterfactual(classifier(), row, immutable=COLUMNS)


def test_counterfactuals_of_numbers() -> None:
    row = table(1, seed=8)
    predicted = float(regressor().predict(row)[0])
    found = counterfactual(regressor(), row, above=predicted + 5)
    assert isinstance(found.after, float) and found.after > predicted + 5
    with pytest.raises(ArgumentError, match="above= or below="):
        counterfactual(regressor(), row)


def test_occlusion_takes_cells_away() -> None:
    model, rows = classifier(), table(3, seed=9)
    a = occlusion(model, rows)
    without = rows.with_columns(city=pl.lit(None, pl.String))
    expected = model.predict_proba(rows)[:, 1] - model.predict_proba(without)[:, 1]
    np.testing.assert_allclose(a.values[:, 1], expected, atol=1e-6)


def test_gradients_are_refused_for_raw_cells() -> None:
    with pytest.raises(ArgumentError, match="use shap_values"):
        saliency(classifier(), table(1))


def test_every_encoded_column_belongs_to_a_raw_one() -> None:
    model = classifier()
    subject = TableSubject(model)
    arrays = subject.encode(table(3)).arrays
    assert {name: a.shape[1:] for name, a in arrays.items()} == {
        name: owner.shape for name, owner in subject.owners.items()
    }
