"""The one-file teaching copy: every stage checks itself; here it is run as a reader runs it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

from paths import ROOT

FILE = ROOT / "docs" / "from_scratch.py"


def test_every_stage_runs_and_checks_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(FILE)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for stage in range(1, 10):
        assert f"\n{stage}. " in "\n" + done.stdout
    accuracy = float(done.stdout.split()[-1])
    assert accuracy > 0.95


def test_it_borrows_nothing_but_the_digits() -> None:
    borrowed = [
        (node.module, [name.name for name in node.names])
        for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ranvier")
    ]
    assert borrowed == [("ranvier.data", ["load_digits"])]


def test_it_can_be_read_in_one_sitting() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert sum(bool(line.strip()) for line in lines) < 600
