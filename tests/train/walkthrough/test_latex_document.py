"""The document for LaTeX: its grammar, the width of its lines; compiled where LaTeX is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from layer_table import TAKES
from ranvier.train.walkthrough.latex_document import _WIDTH, _broken, _terms, _wide, document
from ranvier.train.walkthrough.names import Names
from ranvier.train.walkthrough.number_text import latex_symbol
from ranvier.train.walkthrough.story import Story
from train.walkthrough.step_models import Case


def faults(latex: str) -> list[str]:
    """What TeX would stop at: open braces, two subscripts.

    >>> faults("x_1_{0}"), faults("{x_1}_{0}"), faults("{a")
    (['two of _'], [], ['open braces'])
    """
    found = []
    tokens = re.findall(r"\\[A-Za-z]+|\\.|[{}_^]|[^\\{}_^]", latex)
    depth, seen = 0, [set[str]()]
    pending = ""
    for token in tokens:
        if token in "_^":
            if token in seen[-1]:
                found.append(f"two of {token}")
            seen[-1].add(token)
            pending = token
            continue
        if token == "{":
            depth += 1
            if not pending:
                seen[-1] = set()
            seen.append(set())
        elif token == "}":
            depth -= 1
            if len(seen) > 1:
                seen.pop()
        elif not pending:
            seen[-1] = set()
        pending = ""
    return found + ["open braces"] * (depth != 0)


def text_of(name: str) -> str:
    return document(Story(Names(Case(name).recorded())))


@pytest.mark.parametrize("name", TAKES)
def test_the_document_of_every_layer_is_latex(name: str) -> None:
    _, _, body = text_of(name).partition("\\begin{document}")
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}|\\\[ (.*?) \\\]", body, re.S)
    assert blocks
    for rows in blocks:
        for row in re.split(r"\\\\\n", "".join(rows)):
            assert faults(row.replace("&", "")) == [], row
    assert not re.search(r"[^\x00-\x7f]", body), "a character that the fonts may lack"


def test_a_sum_is_broken_between_its_terms() -> None:
    assert _terms("a + b - (c + d)") == ["a", " + b", " - (c + d)"]
    assert _wide(r"\frac{\partial L}{\partial x}") < 6
    latex = " + ".join(f"{{x_{{{i}}}}}_{{0}} \\cdot W_{{{i}}}" for i in range(40))
    lines = _broken(latex, 60).split("\\\\")
    assert len(lines) > 3 and all(_wide(line.strip("& \n")) < 75 for line in lines)
    assert _broken("x" * (_WIDTH + 1), _WIDTH) == ""


def test_a_number_behind_a_symbol_leaves_room_for_a_position() -> None:
    assert latex_symbol("x1") == "{x_{1}}"
    assert faults("{x_{1}}_{0, 0}") == [] and faults("x_1_{0, 0}") == ["two of _"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
@pytest.mark.parametrize("name", TAKES)
def test_latex_compiles_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "step.tex").write_text(text_of(name), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "step.tex"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
