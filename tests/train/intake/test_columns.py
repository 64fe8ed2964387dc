"""Columns by name: at every entry point a table whose columns stand in another order gives the
same numbers, a missing column is an error, and one too many is left out with a word.
"""

from __future__ import annotations

import csv
import gzip
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner

import ranvier
from ranvier import Sequential, nn
from ranvier.cli.main import main
from ranvier.data import stream_batches, stream_csv, stream_parquet
from ranvier.data.named_columns import ColumnNames
from ranvier.errors import DataError, RanvierWarning, ShapeError
from ranvier.models import (
    DeepClustering,
    NeighbourClustering,
    RestrictedBoltzmannMachine,
    SelfOrganizingMap,
    VariationalAutoencoder,
    dense_autoencoder,
    mlp,
    pretrain,
)
from ranvier.nn import Dense

Table = dict[str, np.ndarray[Any, Any]]

RNG = np.random.default_rng(0)
NAMES = ["age", "income", "rooms", "year"]
COLUMNS: Table = {name: RNG.random(24).astype(np.float32) * (i + 1) for i, name in enumerate(NAMES)}
Y = COLUMNS["age"] * 2 - COLUMNS["year"]
LIBRARIES: dict[str, Callable[[Table], Any]] = {
    "dict": dict,
    "pandas": pandas.DataFrame,
    "polars": polars.DataFrame,
    "pyarrow": pyarrow.table,
}
PERMUTED = ["year", "age", "rooms", "income"]


def chosen(names: list[str], columns: Table = COLUMNS) -> Table:
    return {name: columns[name] for name in names}


def with_extra(columns: Table = COLUMNS) -> Table:
    """One column more, in the middle, and of text."""
    names = list(columns)
    rows = len(columns[names[0]])
    parts = {**chosen(names[:1], columns), "city": np.array(["Bonn"] * rows)}
    return {**parts, **chosen(names[1:], columns)}


def fitted(
    x: Any, y: Any = Y, width: int = len(NAMES), engine: str | None = "reference"
) -> Sequential:
    ranvier.seed(3)
    model = Sequential([Dense(4, "tanh", input_shape=(width,)), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], engine=engine)
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    return model


@contextmanager
def message(match: str) -> Iterator[None]:
    with pytest.warns(RanvierWarning, match=match):
        yield


# --- every entry point of a model ---------------------------------------------------------------


def saved_and_loaded(model: Any, x: Any) -> Any:
    model.save("model.safetensors")
    return ranvier.load("model.safetensors").predict(x)


def parquet(model: Any, x: Any) -> Any:
    pyarrow.parquet.write_table(pyarrow.table(dict(as_columns(x))), "x.parquet", row_group_size=5)
    return model.predict(stream_parquet("x.parquet"))


def write_csv(x: Any, path: str = "x.csv") -> None:
    columns = as_columns(x)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def csv_file(model: Any, x: Any) -> Any:
    write_csv(x)
    return model.predict(stream_csv("x.csv"))


def parquet_fit(model: Any, x: Any) -> Any:
    pyarrow.parquet.write_table(pyarrow.table({**as_columns(x), "y": Y}), "xy.parquet")
    model.fit(stream_parquet("xy.parquet", "y"), epochs=1, verbose=0)
    return model.get_weights()[0]


def command(model: Any, x: Any) -> Any:
    write_csv(x)
    model.save("model.safetensors")
    made = CliRunner().invoke(main, ["predict", "model.safetensors", "x.csv"])
    for line in made.stderr.splitlines():  # the words of the command, as errors and warnings again
        if made.exit_code:
            raise DataError(line)
        warnings.warn(line.removeprefix("note: "), RanvierWarning, stacklevel=2)
    return np.array([float(line.split()[-1]) for line in made.stdout.splitlines()])


def command_evaluate(model: Any, x: Any) -> Any:
    write_csv({**as_columns(x), "y": Y})
    model.save("model.safetensors")
    made = CliRunner().invoke(main, ["evaluate", "model.safetensors", "x.csv", "--target", "y"])
    for line in made.stderr.splitlines():
        if made.exit_code:
            raise DataError(line)
        warnings.warn(line.removeprefix("note: "), RanvierWarning, stacklevel=2)
    return np.array([float(line.split()[-1]) for line in made.stdout.splitlines()])


