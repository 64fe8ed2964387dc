"""The walkthrough as a document for LaTeX, with amsmath alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...typing import Array
from .expressions import LATEX_NUMBERS, LATEX_SYMBOLS, Named
from .number_text import latex_number, latex_symbol, latex_text, shape_text, statistics
from .story import Line, Quantity, Stage, Story
from .terminal import TITLES, agreement

_ROWS, _COLUMNS = 8, 8
_WIDTH = 88  # characters of a formula that fit into a line
_FRACTION = re.compile(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}")
_HEAD = r"""\documentclass[a4paper,11pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath,amssymb}
\allowdisplaybreaks
\setcounter{MaxMatrixCols}{12}
\begin{document}
"""


def document(story: Story) -> str:
    """All of it."""
    return _HEAD + "\n".join(_body(story)) + "\n\\end{document}\n"


def _body(story: Story) -> Iterator[str]:
    recording = story.recording
    yield rf"\section*{{One training step of {_plain(recording.model.name)}}}"
    yield _plain(f"Rows: {recording.rows.count}. {recording.model.optimizer}. {agreement(story)}")
    before = ""
    for stage in story.stages:
        if stage.section != before:
            before = stage.section
            yield rf"\section*{{{_plain(TITLES[before].partition(': ')[0].capitalize())}}}"
        yield from _stage(stage)


def _stage(stage: Stage) -> Iterator[str]:
    yield rf"\subsection*{{{_plain(stage.title)}}}"
    if stage.formulas:
        yield _aligned(f"&{formula.latex}" for formula in stage.formulas)
    if stage.ops:
        yield _plain(f"No formula is known; its operations: {', '.join(stage.ops)}.") + "\n"
    for note in stage.notes:
        yield _plain(note) + "\n"
    for line in stage.lines:
        yield _line(line)
    for quantity in stage.quantities:
        yield _quantity(quantity)


def _line(line: Line) -> str:
    name = Named(line.symbol, line.index, line.expr.value).show(LATEX_SYMBOLS)
    *parts, value = line.parts(LATEX_SYMBOLS, LATEX_NUMBERS)
    room = _WIDTH - _wide(name)
    # What is too long for the page even in several lines is left to page and terminal.
    rows = [broken for part in parts if (broken := _broken(part, room))]
    first, *others = [f"&= {row}" for row in [*rows, value]]
    return _aligned([f"{name} {first}", *others])


def _broken(latex: str, room: int) -> str:
    """A sum in lines that fit; "" if a term of it does not."""
    rows = [""]
    for term in _terms(latex):
        if _wide(term) > room:
            return ""
        if rows[-1] and _wide(rows[-1] + term) > room:
            rows.append("")
        rows[-1] += term
    return " \\\\\n&\\quad ".join(rows)


def _terms(latex: str) -> list[str]:
    """The terms of a sum with their signs, split outside of all brackets.

    >>> _terms(r"a + \\frac{b + c}{2} - (d + e)")
    ['a', ' + \\\\frac{b + c}{2}', ' - (d + e)']
    """
    terms, depth, begin = [], 0, 0
    for i, character in enumerate(latex):
        depth += (character in "{([") - (character in "})]")
        if not depth and latex[i : i + 3] in (" + ", " - "):
            terms.append(latex[begin:i])
            begin = i
    return [*terms, latex[begin:]]


def _wide(latex: str) -> int:
    """About how many characters wide a formula is, those of a fraction one above the other."""
    while match := _FRACTION.search(latex):
        above, below = match.groups()
        latex = latex[: match.start()] + max(above, below, key=_wide) + latex[match.end() :]
    plain = re.sub(r"\\(?:text|mathrm)\{([^{}]*)\}", r"\1", latex)
    plain = re.sub(r"\\(?:left|right|partial|quad|,|;)|[{}^_\\]|(?<=\w) (?=\w)", "", plain)
    return len(plain)


def _aligned(rows: Iterable[str]) -> str:
    return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"


def _quantity(quantity: Quantity) -> str:
    array, symbol = quantity.array, latex_symbol(quantity.symbol)
    if array.ndim <= 2 and array.size and _fits(array):
        return rf"\[ {symbol} = {_matrix(array)} \]"
    about = f"{shape_text(array.shape)}; {statistics(array)}"
    return rf"\noindent ${symbol}$: {_plain(about)}" + "\n"


def _fits(array: Array) -> bool:
    rows = array.shape[0] if array.ndim == 2 else 1
    return rows <= _ROWS and (array.shape[-1] if array.ndim else 1) <= _COLUMNS


def _matrix(array: Array) -> str:
    if not array.ndim:
        return latex_number(array.item())
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    cells = [" & ".join(latex_number(float(f"{float(v):.5g}")) for v in row) for row in rows]
    return r"\begin{pmatrix} " + r" \\ ".join(cells) + r" \end{pmatrix}"


def _plain(text: str) -> str:
    """Text without characters that LaTeX's fonts lack."""
    words = {"∂": "d", "·": "*", "√": "sqrt ", "²": "^2", "σ": "sigma", "μ": "mu", "->": "to",
             "γ": "gamma", "β": "beta"}  # fmt: skip
    for old, new in words.items():
        text = text.replace(old, new)
    return latex_text(text).replace("^", r"\^{}")
