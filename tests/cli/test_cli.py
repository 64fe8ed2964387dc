"""The command line, from training to the words of its errors."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import ranvier
from engines import ENGINES
from ranvier.cli.main import main
from ranvier.nn import Dense


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "digits.safetensors"
    done = run("train", "digits", "--out", path, "--epochs", "3", "--engine", "reference")
    assert done.exit_code == 0, done.output
    return path


@pytest.mark.parametrize("engine", ENGINES)
def test_train_shows_its_results(tmp_path: Path, engine: str) -> None:
    path = tmp_path / "m.safetensors"
    done = run(
        "train", "digits", "--hidden", "16", "--epochs", 3, "--batch-size", 64,
        "--optimizer", "adam",
        "--learning-rate", "0.01", "--engine", engine, "--out", path,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert re.fullmatch(r"test accuracy: [01]\.\d{4}", lines[-1])
    assert float(lines[-1].split()[-1]) > 0.85
    for words in ("64 - 16 - 10", "confusion matrix", "misread", "time: import", str(path)):
        assert words in done.output
    assert path.exists()


@pytest.mark.parametrize("engine", ENGINES[:1])
@pytest.mark.slow
def test_the_main_job_reaches_97_percent(tmp_path: Path, engine: str) -> None:
    for seed in range(5):
        done = run("train", "digits", "--seed", seed, "--out", tmp_path / "m", "--engine", engine)
        assert float(done.output.split()[-1]) >= 0.97


def test_same_seed_same_file(tmp_path: Path) -> None:
    files = []
    for name in "ab":
        path = tmp_path / name
        run("train", "digits", "--epochs", 1, "--engine", "reference", "--out", path, "--seed", 4)
        model = ranvier.load(path)
        files.append(b"".join(w.tobytes() for w in model.get_weights()))
    assert files[0] == files[1]


def test_evaluate_predict_inspect(digits: Path) -> None:
    done = run("evaluate", digits)
    assert done.exit_code == 0
    accuracy = done.output.splitlines()[-1]
    assert re.fullmatch(r"test accuracy: 0\.\d{4}", accuracy)
    done = run("predict", digits, "--rows", "0-2,7")
    assert done.exit_code == 0
    message = re.findall(r"^row (\d+): \d \(", done.output, re.M)
    assert message == ["0", "1", "2", "7"]
    done = run("inspect", digits)
    assert done.exit_code == 0
    for words in ("checksum: sha256", "verified", "Dense", "3.kernel", "trained with Adam"):
        assert words in done.output, done.output


def test_inspect_shows_the_columns_and_classes_that_a_model_keeps(tmp_path: Path) -> None:
    model = ranvier.Sequential([Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", engine="reference")
    table = {name: np.arange(4.0) for name in ("age", "income", "height")}
    model.fit(table, np.array(["no", "yes", "no", "yes"]), verbose=0)
    model.save(tmp_path / "m.safetensors")
    lines = run("inspect", tmp_path / "m.safetensors").output.splitlines()
    assert "3 columns of x: age, income, height" in lines
    assert "2 classes: no, yes" in lines
    wide = {f"column {i:02}": np.arange(4.0) for i in range(40)}
    model = ranvier.Sequential([Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    model.fit(wide, np.arange(4.0), verbose=0)
    model.save(tmp_path / "m.safetensors")
    done = run("inspect", tmp_path / "m.safetensors").output
    assert all(name in done for name in wide)
    part = done[done.index("40 columns") : done.index("trained with")]
    assert max(map(len, part.splitlines())) <= 100


def test_predict_on_rows_of_a_file(tmp_path: Path) -> None:
    model = ranvier.Sequential([Dense(2, input_shape=(3,))])
    model.save(tmp_path / "m")
    np.save(tmp_path / "x.npy", np.ones((4, 3)))
    np.savetxt(tmp_path / "x.csv", np.ones((4, 3)), delimiter=",")
    expected = " ".join(f"{v:.4g}" for v in model.predict(np.ones((1, 3)))[0])
    for name in ("x.npy", "x.csv"):
        done = run("predict", tmp_path / "m", tmp_path / name, "--rows", "3")
        assert done.output.strip() == f"row 3: {expected}", done.output
        lines = run("predict", tmp_path / "m", tmp_path / name).output.splitlines()
        assert lines == [f"row {i}: {expected}" for i in range(4)]  # of the first five, those there


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "digits", "--hidden", "a,b"], "--hidden 'a,b'"),
        (["train", "digits", "--activation", "rleu"], "did you mean 'relu'"),
        (["train", "digits", "--optimizer", "adm"], "did you mean 'adam'"),
        (["train", "digits", "--out", "none/such/file"], "does not exist; make it first"),
        (["train", "digits", "--epochs", "0"], "--epochs"),
        (["train", "letters"], "letters"),
        (["evaluate", "none"], "none does not exist"),
        (["predict", "DIGITS", "--rows", "9999"], "there is no row 9999"),
        (["predict", "DIGITS", "--rows", "x"], "expected row numbers"),
        (["predict", "DIGITS", "--rows", "1,5-2"], "5-2 ends before it begins"),
        (["predict", "DIGITS", "none.npy"], "does not exist"),
        (["evaluate", "DAMAGED"], "is damaged"),
        (["inspect", "DAMAGED"], "is damaged"),
        (["evaluate", "OTHER"], "a digits model takes"),
    ],
)
def test_mistakes_are_reported_without_a_traceback(
    arguments: list[str], message: str, digits: Path, tmp_path: Path
) -> None:
    data = bytearray(digits.read_bytes())
    data[-100] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    ranvier.Sequential([Dense(2, input_shape=(3,))]).save(tmp_path / "other")
    paths = {"DIGITS": digits, "DAMAGED": tmp_path / "damaged", "OTHER": tmp_path / "other"}
    done = run(*[paths.get(a, a) for a in arguments])
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output
    assert isinstance(done.exception, SystemExit)


def test_version_and_help_as_a_process() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "ranvier.cli.main", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == f"ranvier, version {ranvier.__version__}"
    assert done.stderr == ""
    assert "train" in run("--help").output
