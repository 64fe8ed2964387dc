"""Same seed, same bits: orders, first weights, dropout and training, on any number of threads."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ranvier
from engines import ENGINES
from paths import TESTS
from ranvier.executors.reference import shuffled
from ranvier.nn import Activation, Dense, Dropout
from ranvier.train.steps.order import Orders


def trained(engine: str, seed: int) -> bytes:
    """The bits of every weight and every number of the history."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((301, 20)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.float32)
    ranvier.seed(seed)
    model = ranvier.Sequential(
        [
            Dense(300, activation="relu"),
            Dropout(0.3),
            Dense(40, kernel_initializer="orthogonal", bias_initializer="random_normal"),
            Activation("tanh"),
            Dense(1, activation="sigmoid", kernel_initializer="truncated_normal"),
        ]
    )
    model.compile("adam", "binary_crossentropy", ["accuracy", "auc"], engine=engine)
    history = model.fit(x, y, batch_size=64, epochs=3, verbose=0, validation_split=0.1)
    numbers = [np.array(v) for v in history.history.values()]
    return b"".join(a.tobytes() for a in [*model.get_weights(), *numbers, model.predict(x)])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_training(engine: str) -> None:
    once = trained(engine, 7)
    assert once == trained(engine, 7)
    assert once != trained(engine, 8)


def test_the_number_of_threads_changes_no_bit(tmp_path: Path) -> None:
    pytest.importorskip("llvmlite")
    code = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from train.fit.test_seed import trained\n"
        "print(hashlib.sha256(trained('compiled', 7)).hexdigest())"
    )
    tests = str(TESTS)
    found = {hashlib.sha256(trained("compiled", 7)).hexdigest()}
    for threads in ("1", "2"):
        environment = {**os.environ, "RANVIER_THREADS": threads, "RANVIER_CACHE": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code, tests],
            env={**environment, "PYTHONPATH": str(Path(ranvier.__file__).parents[1])},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout.strip())
    assert len(found) == 1


@pytest.mark.parametrize("rows", [1, 2, 5, 64, 1001])
def test_orders_are_the_same_on_both_engines_and_in_any_portions(rows: int) -> None:
    pytest.importorskip("llvmlite")
    taken = []
    for engine in ("reference", "compiled"):
        for portions in ((6,), (1, 2, 3), (1,) * 6):
            ranvier.seed(3)
            orders = Orders(rows, 8, True, engine)
            taken.append(np.concatenate([orders.take(n) for n in portions]).reshape(6, -1))
    for other in taken[1:]:
        np.testing.assert_array_equal(taken[0], other)
    width = -(-rows // 8) * 8
    for line in taken[0]:
        assert sorted(line[:rows]) == list(range(rows))
        np.testing.assert_array_equal(line[rows:], np.resize(line[:rows], width)[rows:])
    if rows == 1001:
        assert len({tuple(line) for line in taken[0]}) == 6


def test_every_order_is_as_likely_as_the_others() -> None:
    draws = 60_000
    bits = np.random.default_rng(0).integers(0, 2**32, (draws, 4), np.uint32)
    counts = np.unique(shuffled(bits) @ [64, 16, 4, 1], return_counts=True)[1]
    assert len(counts) == 24
    # Chi-squared with 23 degrees of freedom stays below 49.7 at 99.9 %.
    assert ((counts - draws / 24) ** 2 / (draws / 24)).sum() < 49.7


def test_orders_are_pinned() -> None:
    ranvier.seed(0)
    assert Orders(7, 7, True).take(2).tolist() == [5, 6, 0, 1, 2, 3, 4, 0, 3, 6, 4, 1, 5, 2]
