"""Bad input: each error names the position and the fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import Model, Sequential, detach
from ranvier.errors import ArgumentError, DataError, RanvierError, ShapeError, StateError
from ranvier.nn import Dense

X = np.zeros((6, 3), np.float32)
Y = np.array([0, 1, 0, 1, 0, 1])
NAN = np.where(np.arange(18).reshape(6, 3) == 7, np.nan, 0.0)


def model(
    loss: str | None = "binary_crossentropy", units: int = 1, metrics: Any = ()
) -> Sequential:
    made = Sequential([Dense(units, activation="sigmoid", input_shape=(3,), name="first")])
    made.compile("sgd", loss, metrics, engine="reference")
    return made


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Sequential([Dense(1)]).fit(X, Y), StateError, "compile"),
        (lambda: Sequential([Dense(1)]).evaluate(X, Y), StateError, "compile"),
        (lambda: model(loss=None).fit(X, Y), ArgumentError, "loss is missing"),
        (lambda: model().fit(np.zeros((6, 4)), Y), ShapeError, r"first \(Dense\).*3 features.*4 f"),
        (lambda: model().predict(np.zeros((6, 4))), ShapeError, r"first \(Dense\)"),
        (lambda: model().fit(X.reshape(-1), np.zeros(18)), ShapeError, "expected rows of shape"),
        (lambda: model().fit(X[:0], Y[:0]), DataError, "no rows"),
        (lambda: model().fit(X, Y[:5]), DataError, "x has 6 rows but y has 5"),
        (lambda: model().fit(NAN, Y), DataError, "NaN in row 2, column 1"),
        (lambda: model().fit(X, np.full(6, np.inf)), DataError, "infinity"),
        (lambda: model().fit(X), ArgumentError, "y is missing"),
        (lambda: model().fit(X, Y + 5), DataError, "targets must be 0 or 1"),
        (lambda: model().fit(X, np.eye(6)), RanvierError, "columns"),
        (
            lambda: model("sparse_categorical_crossentropy", 2).fit(X, Y + 1),
            DataError,
            "labels run from 1 to 2",
        ),
        (
            lambda: model("mse", 1, ["accuracy"]).fit(X, Y * 2.5),
            DataError,
            "for real-valued targets use",
        ),
        (lambda: model().compile("adm", "mse"), ArgumentError, "did you mean 'adam'"),
        (lambda: model().compile("adam", "binary_crosentropy"), ArgumentError, "did you mean"),
        (lambda: model("mse", 1, ["acuracy"]).fit(X, Y), ArgumentError, "did you mean 'accuracy'"),
        (lambda: model().compile("sgd", "mse", engine="fast"), ArgumentError, "unknown engine"),
        (lambda: model().fit(X, Y, epochs=0), ArgumentError, "epochs=0"),
        (lambda: model().fit(X, Y, batch_size=0), ArgumentError, "batch_size=0"),
        (lambda: model().fit(X, Y, verbose=3), ArgumentError, "verbose"),
        (lambda: model().fit(X, Y, validation_split=1.0), ArgumentError, "validation_split"),
        (lambda: model().fit(X, Y, validation_split=0.99), DataError, "held out"),
        (lambda: model().fit(X, Y, validation_data=X), ArgumentError, "validation_data"),
        (lambda: model().fit(X, Y, sample_weight=[1, 2]), DataError, "sample_weight"),
        (lambda: model().fit(X, Y, sample_weight=-np.ones(6)), DataError, "negative"),
        (lambda: model().fit(X, Y, class_weight="even"), ArgumentError, "balanced"),
        (lambda: model().fit(X, Y * 0.5, class_weight={0: 2.0}), DataError, "class labels"),
        (
            lambda: Sequential([Dense]),  # type: ignore[list-item]
            ArgumentError,
            r"write Dense\(\.\.\.\)",
        ),
        (
            lambda: Sequential([3]),  # type: ignore[list-item]
            ArgumentError,
            "expected a layer",
        ),
        (lambda: Sequential().fit(X, Y), StateError, "compile"),
        (lambda: _empty().fit(X, Y), StateError, "no layers"),
    ],
)
def test_mistakes_are_reported(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def _empty() -> Sequential:
    made = Sequential()
    made.compile("sgd", "mse", engine="reference")
    return made


def test_a_nan_in_a_table_names_its_column() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="'income'"):
        model().fit(pandas.DataFrame(NAN, columns=["age", "income", "height"]), Y)


def test_labels_that_training_did_not_have() -> None:
    made = model()
    made.fit(X, np.array(["a", "b"] * 3), verbose=0)
    with pytest.raises(DataError, match="row 1: unknown label 'c'"):
        made.evaluate(X, ["a", "c", "a", "b", "a", "b"])
    other = model()
    other.fit(X, Y, verbose=0)
    with pytest.raises(DataError, match="trained on numbers"):
        other.evaluate(X, ["a", "b"] * 3)


def test_accuracy_of_shares_is_reported_to_mean_little() -> None:
    with pytest.warns(UserWarning, match="means little"):
        model("binary_crossentropy", 1, ["accuracy"]).fit(X, np.linspace(0, 1, 6), verbose=0)


def test_a_failed_fit_leaves_no_trace() -> None:
    made = model()
    before = made.get_weights()
    for bad in (NAN, X[:, :2], X[:5]):
        with pytest.raises(RanvierError):
            made.fit(bad, Y)
    assert all(np.array_equal(a, b) for a, b in zip(before, made.get_weights(), strict=True))
    made.fit(X, Y, verbose=0)


def test_forgotten_super_init_is_reported() -> None:
    class Net(Model):
        def __init__(self) -> None:
            self.out = Dense(1)

    with pytest.raises(StateError, match=r"super\(\).__init__\(\)"):
        net = Net()
        net.compile("sgd", "mse")
        net.fit(X, Y)


@pytest.mark.parametrize("activation", ["step", detach])
def test_a_network_that_no_gradient_reaches_says_why(activation: Any) -> None:
    network = Sequential([Dense(1, activation=activation)])
    network.compile("sgd", "mean_squared_error")
    with pytest.raises(StateError, match="no gradient of mean_squared_error.*loss='perceptron'"):
        network.fit(np.ones((4, 2)), np.ones(4), verbose=0)


@pytest.mark.parametrize("row", ["list", "array", "series"])
def test_one_row_is_answered_by_how_to_make_a_batch_of_it(row: str) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(np.ones((4, 3)), columns=list("abc"))
    model = Sequential([Dense(1)])
    model.compile("adam", "mse")
    model.fit(table, np.ones(4), verbose=0)
    one = {"list": [1.0, 2.0, 3.0], "array": np.ones(3), "series": table.iloc[0]}[row]
    whole = {"list": [[1.0, 2.0, 3.0]], "array": np.ones(3)[None], "series": table.iloc[[0]]}[row]
    advice = {"list": r"\[row\]", "array": r"x\[None\]", "series": r"table\.iloc\[\[i\]\]"}[row]
    with pytest.raises(ShapeError, match=f"one row.*{advice}"):
        model.predict(one)
    assert model.predict(whole).shape == (1, 1)