def rows(x: Any, first: int, last: int) -> Any:
    if isinstance(x, dict):
        return {k: v[first:last] for k, v in x.items()}
    return x.slice(first, last - first) if isinstance(x, pyarrow.Table) else x[first:last]


def one_by_one(model: Any, x: Any) -> Any:
    return np.concatenate([model.predict(rows(x, i, i + 1)) for i in range(3)])


def held_out(model: Any, x: Any) -> Any:
    kept = [w.copy() for w in model.get_weights()]
    history = model.fit(*fresh(model), epochs=1, verbose=0, validation_data=(x, Y))
    model.set_weights(kept)
    return np.array(history.history["val_loss"])


def fresh(model: Any) -> tuple[Any, Any]:
    return np.stack(list(COLUMNS.values()), axis=1), Y


def again(model: Any, x: Any) -> Any:
    model.fit(x, Y, epochs=1, verbose=0, shuffle=False)
    return model.get_weights()[0]


ENTRIES: dict[str, Callable[[Any, Any], Any]] = {
    "call": lambda m, x: m(x).numpy(),
    "evaluate": lambda m, x: np.array(m.evaluate(x, Y)),
    "evaluate by batches": lambda m, x: np.array(m.evaluate(iter([(x, Y)]))),
    "explain": lambda m, x: np.array([ranvier.explain(m, x, Y, level="graph") is not None]),
    "fit again": again,
    "fit from Parquet": parquet_fit,
    "load": saved_and_loaded,
    "predict": lambda m, x: m.predict(x),
    "predict by batches": lambda m, x: m.predict(stream_batches([(x,)])),
    "predict_on_batch": lambda m, x: m.predict_on_batch(x),
    "predict_classes": lambda m, x: m.predict_classes(x),
    "rows one by one": one_by_one,
    "test_on_batch": lambda m, x: np.array(m.test_on_batch(x, Y)),
    "train_on_batch": lambda m, x: np.array(m.train_on_batch(x, Y)),
    "validation_data": held_out,
    "verify": lambda m, x: np.array([line.compiled for line in m.verify(x, Y, verbose=0).lines]),
    "CSV": csv_file,
    "Parquet": parquet,
    "ranvier evaluate": command_evaluate,
    "ranvier predict": command,
}
FILES = {"fit from Parquet", "CSV", "Parquet", "ranvier evaluate", "ranvier predict"}


def as_columns(x: Any) -> Table:
    return {name: np.asarray(x[name]) for name in (list(x) if isinstance(x, dict) else x.columns)}


def cases() -> Iterator[Any]:
    for entry in ENTRIES:
        for library in LIBRARIES:
            if library == "dict" or entry not in FILES:
                yield pytest.param(entry, library, id=f"{entry}, {library}")


