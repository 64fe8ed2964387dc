"""MLPClassifier and MLPRegressor do what scikit-learn's classes of these names do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators need scikit-learn")

from scipy import sparse
from sklearn import neural_network
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ranvier import estimators
from ranvier.errors import RanvierWarning
from ranvier.estimators import solvers, training_rows

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",
    "ignore:lbfgs failed to converge",
)

FITTED = [
    "coefs_", "intercepts_", "loss_", "loss_curve_", "best_loss_", "validation_scores_",
    "best_validation_score_", "t_", "n_features_in_", "n_iter_", "n_layers_", "n_outputs_",
    "out_activation_",
]  # fmt: skip


def digits(rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    x, y = load_digits(return_X_y=True)
    return x[:rows, 8:24] / 16, y[:rows]


def both(kind: str, **options: Any) -> tuple[Any, Any]:
    """scikit-learn's estimator and ours."""
    options = {"hidden_layer_sizes": (16,), "max_iter": 20, "random_state": 3} | options
    return getattr(neural_network, kind)(**options), getattr(estimators, kind)(**options)


def agree(theirs: Any, ours: Any, x: Any, tolerance: float = 1e-9) -> None:
    """The same history, weights and outputs, up to rounding."""
    for name in FITTED:
        assert (name in vars(theirs)) == (name in vars(ours)), name
        if name not in vars(theirs):
            continue
        a, b = getattr(theirs, name), getattr(ours, name)
        if name in ("coefs_", "intercepts_"):
            for c, d in zip(a, b, strict=True):
                assert c.dtype == d.dtype
                np.testing.assert_allclose(d, c, rtol=tolerance, atol=tolerance)
        elif isinstance(a, float | list):
            np.testing.assert_allclose(b, a, rtol=tolerance)
        else:
            assert a == b, name
    for method in ("predict_proba", "predict"):
        if hasattr(theirs, method):
            a, b = getattr(theirs, method)(x), getattr(ours, method)(x)
            assert a.shape == b.shape
            if a.dtype.kind == "f":
                assert a.dtype == b.dtype
                np.testing.assert_allclose(b, a, rtol=tolerance, atol=tolerance)
            else:
                assert np.array_equal(a, b)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"activation": "tanh", "hidden_layer_sizes": (16, 8), "batch_size": 50, "alpha": 1.0},
    {"activation": "logistic", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    {"activation": "identity", "hidden_layer_sizes": ()},
    {"solver": "sgd", "learning_rate_init": 0.1},
    {"solver": "sgd", "nesterovs_momentum": False, "learning_rate": "invscaling", "power_t": 0.3},
    {"solver": "sgd", "learning_rate": "adaptive", "tol": 10.0, "n_iter_no_change": 2},
    {"solver": "sgd", "momentum": 0.0, "shuffle": False},
    {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 3, "tol": 0.01},
    {"tol": 0.5, "n_iter_no_change": 2},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(map(str, o.values())))
def test_the_same_random_state_leads_through_the_same_losses(options: dict[str, Any]) -> None:
    x, y = digits()
    theirs, ours = both("MLPClassifier", **options)
    agree(theirs.fit(x, y), ours.fit(x, y), x)
    assert len(ours.loss_curve_) == ours.n_iter_


TARGETS: dict[str, Any] = {
    "two classes": lambda y: np.where(y > 4, "many", "few"),
    "two classes of objects": lambda y: np.where(y > 4, "many", "few").astype(object),
    "labels": lambda y: np.stack([y > 4, y % 2 == 0, y % 3 == 0], axis=1).astype(int),
    "large numbers": lambda y: y * 10**17,
    "bools": lambda y: y > 4,
}


@pytest.mark.parametrize("target", TARGETS)
def test_all_kinds_of_classes(target: str) -> None:
    x, y = digits()
    y = TARGETS[target](y)
    theirs, ours = both("MLPClassifier")
    agree(theirs.fit(x, y), ours.fit(x, y), x)
    assert np.array_equal(theirs.classes_, ours.classes_)
    assert target == "labels" or ours.predict(x).dtype == y.dtype  # scikit-learn's is "<U4"


