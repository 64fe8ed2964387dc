"""Expressions: where one number comes from, as a tree with a value at every node.

Each is shown four ways: with symbols or with numbers, as plain text or for LaTeX.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...graph.node import OPS
from .number_text import (
    latex_number,
    latex_operand,
    latex_symbol,
    latex_text,
    number,
    operand,
    position,
)

SUM, PRODUCT, ATOM = 0, 1, 2  # how tightly an expression holds together


@dataclass(frozen=True)
class Form:
    """One of the four ways to show an expression."""

    numbers: bool
    latex: bool
    most: int = 4  # terms of a sum that are shown

    def of_number(self, value: float) -> str:
        """A number by itself."""
        return latex_operand(value) if self.latex else operand(value)


SYMBOLS, NUMBERS = Form(False, False), Form(True, False)
LATEX_SYMBOLS, LATEX_NUMBERS = Form(False, True), Form(True, True)


class Expr(ABC):
    """A number and where it comes from."""

    value: float
    level: ClassVar[int] = ATOM

    @abstractmethod
    def show(self, form: Form) -> str:
        """The expression as text."""

    def inside(self, form: Form, level: int) -> str:
        """As a part of an expression of this level: in brackets if it is looser."""
        text = self.show(form)
        if self.level >= level:
            return text
        return rf"\left({text}\right)" if form.latex else f"({text})"

    def leaves(self) -> int:
        """How many numbers it is made of."""
        return 1

    def computed(self) -> float:
        """The value computed again in float64 from the numbers that it is made of."""
        return self.value


@dataclass(frozen=True)
class Named(Expr):
    """One element of a tensor that has a name; `layer` is said where it is another one."""

    symbol: str
    index: tuple[int, ...]
    value: float
    layer: str = ""

    @property
    def text(self) -> str:
        """The name with its position."""
        return f"{self.layer}{'.' if self.layer else ''}{self.symbol}{position(self.index)}"

    def show(self, form: Form) -> str:
        if form.numbers:
            return form.of_number(self.value)
        if not form.latex:
            return self.text
        at = ",".join(map(str, self.index))
        symbol = latex_symbol(self.symbol)
        if "frac" in symbol and at:
            symbol = rf"\left({symbol}\right)"
        above = rf"^{{\mathrm{{{latex_text(self.layer)}}}}}" if self.layer else ""
        return f"{symbol}{above}" + (f"_{{{at}}}" if at else "")


@dataclass(frozen=True)
class Constant(Expr):
    """A number that stands in the program."""

    value: float

    def show(self, form: Form) -> str:
        return form.of_number(self.value)


_INFIX = {
    "add": (" + ", " + ", SUM), "subtract": (" - ", " - ", SUM),
    "multiply": ("·", r" \cdot ", PRODUCT), "divide": ("/", "/", PRODUCT),
    "less": (" < ", " < ", SUM), "less_equal": (" ≤ ", r" \le ", SUM),
    "greater": (" > ", " > ", SUM), "greater_equal": (" ≥ ", r" \ge ", SUM),
    "equal": (" = ", " = ", SUM), "not_equal": (" ≠ ", r" \ne ", SUM),
    "logical_and": (" and ", r" \wedge ", SUM), "logical_or": (" or ", r" \vee ", SUM),
}  # fmt: skip
_OF_BITS = {"shift_right"}  # of integers, which float64 does not compute
_COMPARISONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
_FUNCTIONS = {
    "sqrt": ("√({})", r"\sqrt{{{}}}"), "exp": ("exp({})", r"e^{{{}}}"),
    "abs": ("|{}|", r"\left|{}\right|"), "logical_not": ("not ({})", r"\neg\left({}\right)"),
    "relu": ("max({}, 0)", r"\max\left({}, 0\right)"),
    "log": ("log({})", r"\log\left({}\right)"), "tanh": ("tanh({})", r"\tanh\left({}\right)"),
    "log1p": ("log(1 + {})", r"\log\left(1 + {}\right)"),
    "expm1": ("(exp({}) - 1)", r"\left(e^{{{}}} - 1\right)"),
    "sigmoid": ("sigmoid({})", r"\sigma\left({}\right)"),
    "maximum": ("max({}, {})", r"\max\left({}, {}\right)"),
    "minimum": ("min({}, {})", r"\min\left({}, {}\right)"),
    "sin": ("sin({})", r"\sin\left({}\right)"), "cos": ("cos({})", r"\cos\left({}\right)"),
}  # fmt: skip


@dataclass(frozen=True)
class Applied(Expr):
    """An operation on other numbers."""

    op: str
    args: tuple[Expr, ...]
    value: float

    @property
    def level(self) -> int:  # type: ignore[override]
        if self.op == "negative":
            return SUM
        return _INFIX[self.op][2] if self.op in _INFIX else ATOM

    def inside(self, form: Form, level: int) -> str:
        if self.op not in _COMPARISONS or level == SUM:
            return super().inside(form, level)
        return form.of_number(float(self.value)) if form.numbers else f"[{self.show(form)}]"

    def show(self, form: Form) -> str:
        if self.op in _INFIX:
            text, latex, level = _INFIX[self.op]
            left = self._factor(self.args[0], form, level)
            tighter = level + (self.op in ("subtract", "divide"))
            right = self._factor(self.args[1], form, min(tighter, ATOM))
            if self.op == "divide" and form.latex:
                return rf"\frac{{{self.args[0].show(form)}}}{{{self.args[1].show(form)}}}"
            return f"{left}{latex if form.latex else text}{right}"
        if self.op == "negative":
            return f"-{self.args[0].inside(form, PRODUCT)}"
        if self.op == "power":
            base, exponent = self.args[0].inside(form, ATOM), self.args[1]
            if form.latex:
                return f"{{{base}}}^{{{exponent.show(form)}}}"
            return f"{base}^{exponent.inside(form, ATOM)}"
        parts = [a.show(form) for a in self.args]
        if self.op in _FUNCTIONS:
            return _FUNCTIONS[self.op][form.latex].format(*parts)
        name = rf"\mathrm{{{latex_text(self.op)}}}" if form.latex else self.op
        return f"{name}({', '.join(parts)})"

    def _factor(self, arg: Expr, form: Form, level: int) -> str:
        """An operand; a quotient in a product or a quotient is in brackets: (a/b)·c, not a/b·c."""
        text = arg.inside(form, level)
        within = self.op in ("multiply", "divide") and level == PRODUCT and not form.latex
        return f"({text})" if within and isinstance(arg, Applied) and arg.op == "divide" else text

    def leaves(self) -> int:
        return sum(a.leaves() for a in self.args)

    def computed(self) -> float:
        if self.op in _OF_BITS:
            return self.value
        args = [np.float64(a.computed()) for a in self.args]
        with np.errstate(all="ignore"):
            if self.op == "relu":
                return float(max(args[0], 0.0))
            return float(OPS[self.op].reference(*args))


@dataclass(frozen=True)
class Chosen(Expr):
    """One of two numbers, taken because a condition holds or does not."""

    taken: Expr
    condition: Expr
    holds: bool

    @property
    def value(self) -> float:  # type: ignore[override]
        return self.taken.value

    @property
    def level(self) -> int:  # type: ignore[override]
        return SUM

    def show(self, form: Form) -> str:
        why = self.condition.show(form)
        if form.latex:
            text = r"\text{as }" if self.holds else r"\text{as not }"
            return rf"{self.taken.show(form)} \quad ({text} {why})"
        return f"{self.taken.show(form)} (as {'' if self.holds else 'not '}{why})"

    def leaves(self) -> int:
        return self.taken.leaves() + self.condition.leaves()

    def computed(self) -> float:
        return self.taken.computed()


_TOTALS = {"sum": " + ", "prod": "·"}


@dataclass(frozen=True)
class Total(Expr):
    """The sum of many terms (or their product, largest or least), made when they are asked for."""

    kind: str  # "products", "sum", "prod", "max", "min"
    count: int
    term: Callable[[int], Expr]
    value: float

    @property
    def level(self) -> int:  # type: ignore[override]
        if self.kind in ("products", "sum") and self.count > 1:
            return SUM
        return ATOM if self.kind in ("max", "min") else PRODUCT

    @property
    def terms(self) -> list[Expr]:
        """All of them."""
        return [self.term(i) for i in range(self.count)]

    def show(self, form: Form) -> str:
        parts = [self.term(i).inside(form, PRODUCT) for i in self._shown(form)]
        if self.count > form.most:
            more = f"{self.count - len(parts)} more"
            parts.insert(-1, rf"\cdots_{{\text{{{more}}}}}" if form.latex else f"... ({more}) ...")
        if self.kind in ("max", "min"):
            name = "\\" + self.kind if form.latex else self.kind
            text = ", ".join(parts)
            return rf"{name}\left({text}\right)" if form.latex else f"{name}({text})"
        between = r" \cdot " if form.latex and self.kind == "prod" else None
        return (between or _TOTALS.get(self.kind, " + ")).join(parts) or "0"

    def _shown(self, form: Form) -> Sequence[int]:
        if self.count <= form.most:
            return range(self.count)
        return [*range(form.most - 1), self.count - 1]

    def leaves(self) -> int:
        return self.count * (self.term(0).leaves() if self.count else 0)

    def computed(self) -> float:
        values = [t.computed() for t in self.terms]
        if self.kind in ("max", "min"):
            return max(values) if self.kind == "max" else min(values)
        return math.prod(values) if self.kind == "prod" else math.fsum(values)


def value_text(expr: Expr, form: Form) -> str:
    """The value of an expression behind its last equals sign."""
    return latex_number(expr.value) if form.latex else number(expr.value)