@pytest.mark.parametrize(("entry", "library"), list(cases()))
def test_every_entry_finds_columns_by_name(
    entry: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table, use = LIBRARIES[library], ENTRIES[entry]

    engine = "compiled" if library == "dict" else "reference"

    def run(columns: Table) -> Any:
        return use(fitted(table(COLUMNS), engine=engine), table(columns))

    expected = run(COLUMNS)
    with message("another order than in training .column 0 is 'year', it was 'age'."):
        np.testing.assert_array_equal(run(chosen(PERMUTED)), expected)
    with message("1 column that was not there in training was left out: 'city'"):
        np.testing.assert_array_equal(run(with_extra()), expected)
    with pytest.raises(DataError, match=r"of the 4 columns of training 1 is missing: 'rooms'"):
        run(chosen(["age", "income", "year"]))


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_word_is_reported_once_for_a_model(engine: str) -> None:
    model = fitted(pandas.DataFrame(COLUMNS), engine=engine)
    permuted = pandas.DataFrame(chosen(PERMUTED))
    with pytest.warns(RanvierWarning) as seen:
        model.predict(permuted)
        model.evaluate(permuted, Y)
    assert len(seen) == 1 and seen[0].filename == __file__


def test_arrays_go_by_position_and_their_width_is_checked() -> None:
    model = fitted(pandas.DataFrame(COLUMNS))
    x = np.stack(list(COLUMNS.values()), axis=1)
    expected = model.predict(pandas.DataFrame(COLUMNS))
    np.testing.assert_array_equal(model.predict(x), expected)
    np.testing.assert_array_equal(model.predict(pandas.DataFrame(x)), expected)  # 0, 1, 2, 3
    np.testing.assert_array_equal(model.predict(polars.DataFrame(x)), expected)  # column_0, ...
    with pytest.raises(ShapeError, match=r"expected rows of shape \(4,\): 4 features"):
        model.predict(x[:, :3])
    with pytest.raises(ShapeError, match=r"expected rows of shape \(4,\): 4 features"):
        model.predict(pandas.DataFrame(x[:, :3]))


def test_numbered_columns_are_put_back_too() -> None:
    x = pandas.DataFrame(np.stack(list(COLUMNS.values()), axis=1))
    model = fitted(x)
    with message("another order"):
        np.testing.assert_array_equal(model.predict(x[[3, 0, 2, 1]]), model.predict(x))
    np.testing.assert_array_equal(model.predict(pandas.DataFrame(COLUMNS)), model.predict(x))


def test_a_column_written_otherwise_is_named() -> None:
    model = fitted(pandas.DataFrame(COLUMNS))
    with pytest.raises(DataError, match=r"missing: 'income'; is 'Income' here what was called"):
        model.predict(pandas.DataFrame(COLUMNS).rename(columns={"income": "Income"}))


def test_dummy_columns_that_a_table_lacks_are_named_with_the_way_to_make_them() -> None:
    words = pandas.DataFrame({"size": [1.0, 2.0, 3.0], "colour": ["red", "blue", "green"]})
    x = pandas.get_dummies(words)
    model = fitted(x, [1.0, 2.0, 3.0], width=4)
    fewer = pandas.get_dummies(words[:2])
    with pytest.raises(DataError, match=r"missing: 'colour_green'.*reindex\(columns=model"):
        model.predict(fewer)
    filled = fewer.reindex(columns=model.column_names["x"], fill_value=0)
    np.testing.assert_array_equal(model.predict(filled), model.predict(x)[:2])


def test_targets_go_by_name_too() -> None:
    ranvier.seed(0)
    y = pandas.DataFrame({"low": Y, "high": Y + 1})
    x = pandas.DataFrame(COLUMNS)
    model = Sequential([Dense(2)])
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=1, verbose=0)
    expected = model.evaluate(x, y)
    with message("y: the columns stand in another order"):
        assert model.evaluate(x, y[["high", "low"]]) == expected
    with pytest.raises(DataError, match="y: of the 2 columns of training 1 is missing: 'low'"):
        model.evaluate(x, y[["high"]])
    one = fitted(x, y[["low"]])
    assert one.evaluate(x, y[["high"]].rename(columns={"high": "other"})) is not None
    assert one.evaluate(x, y["high"]) is not None


# --- several inputs, adaptation, models of their own --------------------------------------------


