"""`ranvier compare`: its learners, tables, files and picture, and the words of its errors."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ranvier.cli import compare as cli_compare
from ranvier.cli import progress as cli_progress
from ranvier.cli.learners import LEARNERS, Learner, Predict
from ranvier.cli.main import main
from ranvier.cli.problems import read

pytest.importorskip("sklearn")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Fits this small are many times slower on several threads than on one."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(1):
        yield


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


def test_irises_from_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "curve.svg"
    done = run("iris", "--sizes", "30,90", "--seeds", 1, "--out", out,
               "--learners", "network,logistic regression,naive Bayes,decision tree")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "iris: 4 features, 3 classes" in done.output
    assert out.read_text().lstrip().startswith("<?xml")
    with open(tmp_path / "curve-scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 2
    large = [float(r["accuracy"]) for r in rows if r["training_rows"] == "90"]
    assert min(large) > 0.8
    assert done.output.count("*") == 2  # the best of each size


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_every_learner_beats_the_mean(name: str) -> None:
    learner = LEARNERS[name]
    assert len(learner.settings) == 4  # the same effort for each
    chance = np.random.default_rng(0)
    x = chance.normal(size=(160, 3)).astype(np.float32) * [1, 10, 100] + 5
    target = x[:, 0] + x[:, 1] / 10 - x[:, 2] / 100
    for classes, able in ((0, learner.regression), (2, learner.classification)):
        if not able:
            continue
        y = (target > np.median(target)).astype(int) if classes else target
        predict = cli_compare._fitted(
            learner, x[:120], y[:120], classes, learner.settings[0], seed=0
        )
        found = cli_compare.score(predict(x[120:]), y[120:], classes)
        assert found > (0.75 if classes else 0.5), (classes, found)


def test_tuning_looks_at_training_rows_only() -> None:
    seen = []

    def fit(x: np.ndarray, y: np.ndarray, classes: int, setting: Any, seed: int) -> Predict:
        seen.append(len(y))
        return lambda rows: np.full(len(rows), setting["say"])

    learner = Learner(fit, [{"say": n} for n in range(3)])
    y = np.array([2] * 20 + [1] * 5 + [0] * 5)
    chosen = cli_compare._best_setting(learner, np.zeros((30, 1), np.float32), y, 3, seed=0)
    assert chosen == {"say": 2}
    assert seen == [20] * 9


def test_a_table_with_words_and_gaps(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    lines = [
        f"{i % 7},{'red' if i % 3 else 'blue'},{'' if i == 4 else i},{i % 3}" for i in range(50)
    ]
    path.write_text("\n".join(["size,colour,price,kind", *lines]))
    found = read(str(path), "kind")
    assert (found.classes, found.x.shape, found.x_test.shape) == (3, (41, 3), (9, 3))
    assert np.isfinite(found.x).all() and np.isfinite(found.x_test).all()
    prices = read(str(path), "size")
    assert prices.classes == 7
    parquet = pytest.importorskip("pyarrow.parquet")
    import pyarrow

    rows = {
        "a": [0.5 * i for i in range(40)],
        "word": ["x", "y"] * 20,
        "y": [0.1 * i for i in range(40)],
    }
    parquet.write_table(pyarrow.table(rows), tmp_path / "t.parquet")
    other = read(str(tmp_path / "t.parquet"), "y")
    assert (other.classes, other.x.shape[1], other.score) == (0, 2, "R2")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["iris", "--sizes", "2,30"], "expected integers from 6 to 120"),
        (["iris", "--learners", "network,oracle"], "'oracle' is not one of network, logistic"),
        (["iris", "--out", "x.jpg"], "ends in .png, .svg, .pdf"),
        (["iriss"], "iriss is neither a file nor one of digits, iris"),
    ],
)
def test_mistakes_are_explained(arguments: list[str], message: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_missing_target_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n3,4\n" * 6)
    assert "which column is to be predicted? Name it with --target" in run(path).output
    assert "no column 'c' for the target" in run(path, "--target", "c").output
    path.write_text("a,b\n1,2\n3\n")
    assert "line 3" in run(path, "--target", "b").output


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sklearn", None)
    done = run("iris")
    assert done.exit_code == 2
    assert 'pip install "ranvier[sklearn]"' in done.output


def test_progress_is_reported_in_plain_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    done = run("iris", "--sizes", "30,60", "--seeds", 2, "--out", tmp_path / "a.png",
               "--learners", "naive Bayes,decision tree")  # fmt: skip
    assert done.exit_code == 0, done.output
    message = [line.split("  ")[-1] for line in done.stderr.splitlines()]
    assert message == [
        f"{learner}: {rows} rows, 2 draws"
        for learner in ("naive Bayes", "decision tree")
        for rows in (30, 60)
    ]
    assert "rows, 2 draws" not in done.stdout


def test_progress_is_a_live_line_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with cli_progress.progress(4, 2) as report:
        for rows in (30, 60):
            for draw in range(2):
                report.begin("naive Bayes", rows, draw)
        report.done("naive Bayes", 1.5)
    shown = terminal.getvalue()
    assert "naive Bayes: 60 rows, draw 2 of 2" in shown and "naive Bayes: 1.5 s" in shown
