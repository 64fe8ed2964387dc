"""From raw rows to a model and back: trained, saved, loaded, asked, measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import ranvier
from ranvier.cli.main import main
from ranvier.errors import ArgumentError, DataError, FileError
from ranvier.tables import Encoder, TableModel

pl = pytest.importorskip("polars")
TRAINING: dict[str, Any] = {"epochs": 30, "members": 1, "budget": 600, "verbose": 0}


def houses(rows: int = 300) -> dict[str, Any]:
    """A table of houses with a gap, a rare level, and a price that follows size and town."""
    random = np.random.default_rng(0)
    size = random.uniform(30, 200, rows).round(1)
    town = random.choice(["north", "south", "west"], rows, p=[0.5, 0.4, 0.1])
    price = 3 * size + 100 * (town == "north") + random.normal(0, 5, rows)
    size_with_gap = [None if i == 7 else float(v) for i, v in enumerate(size)]
    expensive = ["yes" if p > np.median(price) else "no" for p in price]
    return {
        "size": size_with_gap,
        "town": town.tolist(),
        "price": price.round(2),
        "expensive": expensive,
    }


@pytest.fixture(scope="module")
def regression() -> TableModel:
    return ranvier.fit_table(houses(), "price", drop=["expensive"], **TRAINING)


@pytest.fixture(scope="module")
def classification() -> TableModel:
    return ranvier.fit_table(houses(), "expensive", drop=["price"], **TRAINING)


def rows_of(table: dict[str, Any], which: slice) -> dict[str, Any]:
    return {name: column[which] for name, column in table.items()}


def test_numbers_are_predicted_with_their_scores(regression: TableModel) -> None:
    assert regression.plan.task == "regression"
    assert set(regression.test_scores) == {"rmse", "mae", "r2"}
    assert regression.test_scores["r2"] > 0.9
    scored = regression.evaluate(houses())
    error = regression.predict(houses()) - houses()["price"]
    assert scored["rmse"] == pytest.approx(np.sqrt((error**2).mean()))
    low, high = regression.predict_interval(houses(), 0.9).T
    assert 0.8 < ((houses()["price"] >= low) & (houses()["price"] <= high)).mean() <= 1
    narrow = regression.predict_interval(houses(), 0.5)
    assert (narrow[:, 0] >= low).all() and (narrow[:, 1] <= high).all()
    with pytest.raises(ArgumentError, match="no classes"):
        regression.predict_proba(houses())


def test_classes_are_predicted_with_their_probabilities(classification: TableModel) -> None:
    assert classification.classes == ("no", "yes")
    assert classification.test_scores["auc"] > 0.9
    shares = classification.predict_proba(houses())
    assert shares.shape == (300, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    labels = classification.predict(houses())
    assert (labels == np.array(["no", "yes"])[shares.argmax(axis=1)]).all()
    with pytest.raises(ArgumentError, match="predict_proba"):
        classification.predict_interval(houses())


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_rows_alone_give_the_bits_of_all_together(
    kind: str, request: pytest.FixtureRequest
) -> None:
    model: TableModel = request.getfixturevalue(kind)
    together = model.outputs(houses())
    alone = [model.outputs(rows_of(houses(), slice(i, i + 1))) for i in range(20)]
    assert np.concatenate(alone).tobytes() == together[:20].tobytes()


@pytest.mark.parametrize("kind", ["regression", "classification"])
def test_a_file_gives_the_same_bits_in_another_process(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    model: TableModel = request.getfixturevalue(kind)
    model.save(tmp_path / "m.safetensors")
    pl.DataFrame(houses()).write_csv(tmp_path / "houses.csv")
    code = (
        "import ranvier, sys\n"
        "model = ranvier.load('m.safetensors')\n"
        "sys.stdout.buffer.write(model.outputs('houses.csv').tobytes())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == model.outputs(tmp_path / "houses.csv").tobytes()
    again = ranvier.load(tmp_path / "m.safetensors")
    assert again.plan == model.plan and again.test_scores == model.test_scores


def test_strange_rows_are_taken_or_refused(regression: TableModel) -> None:
    strange = {"town": ["east", None, "north"], "size": [50.0, 60.0, None], "colour": [1, 2, 3]}
    assert np.isfinite(regression.predict(strange)).all()
    with pytest.raises(DataError, match="lacks 1 of the 2 columns .* 'size'"):
        regression.predict({"town": ["north"]})
    with pytest.raises(DataError, match="no column 'price'"):
        regression.evaluate(strange)


def test_a_damaged_description_is_a_file_error(regression: TableModel, tmp_path: Path) -> None:
    from ranvier.io import files

    regression.save(tmp_path / "m.safetensors")
    arrays, about = files.read(tmp_path / "m.safetensors")
    for missing in ("plan", "encoder", "network", "choices"):
        part = {k: v for k, v in about.items() if k not in (missing, "checksum")}
        files.write(tmp_path / "bad.safetensors", arrays, part)
        with pytest.raises(FileError, match="cannot be read"):
            ranvier.load(tmp_path / "bad.safetensors")


def test_trees_beside_the_network(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    model = ranvier.fit_table(houses(), "price", drop=["expensive"], **TRAINING, trees=True)
    assert model.trees is not None and 0 <= model.share_of_trees <= 1
    line = next(c for c in model.choices if c.what == "share of the trees")
    assert "network" in line.reason and "trees" in line.reason
    model.save(tmp_path / "m.safetensors")
    again = ranvier.load(tmp_path / "m.safetensors")
    assert again.outputs(houses()).tobytes() == model.outputs(houses()).tobytes()


# --- the command line ---------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_train_evaluate_and_predict_on_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(houses()).drop("expensive").write_csv("houses.csv")
    done = run("train", "houses.csv", "--target", "price", "--epochs", 30,
               "--members", 1, "--budget", "10m")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "target price: regression" in done.output and "this network" in done.output
    assert "model saved: houses.safetensors, report: houses.html" in done.output
    assert "<html" in (tmp_path / "houses.html").read_text(encoding="utf-8")
    assert "r2: 0.9" in run("evaluate", "houses.safetensors", "houses.csv").output
    some = run("predict", "houses.safetensors", "houses.csv", "--rows", "3-4").output
    assert some.startswith("row 3: prediction ") and "upper" in some
    done = run("predict", "houses.safetensors", "houses.csv", "-o", "out.csv", "--keep")
    assert "300 predictions written: out.csv" in done.output
    table = pl.read_csv("out.csv")
    assert table.columns == ["size", "town", "price", "prediction", "lower", "upper"]
    expected = ranvier.load("houses.safetensors").predict("houses.csv")
    np.testing.assert_allclose(table["prediction"].to_numpy(), expected)


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(houses()).write_csv("houses.csv")
    done = run("train", "houses.csv", "--target", "expensive", "--dry-run", "--positive", "no")
    assert done.exit_code == 0 and "positive class: no (as asked)" in done.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["houses.csv"]
    done = run("train", "houses.csv")
    assert done.exit_code == 2 and "Likely ones: expensive" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["digits", "--target", "x"], "--target is an option for tables"),
        (
            ["houses.csv", "--target", "expensive", "--hidden", "3"],
            "--hidden is an option for `ranvier",
        ),
        (
            ["houses.csv", "--target", "expensive", "--budget", "soon"],
            "expected a time such as 60s",
        ),
        (["houses.csv", "--target", "expensive", "--as", "size"], "expected COLUMN=KIND"),
        (["houses.csv", "--target", "expensive", "--out", "houses.csv"], "houses.csv"),
        (["none.csv", "--target", "expensive"], "none.csv"),
    ],
)
def test_mistakes_are_explained(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame(houses()).write_csv("houses.csv")
    before = (tmp_path / "houses.csv").read_bytes()
    done = run("train", *arguments)
    assert done.exit_code == 2 and message in done.output
    assert (tmp_path / "houses.csv").read_bytes() == before


def test_a_report_encodes_no_row_for_training_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simple models learn from the arrays that the network had."""
    fitted = []
    fit = Encoder._fit

    def counted(frame: Any, plan: Any) -> Any:
        fitted.append(plan)
        return fit(frame, plan)

    monkeypatch.setattr(Encoder, "_fit", counted)
    model = ranvier.fit_table(houses(), "price", budget=20.0, epochs=2, members=1, verbose=0)
    assert len(fitted) == 1 and model.encoded
    results = model.report(seconds=0.0).results
    assert len(fitted) == 1 and not model.encoded
    assert {m.name for m in results.models if m.scores} >= {"network", "mean", "linear"}