def test_labels_in_a_sparse_matrix() -> None:
    x, y = digits()
    y = TARGETS["labels"](y)
    _, dense = both("MLPClassifier")
    _, ours = both("MLPClassifier")
    ours.fit(x, sparse.csr_matrix(y))
    assert np.array_equal(ours.predict(x), dense.fit(x, y).predict(x))


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"loss": "poisson"}], ids=str)
def test_regression(options: dict[str, Any], outputs: int) -> None:
    x, y = load_diabetes(return_X_y=True)
    y = np.floor(y / 30)
    y = y if outputs == 1 else np.stack([y, y**2], axis=1)
    theirs, ours = both("MLPRegressor", **options)
    agree(theirs.fit(x, y), ours.fit(x, y), x)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_sample_weights(kind: str) -> None:
    x, y = digits()
    y = y % 2
    weights = np.random.default_rng(0).integers(0, 4, len(y)).astype(float)
    theirs, ours = both(kind, early_stopping=kind == "MLPClassifier")
    agree(theirs.fit(x, y, sample_weight=weights), ours.fit(x, y, sample_weight=weights), x)


def test_a_batch_without_weight_is_left_out() -> None:
    x, y = digits(100)
    weights = np.concatenate([np.zeros(50), np.ones(50)])
    _, ours = both("MLPClassifier", batch_size=50, shuffle=False, max_iter=3)
    ours.fit(x, y, sample_weight=weights)  # scikit-learn divides by 0
    assert np.isfinite(ours.loss_curve_).all()


def test_rows_of_float32() -> None:
    x, y = digits()
    x = x.astype(np.float32)
    theirs, ours = both("MLPClassifier")
    agree(theirs.fit(x, y), ours.fit(x, y), x, tolerance=1e-3)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-5)
    assert ours.coefs_[0].dtype == np.float32


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_sparse_rows(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_rows, "_BLOCK_BYTES", 60 * 16 * 8)  # a few batches at a time
    x, y = digits(250)
    _, dense = both("MLPClassifier", batch_size=30, max_iter=3)
    _, ours = both("MLPClassifier", batch_size=30, max_iter=3)
    x_sparse = sparse.coo_matrix(x).asformat(kind)
    dense.fit(x, y), ours.fit(x_sparse, y)
    assert ours.loss_curve_ == dense.loss_curve_
    assert np.array_equal(ours.predict_proba(x_sparse), dense.predict_proba(x))


def test_lbfgs() -> None:
    x, y = load_iris(return_X_y=True)
    theirs, ours = both("MLPClassifier", solver="lbfgs", max_iter=15)
    agree(theirs.fit(x, y), ours.fit(x, y), x, tolerance=1e-6)


def test_lbfgs_takes_rows_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = digits(300)
    _, whole = both("MLPClassifier", solver="lbfgs", max_iter=5)
    _, ours = both("MLPClassifier", solver="lbfgs", max_iter=5)
    whole.fit(x, y)
    monkeypatch.setattr(solvers, "_ROWS_AT_ONCE", 70)
    agree(whole, ours.fit(x, y), x, tolerance=1e-6)


def test_lbfgs_learns_several_numbers() -> None:
    """scikit-learn's gradient is that of the sum, its loss the mean, and its line search fails."""
    x = np.linspace(-1, 1, 60)[:, None]
    y = np.concatenate([np.sin(3 * x), x**2, np.cos(2 * x)], axis=1)
    ours = estimators.MLPRegressor(
        hidden_layer_sizes=(16,), activation="tanh", solver="lbfgs", random_state=0, alpha=1e-6
    )
    assert ours.fit(x, y).score(x, y) > 0.999


