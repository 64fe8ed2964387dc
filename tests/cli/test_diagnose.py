"""`ranvier diagnose`: models of tables and of arrays, new rows, trials, files and errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import ranvier
from ranvier.cli.main import main
from ranvier.nn import Dense

pytest.importorskip("polars")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["diagnose", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A model, the table it was trained on, whose second half repeats, and new rows in feet."""
    folder = tmp_path_factory.mktemp("houses")
    random = np.random.default_rng(0)
    size, city = random.normal(120, 30, 300).round(3), random.choice(["Rome", "Oslo"], 300)
    sold = np.where(size + 20 * (city == "Rome") + random.normal(0, 10, 300) > 130, "yes", "no")
    lines = [f"{s},{c},{b}" for s, c, b in zip(size, city, sold, strict=True)]
    data, new = folder / "houses.csv", folder / "new.csv"
    data.write_text("\n".join(["size,city,sold", *lines, *lines[:150]]) + "\n")
    rows = [f"{10.76 * s:.3f},{c}" for s, c in zip(size, city, strict=True)]
    new.write_text("\n".join(["size,city", *rows]) + "\n")
    model = ranvier.fit_table(data, "sold", budget=600, epochs=3, members=1, verbose=0)
    model.save(folder / "houses.safetensors")
    return folder / "houses.safetensors", data, new


def test_a_model_of_a_table(houses: tuple[Path, Path, Path], tmp_path: Path) -> None:
    model, data, new = houses
    out = tmp_path / "found.html"
    done = run(model, data, "--new", new, "--trial", "--out", out)
    assert done.exit_code == 0
    assert "repeated rows. " in done.output and "--group COLUMN" in done.output
    assert "drift. Columns that are not as in the rows it was trained on: 1, most of all size" in (
        " ".join(done.output.split())
    )
    assert "note: --trial is for models of arrays" in done.output
    assert "<section" in out.read_text("utf-8") and f"written: {out}" in done.output
    done = run(model, data, "--validation", data)
    assert "100 %" in done.output and "no new data" in done.output


def test_a_model_of_arrays(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(400, 3)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
    x[:, 2] = 4
    model = ranvier.Sequential([Dense(64, "relu"), Dense(2, "softmax")])
    model.compile(ranvier.optim.Adam(1e-5), "sparse_categorical_crossentropy")
    model.fit(x[:300], y[:300], epochs=2, verbose=0)
    model.save(tmp_path / "model.safetensors")
    np.savez(tmp_path / "train.npz", x=x[:300], y=y[:300])
    np.savez(tmp_path / "held.npz", x=x[300:], y=y[300:])
    done = run(
        tmp_path / "model.safetensors", tmp_path / "train.npz", "--validation",
        tmp_path / "held.npz", "--new", tmp_path / "held.npz", "--trial",
    )  # fmt: skip
    assert done.exit_code == 0
    assert "1 of 3 columns hold one value in all rows: x2." in done.output
    assert "trial:    log loss" in done.output and "better by" in done.output
    lines = [",".join(map(str, [*row, label])) for row, label in zip(x, y, strict=True)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,c,label", *lines]) + "\n")
    done = run(tmp_path / "model.safetensors", tmp_path / "rows.csv", "--target", "label")
    assert "constant columns" in done.output and "no validation data" in done.output


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    model = ranvier.Sequential([Dense(1, input_shape=(1,))])
    model.compile("adam", "mse")
    path = tmp_path / "model.safetensors"
    model.save(path)
    np.savez(tmp_path / "x.npz", x=np.zeros((3, 1)))
    (tmp_path / "broken.npz").write_bytes(b"PK")
    for file, words in (("x.npz", "expected arrays x and y"), ("broken.npz", "numpy.savez")):
        done = run(path, tmp_path / file)
        assert done.exit_code == 2 and words in done.output
    done = run(path, tmp_path / "x.npz", "--out", tmp_path / "found.pdf")
    assert done.exit_code == 2 and ".html, .txt" in done.output
