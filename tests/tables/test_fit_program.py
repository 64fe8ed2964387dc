"""The program of a report is code, whatever the names in it, and it does what was done."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner

import ranvier
from ranvier.cli.main import main
from ranvier.tables.fit_program import program

NAMES = ["price", 'it\'s "so"', "a\\b\n", "גיל", "x" * 100, "'", "\x00", "\u2028", "\udc80", "{a}"]


@pytest.mark.parametrize("name", NAMES)
def test_code_holds_what_it_was_made_of(name: str) -> None:
    arguments = {"target": name, "seed": 3, "kinds": {name: "category"}, "drop": [name]}
    text = program(f"{name}.csv", arguments, {"delimiter": name}, name)
    tree = ast.parse(text.encode("utf-8", "surrogatepass") if name != "\udc80" else text)
    calls = {ast.unparse(n.func): n for n in ast.walk(tree) if isinstance(n, ast.Call)}
    read, fit = calls["ranvier.tables.read_table"], calls["ranvier.fit_table"]
    assert ast.literal_eval(read.args[0]) == f"{name}.csv"
    assert {k.arg: ast.literal_eval(k.value) for k in read.keywords} == {"delimiter": name}
    assert {k.arg: ast.literal_eval(k.value) for k in fit.keywords} == arguments
    assert ast.literal_eval(calls["model.save"].args[0]) == name


def houses(separator: str) -> str:
    rows = [f"{i % 37},{'north' if i % 3 else 'south'},{i % 37 * 2 + i % 3}" for i in range(80)]
    text = "\n".join(["size,town,rent", *rows]) + "\n"
    return text.replace(",", separator)


def ran(text: str, folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_program_of_a_report_trains_the_same_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code on the page of `ranvier train`, with options of all kinds, run in a new process."""
    monkeypatch.chdir(tmp_path)
    Path("houses.txt").write_text(houses("|"))
    options = ["--target", "rent", "--delimiter", "|", "--as", "size=category", "--drop", "town"]
    options += ["--epochs", "2", "--members", "1", "--held-out", "0.3", "--metric", "mae"]
    done = CliRunner().invoke(main, ["train", "houses.txt", *options, "--seed", "4"])
    assert done.exit_code == 0, done.output
    first: Any = ranvier.load("houses.safetensors")
    assert first.results.code in Path("houses.html").read_text("utf-8").replace("&quot;", '"')
    Path("houses.safetensors").unlink()
    ran(first.results.code, tmp_path)
    second: Any = ranvier.load("houses.safetensors")
    frame = {"size": [3, 5], "town": ["north", "south"]}
    assert (second.predict(frame) == first.predict(frame)).all()


def test_the_program_of_a_model_made_in_python(tmp_path: Path) -> None:
    (tmp_path / "houses.csv").write_text(houses(","))
    options: dict[str, Any] = {"epochs": 2, "members": 1, "verbose": 0}
    model = ranvier.fit_table(tmp_path / "houses.csv", "rent", time="size", **options)
    assert 'time="size"' in model.program and "verbose" not in model.program
    ran(model.program, tmp_path)
    frame = pl.read_csv(tmp_path / "houses.csv")
    model = ranvier.fit_table(frame, "rent", **options)
    assert "# table: the DataFrame" in model.program
    assert re.search(r"fit_table\(\s*table,", model.program)