def test_partial_fit_goes_on() -> None:
    x, y = digits(300)
    theirs, ours = both("MLPClassifier", solver="adam")
    for part in np.array_split(np.arange(300), 5):
        for estimator in (theirs, ours):
            estimator.partial_fit(x[part], y[part], classes=np.arange(10))
    agree(theirs, ours, x)
    theirs.fit(x, y), ours.fit(x, y)
    theirs.partial_fit(x, y), ours.partial_fit(x, y)
    agree(theirs, ours, x)


def test_partial_fit_of_a_regression() -> None:
    x, y = digits(300)
    theirs, ours = both("MLPRegressor", solver="sgd", learning_rate="invscaling")
    for part in np.array_split(np.arange(300), 5):
        theirs.partial_fit(x[part], y[part]), ours.partial_fit(x[part], y[part])
    agree(theirs, ours, x)


def test_warm_start_goes_on_with_the_weights() -> None:
    x, y = digits(300)
    theirs, ours = both("MLPClassifier", warm_start=True, max_iter=4)
    for _ in range(3):
        theirs.fit(x, y), ours.fit(x, y)
    agree(theirs, ours, x)
    assert len(ours.loss_curve_) == 12


def test_class_weights_are_sample_weights() -> None:
    x, y = digits(300)
    y = (y == 3).astype(int)
    _, plain = both("MLPClassifier")
    ours = clone(plain).set_params(class_weight={1: 5.0})
    plain.fit(x, y, sample_weight=np.where(y == 1, 5.0, 1.0))
    assert ours.fit(x, y).loss_curve_ == plain.loss_curve_
    balanced = clone(plain).set_params(class_weight="balanced")
    assert balanced.fit(x, y).predict(x).mean() > plain.fit(x, y).predict(x).mean()


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_prints_the_losses(solver: str, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = digits(100)
    _, ours = both("MLPClassifier", verbose=True, max_iter=2, solver=solver)
    ours.fit(x, y)
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == f"Iteration 2, loss = {ours.loss_:.8f}"


def test_the_end_of_training_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = digits(100)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        both("MLPClassifier", max_iter=2)[1].fit(x, y)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge after 2 iterations"):
        both("MLPClassifier", max_iter=2, solver="lbfgs")[1].fit(x, y)
    theirs, ours = both("MLPClassifier", verbose=True, tol=10.0, n_iter_no_change=2)
    theirs.fit(x, y)
    expected = capsys.readouterr().out
    ours.fit(x, y)
    assert capsys.readouterr().out == expected
    assert "did not improve" in expected


def test_one_class_is_predicted_with_a_word() -> None:
    with pytest.warns(RanvierWarning, match="one class only, 'a'"):
        ours = estimators.MLPClassifier(max_iter=3).fit([[0.0], [1.0]], ["a", "a"])
    assert ours.predict([[5.0]]).tolist() == ["a"]
    assert ours.predict_proba([[5.0]]).tolist() == [[1.0]]


# --- scores on real data ------------------------------------------------------------------------


def scores(kind: str, x: np.ndarray, y: np.ndarray, seeds: int) -> np.ndarray:
    """(2, seeds): test scores of scikit-learn's class and of ours."""
    table = np.empty((2, seeds))
    for seed in range(seeds):
        x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=seed)
        for i, estimator in enumerate(both(kind, random_state=seed, max_iter=100)):
            model = make_pipeline(StandardScaler(), estimator).fit(x_train, y_train)
            table[i, seed] = model.score(x_test, y_test)
    return table


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "load"),
    [
        ("MLPClassifier", load_iris),
        ("MLPClassifier", load_digits),
        ("MLPRegressor", load_diabetes),
    ],
)
def test_scores_are_those_of_scikit_learn(kind: str, load: Any) -> None:
    x, y = load(return_X_y=True)
    theirs, ours = scores(kind, x[:800], y[:800], seeds=2)
    np.testing.assert_allclose(ours, theirs, atol=0.01)
