"""`ranvier attribute`: every method on every kind of model, its files and its errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import ranvier
from ranvier.cli.attribute import INSIDE
from ranvier.cli.main import main
from ranvier.tasks import TextModel

pytest.importorskip("polars")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["attribute", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model of a table, and the table."""
    folder = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(0)
    size, colour = rng.normal(size=120).round(3), rng.choice(["red", "blue"], 120)
    bought = np.where(size + (colour == "red") > 0.5, "yes", "no")
    lines = [f"{s},{c},{b}" for s, c, b in zip(size, colour, bought, strict=True)]
    data = folder / "rows.csv"
    data.write_text("\n".join(["size,colour,bought", *lines]) + "\n")
    model = ranvier.fit_table(data, "bought", budget=600, epochs=3, members=1, verbose=0)
    model.save(folder / "model.safetensors")
    return folder / "model.safetensors", data


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A convolution over images of 6 x 6, and ten images."""
    folder = tmp_path_factory.mktemp("arrays")
    model = ranvier.Sequential([
        ranvier.nn.Conv2D(2, 3, activation="relu", input_shape=(6, 6, 1)), ranvier.nn.Flatten(),
        ranvier.nn.Dense(2, "softmax"),
    ])  # fmt: skip
    model.save(folder / "model.safetensors")
    np.save(folder / "x.npy", np.random.default_rng(0).normal(size=(12, 6, 6, 1)))
    return folder / "model.safetensors", folder / "x.npy"


@pytest.mark.parametrize(
    "options, shown",
    [
        ((), ("SHAP values (exact)", "size", "colour")),
        (("--row", "3"), ("row 3", "= ", "size = ")),
        (("--row", "3", "--logits"), ("SHAP values (exact), row 3", "size = ")),
        (("--method", "permutation"), ("permutation importance: growth of log_loss", "120 rows")),
        (
            ("--method", "occlusion", "--rows", "1-2", "--class", "no"),
            ("occlusion, row 1", "occlusion, row 2"),
        ),
        (("--method", "dependence", "--column", "colour"), ("colour: mean of yes", "blue", "red")),
        (("--method", "counterfactual", "--keep", "colour"), ("size: ", "->")),
    ],
)
def test_methods_for_tables(
    table: tuple[Path, Path], options: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    done = run(*table, *options)
    assert done.exit_code == 0, done.output
    for text in shown:
        assert text in done.output


@pytest.mark.parametrize("suffix", [".html", ".svg", ".csv"])
@pytest.mark.parametrize(
    "options", [(), ("--method", "permutation"), ("--method", "dependence", "--column", "size")],
    ids=["shap", "permutation", "dependence"],
)  # fmt: skip
def test_files_are_written(
    table: tuple[Path, Path], options: tuple[str, ...], suffix: str, tmp_path: Path
) -> None:
    out = tmp_path / f"made{suffix}"
    done = run(*table, *options, "--out", out)
    assert done.exit_code == 0 and f"written: {out}" in done.output
    text = out.read_text("utf-8")
    begins = {".html": ("<!DOCTYPE html>",), ".svg": ("<svg",), ".csv": ("row,", "size,")}
    assert text.startswith(begins[suffix]) and "size" in text


@pytest.mark.parametrize("method", ["shap", "occlusion", *sorted(INSIDE)])
def test_methods_for_networks(arrays: tuple[Path, Path], method: str, tmp_path: Path) -> None:
    done = run(*arrays, "--method", method, "--row", "0", "--out", tmp_path / "made.html")
    if method == "attention":
        assert done.exit_code == 2 and "no attention layer" in done.output
        return
    assert done.exit_code == 0, done.output
    assert (tmp_path / "made.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def words_of(done: Result) -> str:
    assert done.exit_code == 2 and "Traceback" not in done.output
    return " ".join(done.output.split())


def test_errors_say_what_to_do(
    table: tuple[Path, Path], arrays: tuple[Path, Path], tmp_path: Path
) -> None:
    cases: list[tuple[tuple[Any, ...], str]] = [
        ((*table, "--method", "dependence"), "--column is missing, the one to vary: size, colour"),
        ((*table, "--method", "saliency"), "of a table: shap, permutation"),
        ((*table, "--method", "permutation", "--logits"), "--logits is not for"),
        ((*table, "--row", "999"), "there is no row 999"),
        ((*table, "--out", tmp_path / "x.txt"), "expected a name that ends in .html"),
        ((*table, "--class", "maybe"), "maybe"),
        ((*table, "--method", "counterfactual", "--keep", "size", "--keep", "colour"), "no row"),
        ((*arrays, "--method", "permutation"), "permutation_importance(model, x, y)"),
        ((*arrays, "--method", "dependence", "--column", "y"), "feature"),
        ((arrays[0], table[1]), "columns of text"),
    ]  # fmt: skip
    for arguments, message in cases:
        assert message in words_of(run(*arguments)), arguments


def test_numbers_are_changed_until_they_are_above_a_limit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 2)).round(3)
    data = tmp_path / "rows.csv"
    lines = [f"{a},{b},{3 * a + b:.3f}" for a, b in x]
    data.write_text("\n".join(["a,b,y", *lines]) + "\n")
    model = tmp_path / "model.safetensors"
    fitted = ranvier.fit_table(data, "y", budget=600, epochs=3, members=1, verbose=0)
    fitted.save(model)
    outputs = fitted.predict(data)
    row, limit = int(outputs.argmin()), outputs.min() + 0.1 * np.ptp(outputs)
    done = run(model, data, "--method", "counterfactual", "--above", limit, "--row", row)
    assert done.exit_code == 0, done.output
    after = float(done.output.split("\n")[0].split(" -> ")[1])
    assert after > limit * (1 - 1e-4) - 1e-4
    assert "above= or below=" in run(model, data, "--method", "counterfactual").output


def test_a_text_may_stand_in_quotes(tmp_path: Path) -> None:
    words = ["good", "bad", "film", "a", "what"]
    network = ranvier.models.text_cnn(len(words) + 2, length=6, width=4, filters=4)
    file = tmp_path / "moods.safetensors"
    TextModel(network, ["no", "yes"], words, 6).save(file)
    for options in ((), ("--logits",), ("--method", "occlusion"), ("--method", "integrated")):
        done = run(file, "what a good film", *options)
        assert done.exit_code == 0, done.output
        assert all(word in done.output for word in ("what", "good", "film")), options
    assert "does not exist" in words_of(run(file, "reviews.csv"))
