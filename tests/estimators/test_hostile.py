"""What goes wrong with estimators: each mistake ends in an error that says what to do."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators need scikit-learn")

import joblib
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ranvier.base.config import switches
from ranvier.errors import ArgumentError, DataError, StateError
from ranvier.estimators import MLPClassifier, MLPRegressor, programs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 4))
Y = np.arange(60) % 3
LABELS = np.stack([Y, Y], axis=1)


def classifier(**options: Any) -> Any:
    return MLPClassifier(**{"max_iter": 3, "hidden_layer_sizes": 4, "random_state": 0} | options)


def regressor(**options: Any) -> Any:
    return MLPRegressor(**{"max_iter": 3, "hidden_layer_sizes": 4, "random_state": 0} | options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -1}, "alpha=-1; expected a number of at least 0"),
        ({"alpha": np.nan}, "alpha=nan; expected"),
        ({"activation": "Relu"}, "activation 'Relu'; did you mean 'relu'"),
        ({"solver": "adma"}, "did you mean 'adam'"),
        ({"hidden_layer_sizes": (4, 0)}, "hidden_layer_sizes must be > 0, got"),
        ({"hidden_layer_sizes": "wide"}, "as in hidden_layer_sizes="),
        ({"hidden_layer_sizes": None}, "as in hidden_layer_sizes="),
        ({"batch_size": 0}, "expected 'auto' or an integer of at least 1"),
        ({"max_iter": 2.5}, "expected an integer of at least 1"),
        ({"momentum": 1.0}, "at least 0 and below 1"),
        ({"epsilon": 0}, "expected a number above 0"),
        ({"early_stopping": 1}, "expected True or False"),
        ({"learning_rate": "cosine"}, "Known: adaptive, constant, invscaling"),
        ({"class_weight": "balance"}, "expected None, 'balanced', a dict"),
    ],
    ids=str,
)
def test_arguments_are_looked_at_by_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        classifier(**options).fit(X, Y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(59), r"sample_weight.shape == \(59,\), expected \(60,\)"),
        (np.ones((60, 2)), "Sample weights must be 1D"),
        (-np.ones(60), "negative at row 0"),
        (np.full(60, np.nan), "NaN or infinity, first at row 0"),
        (np.zeros(60), "at least one non-zero"),
        (["a"] * 60, "are no numbers"),
    ],
    ids=["few", "2D", "negative", "NaN", "zero", "text"],
)
def test_sample_weights_that_cannot_be_used(weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, Y, sample_weight=weights)


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "labels that are not 0 and 1": (
        lambda: classifier().fit(X, [[1, 2]] * 60),
        "a 2 in it",
    ),
    "columns of classes": (lambda: classifier().fit(X, LABELS), "MultiOutputClassifier"),
    "counts below 0": (lambda: regressor(loss="poisson").fit(X, X[:, 0]), "negative numbers"),
    "numbers too large": (lambda: regressor().fit(X, Y * 1e300), "a non-finite loss"),
    "rows too large": (
        lambda: regressor(hidden_layer_sizes=100).fit(X * 1e200, Y),
        "non-finite parameter weights",
    ),
    "nothing held out": (
        lambda: classifier(early_stopping=True, validation_fraction=0.01).fit(X, Y),
        "validation set is too small: of 60 rows",
    ),
    "all held out": (
        lambda: classifier(early_stopping=True, validation_fraction=0.99).fit(X, Y),
        "training set is too small: of 60 rows",
    ),
    "partial_fit without classes": (
        lambda: classifier().partial_fit(X, Y),
        "classes must be passed on the first call",
    ),
    "partial_fit with a new class": (
        lambda: classifier().partial_fit(X, Y, classes=[0, 1]),
        "has classes not in",
    ),
    "partial_fit with other classes": (
        lambda: classifier().partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y, classes=[0]),
        "not the same as on last call",
    ),
    "partial_fit with early stopping": (
        lambda: regressor(early_stopping=True).partial_fit(X, Y),
        "does not support early_stopping",
    ),
    "partial_fit with balanced classes": (
        lambda: classifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2]),
        "needs all rows at once",
    ),
    "a warm start with other classes": (
        lambda: classifier(warm_start=True).fit(X, Y).fit(X, Y + 1),
        "warm_start can only be used",
    ),
    "a warm start with labels": (
        lambda: classifier(warm_start=True).fit(X, Y).fit(X, LABELS > 1),
        "the fit before was on other targets",
    ),
    "other columns": (
        lambda: classifier().fit(X, Y).predict(X[:, :3]),
        "expecting 4 features",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told(mistake: str) -> None:
    call, message = MISTAKES[mistake]
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hidden_layer_sizes": 7}, r"\[4, 4, 3\], now they are \[4, 7, 3\]"),
        ({"early_stopping": True}, "early_stopping has changed"),
    ],
    ids=str,
)
def test_a_warm_start_needs_the_same_network(changed: dict[str, Any], message: str) -> None:
    estimator = classifier(warm_start=True).fit(X, Y)
    with pytest.raises(StateError, match=message):
        estimator.set_params(**changed).fit(X, Y)


def test_a_warm_start_of_lbfgs_is_no_stochastic_one() -> None:
    estimator = classifier(warm_start=True, solver="lbfgs").fit(X, Y)
    with pytest.raises(StateError, match="the fit before was with solver='lbfgs'"):
        estimator.set_params(solver="adam").fit(X, Y)


def test_partial_fit_is_there_where_a_solver_has_it() -> None:
    assert hasattr(MLPRegressor(), "partial_fit")
    assert not hasattr(MLPRegressor(solver="lbfgs"), "partial_fit")
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")


def test_other_columns_may_be_learned_again() -> None:
    estimator = classifier().fit(X, Y).fit(X[:, :2], Y[:, None] * np.ones((1, 2)) > 1)
    assert estimator.predict(X[:, :2]).shape == (60, 2)


def test_columns_of_a_data_frame_are_told_by_name() -> None:
    frame = pd.DataFrame(X, columns=list("abcd"))
    estimator = classifier().fit(frame, Y)
    assert estimator.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="same order"):
        estimator.predict(frame[list("dcba")])


def test_rows_too_large_for_float32_are_computed_in_float64() -> None:
    estimator = regressor().fit(X.astype(np.float32), Y)
    assert np.isfinite(estimator.predict(np.full((2, 4), 1e100))).all()
    assert estimator.predict(X.astype(np.float32)).dtype == np.float32


# --- copies, processes and threads --------------------------------------------------------------


def test_a_clone_has_learned_nothing() -> None:
    fitted = classifier().fit(X, Y)
    assert "coefs_" not in vars(clone(fitted))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_go_on_alike(copied: Callable[[Any], Any]) -> None:
    fitted = classifier().fit(X, Y)
    other = copied(fitted)
    assert np.array_equal(other.predict_proba(X), fitted.predict_proba(X))
    other.partial_fit(X, Y)
    assert not np.array_equal(other.coefs_[0], fitted.coefs_[0])
    fitted.partial_fit(X, Y)
    assert np.array_equal(other.coefs_[0], fitted.coefs_[0])
    assert len(pickle.dumps(fitted)) < 10_000


def outputs_of_pickle(data: bytes) -> np.ndarray:
    p: np.ndarray = pickle.loads(data).predict_proba(X)
    return p


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_predicts_the_same() -> None:
    fitted = classifier().fit(X, Y)
    expected = fitted.predict_proba(X)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert np.array_equal(pool.map(outputs_of_pickle, [pickle.dumps(fitted)])[0], expected)


def test_another_process_predicts_the_same(tmp_path: Any) -> None:
    fitted = classifier().fit(X, Y)
    path = tmp_path / "estimator.pickle"
    path.write_bytes(pickle.dumps((fitted, X)))
    code = (
        "import pickle, sys; e, x = pickle.load(open(sys.argv[1], 'rb'));"
        "print(e.predict_proba(x).tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == fitted.predict_proba(X).tobytes().hex()


LOKY = pytest.param("loky", marks=pytest.mark.slow)  # two new processes


@pytest.mark.parametrize("backend", ["sequential", "threading", LOKY])
def test_a_search_finds_the_same_in_threads_and_processes(backend: str) -> None:
    model = make_pipeline(StandardScaler(), classifier(max_iter=5))
    grid = {"mlpclassifier__alpha": [1e-4, 1.0]}
    expected = GridSearchCV(model, grid, cv=2).fit(X, Y).cv_results_["mean_test_score"]
    with joblib.parallel_backend(backend):
        search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(X, Y)
    assert np.array_equal(search.cv_results_["mean_test_score"], expected)


def test_threads_train_and_predict_at_once() -> None:
    fitted = classifier(max_iter=20).fit(X, Y)
    expected = fitted.predict_proba(X)
    wrong: list[str] = []

    def work(trains: bool) -> None:
        for _ in range(5):
            estimator = clone(fitted).fit(X, Y) if trains else fitted
            if not np.array_equal(estimator.predict_proba(X), expected):
                wrong.append("train" if trains else "predict")

    threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_memory_of_programs_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "engine", "reference")
    for size in range(1, programs._KEPT + 4):
        classifier(hidden_layer_sizes=size, max_iter=1).fit(X, Y)
    assert len(programs.trainings._idle) == programs._KEPT


def test_a_step_that_failed_is_not_used_again() -> None:
    pool = programs.Pool(lambda form: object())
    with pool.borrowed("form") as first:
        pass
    with pytest.raises(DataError), pool.borrowed("form") as second:
        assert second is first
        raise DataError("in the middle")
    with pool.borrowed("form") as third:
        assert third is not first


def test_without_scikit_learn_there_is_a_word() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import ranvier\n"
        "print(ranvier.estimators.__all__)\n"
        "try:\n    from ranvier.estimators import MLPClassifier\n"
        "except ranvier.errors.StateError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "ranvier[sklearn]"' in done.stdout
