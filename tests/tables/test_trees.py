"""Trees kept as arrays say what scikit-learn's own say."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier.errors import FileError
from ranvier.tables.trees import Trees, grow, matrix, mean_of
from ranvier.typing import Array

ensemble = pytest.importorskip("sklearn.ensemble")


def arrays(rows: int = 500) -> dict[str, Array]:
    random = np.random.default_rng(0)
    numbers = random.normal(size=(rows, 3)).astype(np.float32)
    numbers[::7, 1] = np.nan
    flags = random.integers(0, 2, (rows, 2)).astype(np.float32)
    return {"numbers": numbers, "flags": flags, "categories": random.integers(0, 9, (rows, 1))}


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_trees_say_what_scikit_learns_own_say(task: str) -> None:
    x = arrays()
    y = np.nan_to_num(x["numbers"]).sum(axis=1) + x["categories"][:, 0]
    if task != "regression":
        y = np.digitize(y, [4.0] if task == "binary" else [2.0, 5.0])
    trees = grow(x, y, task)
    kind = "Regressor" if task == "regression" else "Classifier"
    peer = getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=0).fit(matrix(x), y)
    expected = (peer.predict if task == "regression" else peer.predict_proba)(matrix(x))
    np.testing.assert_allclose(trees.predict(x), expected, rtol=1e-9, atol=1e-15)
    again = Trees.restore(task, trees.arrays())
    np.testing.assert_array_equal(again.predict(x), trees.predict(x))
    one_by_one = [trees.predict({k: a[i : i + 1] for k, a in x.items()}) for i in range(20)]
    np.testing.assert_array_equal(np.concatenate(one_by_one), trees.predict(x)[:20])


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_the_mean_of_forests_is_the_mean_of_their_sums(task: str) -> None:
    x = arrays()
    y = np.nan_to_num(x["numbers"]).sum(axis=1) + x["categories"][:, 0]
    if task != "regression":
        y = np.digitize(y, [2.0, 5.0])
    rows = [np.arange(300), np.arange(100, 400), np.arange(200, 500)]
    forests = [grow({k: a[r] for k, a in x.items()}, y[r], task, seconds=0.0) for r in rows]
    whole = mean_of(forests)
    sums = np.mean([forest._sums(matrix(x)) for forest in forests], axis=0)
    np.testing.assert_allclose(whole._sums(matrix(x)), sums, rtol=1e-12, atol=1e-12)
    again = Trees.restore(task, whole.arrays())
    np.testing.assert_array_equal(again.predict(x), whole.predict(x))
    assert mean_of(forests[:1]) is forests[0]


@pytest.mark.parametrize(
    ("name", "value"), [("left", 0), ("right", 10**6), ("first", -1), ("feature", -1)]
)
def test_damaged_trees_are_refused(name: str, value: int) -> None:
    x = arrays(100)
    kept = grow(x, np.nan_to_num(x["numbers"]).sum(axis=1), "regression").arrays()
    kept[name] = kept[name].copy()
    kept[name][5] = value
    with pytest.raises(FileError, match="damaged"):
        Trees.restore("regression", kept)