def two_inputs() -> ranvier.Model:
    ranvier.seed(0)
    a, b = ranvier.Input(shape=(2,), name="house"), ranvier.Input(shape=(2,), name="owner")
    both = nn.Concatenate()([a, b])
    model = ranvier.Model(inputs=[a, b], outputs=Dense(1)(both))
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_input_has_columns_of_its_own(library: str, tmp_path: Path) -> None:
    table = LIBRARIES[library]
    house, owner = chosen(["rooms", "year"]), chosen(["age", "income"])
    model = two_inputs()
    model.fit({"house": table(house), "owner": table(owner)}, Y, epochs=2, verbose=0)
    expected = model.predict([table(house), table(owner)])
    permuted = {"owner": table(chosen(["income", "age"])), "house": table(house)}
    with message(r"x\['owner'\]: the columns stand in another order"):
        np.testing.assert_array_equal(model.predict(permuted), expected)
    model.save(tmp_path / "two.safetensors")
    loaded = ranvier.load(tmp_path / "two.safetensors")
    with message(r"x\['owner'\]: the columns stand in another order"):
        np.testing.assert_array_equal(loaded.predict(permuted), expected)
    with pytest.raises(DataError, match=r"x\['house'\]: .* missing: 'year'"):
        model.predict({"house": table(chosen(["rooms", "age"])), "owner": table(owner)})
    with message("x holds 'garden', which is no input and was left out"):
        more = {"garden": np.zeros(24), "house": table(house), "owner": table(owner)}
        np.testing.assert_array_equal(model.predict(more), expected)
    with pytest.raises(ranvier.errors.ArgumentError, match="did you mean 'house'"):
        model.predict({"hous": table(house), "owner": table(owner)})


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_table_was_adapted_to_is_what_the_model_takes(library: str, tmp_path: Path) -> None:
    table = LIBRARIES[library]
    normalize = nn.Normalize()
    normalize.adapt(table(COLUMNS))
    with message("another order"):
        normalize.adapt(table(chosen(PERMUTED)))
    np.testing.assert_allclose(
        normalize.mean.numpy(), [c.mean() for c in COLUMNS.values()], rtol=1e-5
    )
    model = Sequential([normalize, Dense(1)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "adapted.safetensors")
    expected = model.predict(table(COLUMNS))
    for one in (model, ranvier.load(tmp_path / "adapted.safetensors")):
        with message("another order"):
            np.testing.assert_array_equal(one.predict(table(chosen(PERMUTED))), expected)
    other = Sequential([normalize, Dense(1)])
    other.compile("sgd", "mse")
    with message("another order"):
        other.fit(table(chosen(PERMUTED)), Y, epochs=1, verbose=0)
    assert other.column_names["x"] == NAMES


def unit(columns: Table) -> Table:
    return {
        name: c / (NAMES.index(name) + 1) if name in NAMES else c for name, c in columns.items()
    }


def clusters(x: Any) -> Callable[[Any], Any]:
    model = DeepClustering(2, code=2, hidden=(4,))
    model.fit(x, pretrain_epochs=1, refine_epochs=1)
    return model.memberships


def neighbours(x: Any) -> Callable[[Any], Any]:
    return NeighbourClustering(2, neighbours=3, hidden=(4,), members=1).fit(x, 1).memberships


def sheet(x: Any) -> Callable[[Any], Any]:
    made = SelfOrganizingMap(3, 2).fit(x, count=2)
    return lambda x: np.array([*made.winners(x), made.quantization_error(x)])


def machine(x: Any) -> Callable[[Any], Any]:
    made = RestrictedBoltzmannMachine(3)
    made.fit(x, count=1)
    return made.transform


def variational(x: Any) -> Callable[[Any], Any]:
    model = VariationalAutoencoder(4, hidden=(4,))
    model.fit(x, x, verbose=0)
    return model.encode


def codes(x: Any) -> Callable[[Any], Any]:
    model = dense_autoencoder(4, code=2, hidden=(4,))
    model.fit(x, x, verbose=0)
    return model.encode


def layers_first(x: Any) -> Callable[[Any], Any]:
    model = Sequential([Dense(3, "sigmoid", input_shape=(4,)), Dense(1)])
    pretrain(model, x, epochs=1)
    return lambda x: model.predict(x)


def perceptron(x: Any) -> Callable[[Any], Any]:
    model = mlp(4, 1, hidden=[4], task="regression")
    model.fit(x, Y, verbose=0)
    return lambda x: model.predict(x)


@pytest.mark.parametrize(
    "made",
    [clusters, neighbours, sheet, machine, variational, codes, layers_first, perceptron],
    ids=lambda f: f.__name__,
)
def test_ready_models_find_columns_by_name(made: Callable[[Any], Any]) -> None:
    ranvier.seed(0)
    use = made(pandas.DataFrame(unit(COLUMNS)))
    expected = use(pandas.DataFrame(unit(COLUMNS)))
    with message("another order"):
        got = use(pandas.DataFrame(unit(chosen(PERMUTED))))
    np.testing.assert_array_equal(got, expected)
    with message("left out: 'city'"):
        got = use(pandas.DataFrame(unit(with_extra())))
    np.testing.assert_array_equal(got, expected)
    with pytest.raises(DataError, match="missing: 'rooms'"):
        use(pandas.DataFrame(unit(chosen(["age", "income", "year"]))))


def test_files_without_names_still_load(tmp_path: Path) -> None:
    from ranvier.io import files

    model = fitted(pandas.DataFrame(COLUMNS))
    path = tmp_path / "model.safetensors"
    model.save(path)
    arrays, described = files.read(path)
    del described["column_names"], described["checksum"]
    files.write(path, arrays, described)
    loaded = ranvier.load(path)
    assert not loaded.column_names
    np.testing.assert_array_equal(
        loaded.predict(pandas.DataFrame(COLUMNS)), model.predict(pandas.DataFrame(COLUMNS))
    )


@pytest.mark.parametrize("verb", ["fit", "fit by batches", "train_on_batch", "verify"])
def test_nothing_is_kept_of_data_that_were_refused(verb: str) -> None:
    use: dict[str, Callable[[Any, Any, Any], Any]] = {
        "fit": lambda m, x, y: m.fit(x, y, verbose=0),
        "fit by batches": lambda m, x, y: m.fit(iter([(x, y)]), verbose=0),
        "train_on_batch": lambda m, x, y: m.train_on_batch(x, y),
        "verify": lambda m, x, y: m.verify(x, y, verbose=0),
    }
    x = pandas.DataFrame(COLUMNS)
    for bad, y in (
        (pandas.DataFrame(with_extra()), Y),
        (x.assign(more=1.0), Y),
        (x, Y[:5]),
        (x, np.array(["1,5"] * 24)),
    ):
        model = Sequential([Dense(1, input_shape=(4,))])
        model.compile("sgd", "mse", engine="reference")
        with pytest.raises((DataError, ShapeError)):
            use[verb](model, bad, y)
        assert not model.column_names and model.classes is None
        use[verb](model, x, Y)
        assert model.column_names["x"] == NAMES


def test_refused_tables_leave_no_names_in_other_models() -> None:
    bad = pandas.DataFrame(with_extra(unit(COLUMNS)))
    normalize, machine = nn.Normalize(), RestrictedBoltzmannMachine(3)
    for learn, names in (
        (normalize.adapt, normalize.column_names),
        (machine.fit, machine.column_names),
    ):
        with pytest.raises(DataError, match="'city'"):
            learn(bad)
        assert not names
        learn(pandas.DataFrame(unit(COLUMNS)))
        assert names["x"] == NAMES


def test_two_columns_of_one_name_are_an_error() -> None:
    twice = pandas.DataFrame(np.ones((4, 2)), columns=["a", "a"])
    with pytest.raises(DataError, match="'a'"):
        fitted(twice, np.ones(4), width=2)


def test_every_parquet_file_must_have_the_columns(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table(COLUMNS), tmp_path / "1.parquet")
    other = chosen(["age", "income", "year"])
    pyarrow.parquet.write_table(pyarrow.table(other), tmp_path / "2.parquet")
    with pytest.raises(DataError, match=r"2.parquet: has no column 'rooms', which .*1.parquet has"):
        stream_parquet(tmp_path)


# --- real tables --------------------------------------------------------------------------------

TABLES = [
    "airfoil", "bank_churn", "california_housing", "concrete", "credit_default", "elevators",
    "insurance", "pima_diabetes", "protein", "wine_quality",
]  # fmt: skip


def real(name: str) -> pandas.DataFrame:
    folder = os.environ.get("RANVIER_DATA")
    path = Path(folder or "", "tables", f"{name}.csv.gz")
    if folder is None or not path.is_file():
        pytest.skip(f"needs tables/{name}.csv.gz in the folder RANVIER_DATA")
    with gzip.open(path, "rt", encoding="utf-8-sig") as file:
        found = pandas.read_csv(file, sep="\t" if name == "airfoil" else ",", nrows=400)
    found = found.dropna()[:150]
    numbers = set(found.select_dtypes("number").columns)
    few = [c for c in found if c in numbers or found[c].nunique() < 20]
    return pandas.get_dummies(found[few])


@pytest.mark.parametrize("name", TABLES)
def test_real_tables_in_any_order_give_the_same_numbers(name: str) -> None:
    x = real(name)
    y = np.arange(len(x)) % 2
    ranvier.seed(0)
    normalize = nn.Normalize()
    normalize.adapt(x)
    model = Sequential([normalize, Dense(4, "relu"), Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], engine="reference")
    model.fit(x, y, epochs=1, verbose=0)
    order = np.random.default_rng(0).permutation(x.shape[1])
    with message("another order"):
        np.testing.assert_array_equal(model.predict(x.iloc[:, order]), model.predict(x))
    assert model.evaluate(x.iloc[:, order], y) == model.evaluate(x, y)
    with pytest.raises(DataError, match="missing"):
        model.predict(x.iloc[:, 1:])


def test_a_table_of_other_columns_altogether_shows_both() -> None:
    columns = ColumnNames()
    columns.learn("x", ["a", "b"])
    with pytest.raises(DataError, match=r"none is here: 'a', 'b'; this table has 'c', 'd'"):
        columns.order(["c", "d"])
