"""Trials: changes that help are told from those that do not, and the model stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import ranvier
from diagnosis.data.planted import numbers, rows
from ranvier.diagnosis import Examination, Recipe, Trial
from ranvier.diagnosis.changes import (
    with_class_weight,
    with_dropout,
    with_end,
    with_epochs,
    with_hidden,
    with_patience,
    with_rate,
    with_regularizer,
    with_scaled_inputs,
    with_units,
    without_rows,
)
from ranvier.diagnosis.diagnose import examine, tried
from ranvier.diagnosis.trials.measure import Bench
from ranvier.diagnosis.trials.recipes import recipe_of, why_no_recipe
from ranvier.diagnosis.trials.scores import SCORES, probabilities
from ranvier.nn import Dense, Normalize


def recipe(rate: float = 0.01, units: int = 16, epochs: int = 15, count: int = 500) -> Recipe:
    """A small network that tells the classes of `rows`."""
    x, y = rows(1, count + 300)

    def build() -> ranvier.Model:
        model = ranvier.Sequential([Dense(units, "relu"), Dense(2, "softmax")])
        model.compile(ranvier.optim.Adam(rate), "sparse_categorical_crossentropy")
        return model

    return Recipe(build, (x[:count], y[:count]), (x[count:], y[count:]), epochs)


def test_nothing_changed_is_no_difference_at_all() -> None:
    trial = Bench(recipe(epochs=3)).measure(lambda recipe: recipe)
    np.testing.assert_array_equal(trial.before, trial.after)
    assert trial.difference == 0 and not trial.clear and "no more than chance" in str(trial)
    assert len(trial.before) == 5 and len(set(trial.before.tolist())) == 5


def test_what_helps_is_told_from_what_harms() -> None:
    bench = Bench(recipe(rate=1e-4, epochs=4))
    good, bad = bench.measure(with_rate(0.01)), bench.measure(with_rate(1e-9))
    assert good.better and good.low > 0.05 and "better by" in str(good)
    assert bad.clear and not bad.better and "worse by" in str(bad)
    np.testing.assert_array_equal(good.before, bad.before)  # trained once
    assert good.scores["accuracy"][1] > good.scores["accuracy"][0]


def test_early_stopping_helps_against_learning_by_heart() -> None:
    few = recipe(units=64, epochs=80, count=60)
    trial = Bench(few).measure(with_patience(5))
    assert trial.better and trial.score == "log loss"
    assert trial.rows == 150  # the other half says when to stop


def test_weights_of_classes_are_judged_by_the_recall_of_each() -> None:
    made = recipe(epochs=6)
    x, y = made.train
    rare = np.random.default_rng(0).uniform(size=len(y)) < np.where(y == 1, 0.1, 1.0)
    trial = Bench(replace(made, train=(x[rare], y[rare]))).measure(with_class_weight())
    assert trial.score == "mean recall" and trial.better


def test_rows_with_wrong_labels_are_left_out() -> None:
    made = recipe(epochs=30)
    x, y = made.train
    wrong = np.arange(0, len(y), 4)
    labels = y.copy()
    labels[wrong] = 1 - labels[wrong]
    assert Bench(replace(made, train=(x, labels))).measure(without_rows(wrong)).better


@pytest.mark.parametrize(
    ("change", "layers"),
    [
        (with_dropout(0.3), ["Dense", "Dropout", "Dense"]),
        (with_units(0.5), ["Dense", "Dense"]),
        (with_hidden(8), ["Dense", "Dense", "Dense"]),
        (with_regularizer(0.01), ["Dense", "Dense"]),
        (with_end(activation=None), ["Dense", "Dense"]),
        (with_epochs(2), ["Dense", "Dense"]),
    ],
)
def test_layers_change_in_a_new_model_only(change: object, layers: list[str]) -> None:
    made = recipe(epochs=1)
    changed = change(made)  # type: ignore[operator]
    built = changed.build()
    assert [type(layer).__name__ for layer in built.layers] == layers
    assert [type(layer).__name__ for layer in made.build().layers] == ["Dense", "Dense"]
    assert isinstance(Bench(made, seeds=2).measure(change), Trial)  # type: ignore[arg-type]


def test_numbers_are_judged_by_their_errors() -> None:
    x, y = numbers(3)
    x = x * 1000

    def build() -> ranvier.Model:
        model = ranvier.Sequential([Dense(16, "relu"), Dense(1)])
        model.compile("adam", "mse")
        return model

    made = Recipe(build, (x[:450], y[:450, None]), (x[450:], y[450:, None]), 10)
    trial = Bench(made).measure(with_scaled_inputs())
    assert trial.score == "rmse" and trial.better and trial.after.mean() < 2
    assert {*trial.scores} == {"rmse", "mean absolute error"}


def examined(model: ranvier.Model, epochs: int = 40) -> Examination:
    x, y = rows(5, 260)
    ranvier.seed(0)
    model.compile(ranvier.optim.Adam(0.02), "sparse_categorical_crossentropy")
    held = (x[60:], y[60:])
    history = model.fit(
        x[:60], y[:60], epochs=epochs, batch_size=20, verbose=0, validation_data=held
    )
    return Examination(model, x[:60], y[:60], validation_data=held, history=history)


def test_a_diagnosis_with_trials_leaves_the_model_alone() -> None:
    model = ranvier.Sequential([Dense(64, "relu"), Dense(2, "softmax")])
    e = examined(model)
    before, name = model.get_weights(), ranvier.Sequential([Dense(1)]).name
    ranvier.seed(7)
    draws = ranvier.random.normal((3,)).numpy()
    ranvier.seed(7)
    held = e.validation_data
    found = model.diagnose(e.x, e.y, validation_data=held, history=e.history, trial=True)
    (finding,) = found["overfitting"]
    assert isinstance(finding.measured, Trial) and finding.measured.better
    assert f"trial:    {str(finding.measured)[:30]}" in str(found)
    assert "Trial: log loss" in found.html()
    np.testing.assert_array_equal(ranvier.random.normal((3,)).numpy(), draws)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    number = int(ranvier.Sequential([Dense(1)]).name.rpartition("_")[2])
    assert number == int(name.rpartition("_")[2] or 0) + 1  # names count as without trials


def test_a_recipe_is_that_of_the_training() -> None:
    x = rows(5, 260)[0]
    normalize = Normalize()
    normalize.adapt(x)
    e = examined(ranvier.Sequential([normalize, Dense(8, "relu"), Dense(2, "softmax")]), 3)
    made = recipe_of(e)
    assert made.epochs == 3
    rate = made.build().optimizer.learning_rate
    assert float(rate.numpy()) == pytest.approx(0.02)
    trial = Bench(made, seeds=2).measure(with_epochs(20))
    assert trial.after.mean() < trial.before.mean()


def test_why_there_is_no_trial_is_told() -> None:
    model = ranvier.Sequential([Dense(64, "relu"), Dense(2, "softmax")])
    e = examined(model)
    assert why_no_recipe(e) is None
    alone = Examination(model, e.x, e.y)
    assert "validation" in str(why_no_recipe(alone))
    found = tried(examine(e), e, seconds=0.0)
    assert str(found["overfitting"][0].measured) == "no time was left for a trial"

    class Own(ranvier.Model):
        def __init__(self, layer: Dense) -> None:
            super().__init__()
            self.inner = layer

        def forward(self, x: ranvier.Tensor) -> ranvier.Tensor:
            return self.inner(x)

    own = Own(Dense(2, "softmax"))
    assert "made again" in str(why_no_recipe(examined(own, 1)))


def test_scores_of_rows_average_to_scores() -> None:
    y = np.array([0, 0, 0, 1])
    logits = np.array([[2.0, 0.0], [3.0, 1.0], [0.0, 5.0], [0.0, 1.0]])
    shares = probabilities(logits, y)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities(shares, y), shares)
    np.testing.assert_allclose(probabilities(shares[:, 1:], y), shares)
    assert SCORES["accuracy"].rows(logits, y).mean() == 0.75
    assert SCORES["mean recall"].rows(logits, y).mean() == pytest.approx((2 / 3 + 1) / 2)
    squared = SCORES["rmse"]
    assert squared.shown(float(squared.rows(np.array([1.0, 3.0]), np.zeros(2)).mean())) == 5**0.5
