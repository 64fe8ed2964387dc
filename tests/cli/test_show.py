"""`ranvier show`: one training step of every kind of saved model, its files and its errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import ranvier
from ranvier import nn, optim
from ranvier.cli.main import main
from ranvier.tasks import ImageModel, TextModel

pytest.importorskip("polars")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["show", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def one_weight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The worked example: one weight, and a table whose row 1 it is told of."""
    folder = tmp_path_factory.mktemp("one")
    layer = nn.Dense(1, use_bias=False, input_shape=(1,), name="dense")
    model: Any = ranvier.Sequential([layer])
    model.set_weights([np.array([[5.0]], np.float32)])
    model.compile(optim.SGD(0.1), "half_squared_error", engine="reference")
    model.save(folder / "model.safetensors")
    (folder / "rows.csv").write_text("x,label\n1,1\n2,6\n")
    return folder / "model.safetensors", folder / "rows.csv"


def test_the_worked_example(one_weight: tuple[Path, Path], tmp_path: Path) -> None:
    done = run(*one_weight, "--target", "label", "--row", 1)
    assert done.exit_code == 0, done.output
    for text in ("= 2·5 = 10", "L = l[0] = 8", "= 2·4 = 8", "= 5 - 0.1·8 = 4.2"):
        assert text in done.output
    done = run(*one_weight, "--target", "label", "--rows", "0-1", "--section", "update")
    assert "UPDATE" in done.output and "FORWARD" not in done.output
    done = run(*one_weight, "--target", "label", "--row", 1, "--trace", "dense", "new W", "0,0")
    assert done.output.startswith("dense: new w[0, 0] = 4.2\n")
    for suffix in (".html", ".tex", ".txt"):
        out = tmp_path / f"step{suffix}"
        done = run(*one_weight, "--target", "label", "--row", 1, "-o", out)
        assert done.output == f"written: {out}\n"
        assert "4.2" in out.read_text(encoding="utf-8")


def test_a_model_of_a_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    size, colour = rng.normal(size=120).round(3), rng.choice(["red", "blue"], 120)
    bought = np.where(size + (colour == "red") > 0.5, "yes", "no")
    lines = [f"{s},{c},{b}" for s, c, b in zip(size, colour, bought, strict=True)]
    data = tmp_path / "rows.csv"
    data.write_text("\n".join(["size,colour,bought", *lines]) + "\n")
    model = ranvier.fit_table(data, "bought", budget=600, epochs=2, members=1, verbose=0)
    model.save(tmp_path / "model.safetensors")
    done = run(tmp_path / "model.safetensors", data, "--row", 3)
    assert done.exit_code == 0, done.output
    assert "holds no optimizer; shown is Adam" in done.output and "new w" in done.output
    data.write_text("size,colour\n1.0,red\n")
    done = run(tmp_path / "model.safetensors", data)
    assert done.exit_code == 2 and "has no column 'bought'" in done.output


def test_models_of_pictures_and_texts(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    network = ranvier.Sequential(
        [nn.Rescaling(1 / 255, input_shape=(4, 4, 1)), nn.Flatten(), nn.Dense(2, "softmax")]
    )
    ImageModel(network, ["cat", "dog"], (4, 4), "grayscale").save(tmp_path / "model.safetensors")
    (tmp_path / "dog").mkdir()
    picture = tmp_path / "dog" / "1.png"
    image.fromarray(np.full((4, 4), 7, np.uint8)).save(picture)
    done = run(tmp_path / "model.safetensors", picture)
    assert done.exit_code == 0, done.output
    assert "y (target) = 1" in done.output
    done = run(tmp_path / "model.safetensors", picture, "--target", "cow")
    assert done.exit_code == 2 and "no such class; there are cat, dog" in done.output
    network = ranvier.Sequential([
        nn.Embedding(5, 3, input_shape=(4,)), nn.GlobalAveragePooling1D(), nn.Dense(1, "sigmoid"),
    ])  # fmt: skip
    words = ["good", "bad"]
    TextModel(network, ["no", "yes"], words, 4, column="text").save(tmp_path / "text.safetensors")
    (tmp_path / "texts.csv").write_text("text,label\ngood bad,no\ngood,yes\n")
    asked = [tmp_path / "text.safetensors", tmp_path / "texts.csv"]
    done = run(*asked, "--target", "label", "--row", "1")
    assert done.exit_code == 0, done.output
    assert "binary_crossentropy" in done.output and "y (target) = 1" in done.output
    done = run(*asked)
    assert done.exit_code == 2 and "--target COLUMN: no such column" in done.output


def test_digits_without_a_file(tmp_path: Path) -> None:
    ranvier.seed(0)
    model = ranvier.Sequential([nn.Dense(10, "softmax", input_shape=(64,), name="read")])
    model.compile("adam", "sparse_categorical_crossentropy", engine="reference")
    model.save(tmp_path / "digits.safetensors")
    done = run(tmp_path / "digits.safetensors", "--trace", "read", "z", "0,3")
    assert "is the sum of 64 products and 1 other" in done.output


@pytest.mark.parametrize(
    "options, message",
    [
        ((), "--target COLUMN: the column that the model predicts"),
        (("--target", "size"), "rows.csv has x, label"),
        (("--target", "label", "--row", "7"), "there is no row 7"),
        (("--target", "label", "-o", "step.pdf"), "expected a name that ends in .html, .tex, .txt"),
        (("--target", "label", "--trace", "dense", "z", "a"), "'a' is no position"),
        (("--target", "label", "--trace", "dens", "z", "0,0"), "did you mean 'dense'?"),
    ],
)
def test_mistakes_are_answered(
    one_weight: tuple[Path, Path], options: tuple[str, ...], message: str
) -> None:
    done = run(*one_weight, *options)
    assert done.exit_code == 2 and message in done.output
