"""The code of a report is code, whatever the names in it."""

from __future__ import annotations

import ast
import shlex

import pytest

from ranvier.report.reproduce import command, python_code

NAMES = ["price", 'it\'s "so"', "a\\b\n", "גיל", "x" * 100, "'", "\x00"]


@pytest.mark.parametrize("name", NAMES)
def test_code_holds_what_it_was_made_of(name: str) -> None:
    tree = ast.parse(python_code(f"{name}.csv", name, seed=3, kinds={name: "category"}))
    call = next(n for n in ast.walk(tree) if isinstance(n, ast.Call))
    assert ast.literal_eval(call.args[0]) == f"{name}.csv"
    values = {k.arg: ast.literal_eval(k.value) for k in call.keywords}
    assert values == {"target": name, "seed": 3, "kinds": {name: "category"}}


@pytest.mark.parametrize("name", [name for name in NAMES if "\x00" not in name])
def test_a_command_holds_what_it_was_made_of(name: str) -> None:
    assert shlex.split(command(name, name))[2:] == [name, "--target", name]
