"""Metrics beside scikit-learn's, batch by batch, weighted and padded; how they are resolved."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import ranvier
from paths import GOLDEN
from ranvier import losses, metrics
from ranvier.errors import ArgumentError, DataError, ShapeError

STORED = np.load(GOLDEN / "metrics.npz")


def stream(metric: metrics.Metric, y: Any, p: Any, weight: Any, batch: int = 37) -> float:
    """Over batches of one size, the last filled up with rows of weight 0."""
    state = metric.make_state()
    for start in range(0, len(y), batch):
        rows = np.arange(start, start + batch)
        real = rows < len(y)
        rows = np.where(real, rows, 0)
        w = np.where(real, weight[rows], 0).astype(np.float32)
        given = (ranvier.tensor(v[rows].astype(t)) for v, t in ((y, "int64"), (p, "float32")))
        if y.dtype.kind == "f":
            given = (ranvier.tensor(v[rows].astype("float32")) for v in (y, p))
        true, pred = given
        state = metric.update(state, true, pred, ranvier.tensor(w))
    return metric.result([s.numpy() for s in state])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1", "auc"])
def test_binary(name: str, shape: tuple[int, ...], weighted: bool) -> None:
    y, score = STORED["binary/target"], STORED["binary/score"].reshape(shape)
    weight = STORED["binary/weight"] if weighted else np.ones(len(y))
    metric = metrics.resolve(name, "binary_crossentropy", shape[1:], ())
    expected = STORED[f"binary/{name}{'_weighted' if weighted else ''}"]
    assert stream(metric, y, score, weight) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1", "top_2", "top_3"])
def test_multiclass(name: str, one_hot: bool, weighted: bool) -> None:
    y, score = STORED["multiclass/target"], STORED["multiclass/score"]
    weight = STORED["multiclass/weight"] if weighted else np.ones(len(y))
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    target = np.eye(5, dtype=np.int64)[y] if one_hot else y
    what: Any = metrics.TopK(k=int(name[-1])) if name.startswith("top") else name
    key = f"{name}_macro" if name in ("precision", "recall", "f1") else name
    metric = metrics.resolve(what, loss, (5,), target.shape[1:])
    expected = STORED[f"multiclass/{key}{'_weighted' if weighted else ''}"]
    assert stream(metric, target, score, weight) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "r2"])
def test_regression(name: str, weighted: bool) -> None:
    y, p = STORED["regression/target"], STORED["regression/prediction"]
    weight = STORED["regression/weight"] if weighted else np.ones(len(y))
    metric = metrics.resolve(name, "mse", (1,), ())
    expected = STORED[f"regression/{name}{'_weighted' if weighted else ''}"]
    assert stream(metric, y, p[:, None], weight) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("name", ["accuracy", "precision", "auc", "r2", "top_k"])
def test_compiled_is_the_same(name: str) -> None:
    random = np.random.default_rng(0)
    p = random.uniform(0, 1, (8, 2)).astype(np.float32)
    y = random.integers(0, 2, 8)
    loss = "mse" if name == "r2" else "sparse_categorical_crossentropy"
    metric = metrics.resolve(name, loss, (2,), (2,) if name == "r2" else ())
    if name == "r2":
        y = np.eye(2)[y].astype(np.float32)
    weight = ranvier.tensor(np.array([1, 1, 1, 1, 1, 1, 0, 0], np.float32))
    args = ranvier.tensor(y), ranvier.tensor(p), weight
    eager = metric.update(metric.make_state(), *args)
    run = ranvier.compile(lambda state, y, p, w: metric.update(state, y, p, w))
    for a, b in zip(eager, run(metric.make_state(), *args), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_whole_functions() -> None:
    y, score = STORED["binary/target"], STORED["binary/score"]
    assert metrics.roc_auc(y, score) == pytest.approx(float(STORED["binary/auc"]), rel=1e-12)
    assert metrics.roc_auc(y, score, STORED["binary/weight"]) == pytest.approx(
        float(STORED["binary/auc_weighted"]), rel=1e-12
    )
    y, score = STORED["multiclass/target"], STORED["multiclass/score"]
    np.testing.assert_array_equal(
        metrics.confusion_matrix(y, score), STORED["multiclass/confusion"]
    )
    np.testing.assert_array_equal(
        metrics.confusion_matrix(y, score.argmax(1), 5), STORED["multiclass/confusion"]
    )
    assert metrics.confusion_matrix([0, 1], [0.2, 0.9]).tolist() == [[1, 0], [0, 1]]


def test_counts_do_not_stop_at_two_to_the_24() -> None:
    metric = metrics.resolve("accuracy", "binary_crossentropy", (1,), ())
    state = [ranvier.tensor(np.float64(2**24)) for _ in range(2)]
    new = metric.update(state, ranvier.tensor([1]), ranvier.tensor([[0.9]]), ranvier.tensor([1.0]))
    assert [s.item() for s in new] == [2**24 + 1] * 2


def test_r2_far_from_zero_keeps_its_digits() -> None:
    y = 1e4 + np.random.default_rng(0).normal(size=1000)
    p = y + 0.5
    y, p = y.astype(np.float32), p.astype(np.float32)
    exact = 1 - ((y - p).astype("f8") ** 2).sum() / ((y - y.mean(dtype="f8")) ** 2).sum()
    assert metrics.R2()(y, p) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "output", "target", "form", "cut"),
    [
        ("binary_crossentropy", (1,), (), "binary", 0.5),
        (losses.BinaryCrossentropy(from_logits=True), (1,), (), "binary", 0.0),
        ("sparse_categorical_crossentropy", (3,), (), "labels", 0.5),
        ("categorical_crossentropy", (3,), (3,), "one_hot", 0.5),
        ("hinge", (1,), (), "binary", 0.0),
        ("mse", (1,), (), "binary", 0.5),
        ("mse", (3,), (3,), "one_hot", 0.5),
        ("mse", (3,), (1,), "labels", 0.5),
    ],
)
def test_accuracy_follows_the_targets(
    loss: Any, output: Any, target: Any, form: str, cut: float
) -> None:
    for name in ("accuracy", "acc"):
        metric = metrics.resolve(name, loss, output, target)
        assert (metric.form, metric.cut, metric.name) == (form, cut, name)


def test_accuracy_of_signs_and_of_logits() -> None:
    signed = metrics.resolve("accuracy", "hinge", (1,), ())
    y = ranvier.tensor([-1, 1, 1])
    p, w = ranvier.tensor([[-2.0], [0.3], [-0.1]]), ranvier.tensor([1.0, 1.0, 1.0])
    state = signed.update(signed.make_state(), y, p, w)
    assert signed.result([s.numpy() for s in state]) == pytest.approx(2 / 3)


def test_a_metric_object_serves_two_models() -> None:
    mine = metrics.Accuracy()
    one = metrics.resolve(mine, "binary_crossentropy", (1,), ())
    two = metrics.resolve(mine, "categorical_crossentropy", (3,), (3,))
    assert (one.form, two.form, mine.form) == ("binary", "one_hot", "real")


def test_losses_and_functions_are_metrics() -> None:
    assert metrics.get("binary_crossentropy").name == "binary_crossentropy"
    own = metrics.get(lambda y, p: ranvier.abs(y - p))
    assert own([1.0, 2.0], [2.0, 4.0]) == 1.5


def test_the_other_cases() -> None:
    assert np.isnan(metrics.AUC()([1, 1], [0.2, 0.3]))
    assert metrics.Precision()([1, 0], [0.2, 0.3]) == 0
    assert np.isnan(metrics.R2()([1.0, 1.0], [1.0, 1.0]))
    assert metrics.TopK(k=1)([0], [[0.4, 0.6]]) == 0
    two = metrics.resolve("recall", "sparse_categorical_crossentropy", (2,), ())
    assert two([1, 1, 0], [[0.4, 0.6], [0.6, 0.4], [0.1, 0.9]]) == 0.5


def check_accuracy(outputs: int, y: Any) -> None:
    metrics.resolve("accuracy", "mse", (outputs,), ()).check_targets(np.array(y))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: metrics.get("acuracy"), ArgumentError, "did you mean 'accuracy'"),
        (lambda: metrics.TopK(0), ArgumentError, "k=0"),
        (
            lambda: check_accuracy(1, [0.5, 7.2]),
            DataError,
            "metric 'accuracy' counts targets 0 and 1, but the targets hold 7.2; for real-valued",
        ),
        (
            lambda: check_accuracy(1, [3, 4]),
            DataError,
            "the targets hold 3",
        ),
        (
            lambda: check_accuracy(3, [0.5, 1.2]),
            DataError,
            "counts class labels",
        ),
        (
            lambda: metrics.resolve("categorical_accuracy", "bce", (1,), ()),
            DataError,
            "'categorical_accuracy' counts one-hot targets, but the targets are targets 0 and 1",
        ),
        (
            lambda: metrics.resolve("auc", "categorical_crossentropy", (3,), (3,))(
                np.eye(3), np.eye(3)
            ),
            ArgumentError,
            "compares two classes; there are 3 outputs",
        ),
        (lambda: metrics.roc_auc([1, 1], [0.1, 0.2]), DataError, "both classes must occur"),
        (lambda: metrics.roc_auc([0, 1], [0.1, np.nan]), DataError, "NaN"),
        (lambda: metrics.roc_auc([0, 1], [0.1]), ShapeError, "2 targets for 1 scores"),
        (lambda: metrics.confusion_matrix([0, 3], [0, 1], 2), DataError, "from 0 to 1"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_targets_that_a_metric_can_count() -> None:
    for y in ([0, 1], [-1, 1], [0.0, 1.0], [0.1, 0.9], [True, False]):
        check_accuracy(1, y)
    check_accuracy(3, [0.0, 2.0])
    metrics.resolve("mae", "mse", (1,), ()).check_targets(np.array([0.3, 7]))
