"""Results on real data that the docs state: quick tests go part of the way, slow ones all."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import EXAMPLES
from ranvier.base.config import switches


def example(name: str, folder: str) -> dict[str, Any]:
    """The names in an example; skips the test when its data are not there."""
    if not (Path(switches.data or "none") / folder).is_dir():
        pytest.skip(f"RANVIER_DATA has no {folder}")
    return runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="example")


def test_house_values_quick() -> None:
    assert example("california_housing", "california_housing")["main"](epochs=8) < 0.50


def test_census_quick() -> None:
    accuracy, area = example("adult", "adult")["main"](epochs=2)
    assert accuracy > 0.85 and area > 0.90


def test_two_dense_layers_on_a_few_digits() -> None:
    assert example("mnist_mlp", "mnist")["main"](rows=3000, epochs=6) > 0.89


def test_the_next_day_quick() -> None:
    errors = example("electricity", "etth1")["main"](epochs=1)
    assert errors["network"] < errors["seasonal naive"] - 0.05
    assert errors["linear, shared"] < errors["linear, all to all"] < errors["seasonal naive"]


def test_reviews_quick() -> None:
    reviews = example("movie_reviews", "rt_polarity")
    (texts, y), _ = reviews["load_rt_polarity"]()
    assert reviews["fold"](0, texts[:4000], y[:4000], epochs=5, seed=0) > 0.60


@pytest.mark.slow
def test_house_values() -> None:
    main = example("california_housing", "california_housing")["main"]
    assert np.mean([main(seed=seed) for seed in range(3)]) < 0.45


@pytest.mark.slow
def test_census() -> None:
    main = example("adult", "adult")["main"]
    accuracy, area = np.mean([main(seed=seed) for seed in range(3)], axis=0)
    assert accuracy >= 0.86 and area >= 0.92


@pytest.mark.slow
def test_mnist_dense() -> None:
    main = example("mnist_mlp", "mnist")["main"]
    assert np.mean([main(seed=seed) for seed in range(3)]) >= 0.983


@pytest.mark.slow
def test_mnist_convolution() -> None:
    main = example("mnist_cnn", "mnist")["main"]
    assert np.mean([main(seed=seed, verbose=0) for seed in range(3)]) >= 0.993


@pytest.mark.slow
def test_the_next_day() -> None:
    errors = example("electricity", "etth1")["main"]()
    assert errors["network"] < 0.95 * min(v for k, v in errors.items() if k != "network")


@pytest.mark.slow
def test_reviews() -> None:
    assert example("movie_reviews", "rt_polarity")["main"](folds=3) >= 0.76


@pytest.mark.slow
@pytest.mark.parametrize(("network", "steps", "loss"), [("gpt", 2000, 1.88), ("lstm", 5000, 1.60)])
def test_shakespeare(network: str, steps: int, loss: float) -> None:
    assert example("shakespeare", "tiny_shakespeare")["main"](network, steps) <= loss


def test_digits_without_labels_quick() -> None:
    example = runpy.run_path(str(EXAMPLES / "clustering.py"), run_name="example")
    (x, y), _ = ranvier.data.load_digits()
    x = x[:700].reshape(700, 64).astype("float32") / 16
    ranvier.seed(0)
    model = ranvier.models.NeighbourClustering(10, members=1).fit(x, epochs=15)
    assert example["accuracy"](y[:700], model.predict(x)) > 0.6


@pytest.mark.slow
def test_digits_without_labels() -> None:
    main = runpy.run_path(str(EXAMPLES / "clustering.py"), run_name="example")["main"]
    assert np.mean([main(seed, deep=False)["neighbours"] for seed in range(3)]) >= 0.85
