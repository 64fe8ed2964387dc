"""A formula: a line of plain text and the same for LaTeX."""

from __future__ import annotations

from typing import NamedTuple


class Formula(NamedTuple):
    """One line, such as `a = max(z, 0)`, and the same for LaTeX."""

    text: str
    latex: str


class Formulas(NamedTuple):
    """What something computes, and what it does with the gradient that reaches it."""

    forward: tuple[Formula, ...]
    backward: tuple[Formula, ...] = ()


def lines(*pairs: str) -> tuple[Formula, ...]:
    """Formulas from text, LaTeX, text, LaTeX, ...

    >>> lines("a = z", "a = z")
    (Formula(text='a = z', latex='a = z'),)
    """
    return tuple(Formula(a, b) for a, b in zip(pairs[::2], pairs[1::2], strict=True))


def by(symbol: str, latex: str = "") -> str:
    """The loss's gradient by a symbol, for LaTeX.

    >>> print(by("z"))
    \\frac{\\partial L}{\\partial z}
    """
    return rf"\frac{{\partial L}}{{\partial {latex or symbol}}}"
