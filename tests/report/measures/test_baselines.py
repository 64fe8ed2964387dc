"""Simple models: they learn what is there, and say when they were not trained."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.report.measures import baselines
from ranvier.report.measures.baselines import Baseline
from ranvier.typing import Array

random = np.random.default_rng(0)


def arrays(rows: int) -> dict[str, Array]:
    return {
        "numbers": random.normal(size=(rows, 3)).astype(np.float32) * [1, 1e6, 0],
        "flags": random.integers(0, 2, (rows, 2)).astype(np.float32),
        "categories": random.integers(0, 60, (rows, 1)).astype(np.int32),
    }


def by_name(models: list[Baseline]) -> dict[str, Baseline]:
    return {model.name: model for model in models}


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_all_simple_models_beat_the_simplest_one(classes: int) -> None:
    pytest.importorskip("sklearn")
    train, test = arrays(600), arrays(300)

    def truth(x: dict[str, Array]) -> Array:
        score = x["numbers"][:, 0] + x["flags"][:, 1] - (x["categories"][:, 0] == 3)
        if not classes:
            return np.asarray(50 + 10 * score, np.float64)
        return np.digitize(score, [0.5] if classes == 2 else [0.0, 1.0])

    y, y_test = truth(train), truth(test)
    models = by_name(baselines.baselines(train, y, test, classes))
    names = ["majority", "logistic"] if classes else ["mean", "linear"]
    assert list(models) == [*names, "boosting"]

    def loss(model: Baseline) -> float:
        assert model.predicted is not None and np.isfinite(model.predicted).all()
        if classes:
            assert np.allclose(model.predicted.sum(axis=1), 1)
            return float(-np.log(model.predicted[np.arange(300), y_test]).mean())
        return float(((model.predicted - y_test) ** 2).mean())

    simplest, linear, boosting = map(loss, models.values())
    assert linear < 0.5 * simplest and boosting < 0.5 * simplest


def test_what_is_not_trained_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = arrays(50), np.arange(50) % 2
    monkeypatch.setattr(baselines, "_MAX_BOOSTING", 10)
    large = by_name(baselines.baselines(x, y, x, 2))["boosting"]
    assert large.predicted is None and (large.note, large.detail) == ("large", "50 × 6")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert by_name(baselines.baselines(x, y, x, 2))["boosting"].note == "missing"


def test_much_is_sampled_and_a_class_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = arrays(3000), np.arange(3000) % 2
    monkeypatch.setattr(baselines, "_MAX_LOGISTIC", 1)
    monkeypatch.setattr(baselines, "_MAX_BOOSTING", 1e9)
    models = by_name(baselines.baselines(x, y, x, 3))
    assert (models["logistic"].note, models["logistic"].detail) == ("sampled", "1,000")
    predicted = models["logistic"].predicted
    assert predicted is not None and predicted.shape == (3000, 3) and predicted[:, 2].max() < 0.01
    if models["boosting"].note != "missing":
        assert models["boosting"].note == "failed"


def test_simple_models_fit_into_the_time() -> None:
    """Without any, boosting is left out; the linear model still learns, from fewer rows."""
    x = arrays(20_000)
    y = (x["numbers"][:, 0] > 0.3).astype(int)
    models = by_name(baselines.baselines(x, y, x, 2, seconds=0.0))
    assert models["boosting"].predicted is None and models["boosting"].note == "time"
    assert (models["logistic"].note, models["logistic"].detail) == ("sampled", "1,000")
    told = models["logistic"].predicted
    assert told is not None and (told.argmax(axis=1) == y).mean() > 0.9
    # As much time as it likes: all rows.
    assert by_name(baselines.baselines(x, y, x, 2))["logistic"].note == ""


def test_of_a_large_table_the_matrix_is_made_of_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    x = arrays(3000)
    made = []
    design = baselines.design

    def counted(train: dict[str, Array], test: dict[str, Array]) -> tuple[Array, Array]:
        made.append(design(train, test))
        return made[-1]

    monkeypatch.setattr(baselines, "design", counted)
    monkeypatch.setattr(baselines, "_MAX_LINEAR", 2000 * baselines.design_width(x))
    linear = by_name(baselines.baselines(x, x["numbers"][:, 0], x, 0))["linear"]
    assert (linear.note, linear.detail) == ("sampled", "2,000")
    assert made[0][0].shape[0] == 2000 and made[0][1].shape[0] == 3000
    assert made[0][0].shape[1] <= baselines.design_width(x)


def test_without_columns_there_is_only_the_simplest() -> None:
    models = baselines.baselines({}, np.array([1.0, 3.0]), {}, 0)
    assert [model.name for model in models] == ["mean"]
