"""What a type checker knows of a program that uses the package (the package says `py.typed`)."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import assert_type

import numpy as np
import pytest

import ranvier
from ranvier.graph.node import Node
from ranvier.ops.creation import input_node
from ranvier.tensors.tensor import Tensor

SRC = Path(__file__).parents[2] / "src"

# Lines that end in `# -> type` are asked what type they have; the others must only be right.
PROGRAM = """
import numpy as np
import ranvier
from ranvier.graph.node import Node
from ranvier.tensors.tensor import Tensor

x = ranvier.tensor([1.0, 2.0])
ranvier.exp(x)  # -> Tensor
ranvier.exp(x).sum()  # -> Tensor
ranvier.add(x, 1.0)  # -> Tensor
ranvier.add(1, 2)  # -> Tensor
ranvier.exp([1.0, 2.0])  # -> Tensor
ranvier.exp(np.zeros(3))  # -> Tensor
ranvier.softmax([[1.0, 2.0]], axis=-1)  # -> Tensor
ranvier.concat([x, x])  # -> Tensor
ranvier.split(x, 2)  # -> list[Tensor]
ranvier.zeros((2, 3), "float64")  # -> Tensor
ranvier.where(x > 0, x, 0.0)  # -> Tensor
x + 1  # -> Tensor
1 - x  # -> Tensor
x.reshape(2, 1).T  # -> Tensor
x[0, ..., None]  # -> Tensor
[row for row in x]  # -> list[Tensor]
ranvier.random.normal((2,))  # -> Tensor
x.shape  # -> tuple[int, ...]
x.grad  # -> Tensor | None

def in_a_graph(node: Node) -> None:
    ranvier.exp(node)  # -> Node
    node * 2.0 + 1  # -> Node
    ranvier.relu(node)  # -> Node

@ranvier.compile
def total(t: Tensor, times: int = 1) -> Tensor:
    return ranvier.sum(t) * times

total(x, times=2)  # -> Tensor
ranvier.value_and_grad(total)(x)  # -> tuple[Tensor, Any]

class Kind(Tensor):
    pass

def of_a_kind(k: Kind) -> None:
    k + 1  # -> Kind
    k.exp()  # -> Kind
"""

WRONG = {
    "ranvier.exp(x, x)": "Too many arguments",
    "ranvier.exp(None)": "incompatible type",
    "ranvier.add(x)": "Missing positional argument",
    "ranvier.sum(x, axis='all')": "incompatible type",
    "ranvier.zeros(2.5)": "incompatible type",
    "x.no_such_method()": "has no attribute",
    "total(x, 'twice')": "incompatible type",
    "ranvier.grad(total)()": "Too few arguments",
}


def checked(program: str, folder: Path) -> str:
    """What mypy says of a program that imports the package."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--config-file=",
            "--follow-imports=silent",
            "program.py",
        ],
        cwd=folder,
        env={"MYPYPATH": str(SRC), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout + done.stderr


def test_the_kind_that_goes_in_comes_out() -> None:
    """The type checker reads this test too: `assert_type` is its, `type` is Python's."""
    x = ranvier.tensor([1.0, 2.0])
    node = input_node((2,), "float32")
    tensors = [
        assert_type(ranvier.exp(x), Tensor),
        assert_type(ranvier.add(1, 2), Tensor),
        assert_type(ranvier.relu(np.zeros(3)), Tensor),
        assert_type(ranvier.softmax([[1.0, 2.0]]), Tensor),
        assert_type(1 - x, Tensor),
        assert_type(x.sum(), Tensor),
    ]
    nodes = [
        assert_type(ranvier.exp(node), Node),
        assert_type(ranvier.relu(node), Node),
        assert_type(node * 2.0 + 1, Node),
        assert_type(ranvier.sum(node, axis=0), Node),
    ]
    assert {type(t) for t in tensors} == {Tensor}
    assert {type(n) for n in nodes} == {Node}


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy, the type checker, is not installed")
def test_a_type_checker_knows_what_ops_give(tmp_path: Path) -> None:
    lines = PROGRAM.splitlines()
    expected = {}
    for number, line in enumerate(lines):
        code, _, kind = line.partition("  # -> ")
        if kind:
            indent = code[: len(code) - len(code.lstrip())]
            lines[number] = f"{indent}reveal_type({code.strip()})"
            expected[number + 1] = kind
    first_wrong = len(lines) + 1
    lines += WRONG
    message = checked("\n".join(lines), tmp_path)
    found = {
        int(number): re.sub(r"\b(?:ranvier|program|builtins)\.(?:\w+\.)*", "", kind)
        for number, kind in re.findall(r':(\d+): note: Revealed type is "(.+)"', message)
    }
    assert found == expected, message
    errors = re.findall(r"program\.py:(\d+): error: (.+)", message)
    assert [int(number) for number, _ in errors] == [first_wrong + i for i in range(len(WRONG))], (
        message
    )
    for (_, error), part in zip(errors, WRONG.values(), strict=True):
        assert part in error, (error, part)
