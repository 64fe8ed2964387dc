"""The formulas of the tables say what the functions compute."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import nn
from ranvier.nn import activations
from ranvier.train.walkthrough.formulas.activations import ACTIVATIONS, backward, forward
from ranvier.train.walkthrough.formulas.formula import Formula
from ranvier.train.walkthrough.formulas.layers import LAYERS, formulas_of
from ranvier.train.walkthrough.formulas.losses import LOSSES, TOTAL
from ranvier.train.walkthrough.formulas.optimizers import _MOMENTUM, _NESTEROV, OPTIMIZERS

POINTS = [-7.1, -2.9, -1.3, -0.4, 0.3, 0.9, 2.2, 5.9, 6.5]
WORDS = {
    "exp": math.exp, "sqrt": math.sqrt, "erf": math.erf, "log": math.log, "tanh": math.tanh,
    "pi": math.pi, "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
}  # fmt: skip


def python(text: str) -> str:
    """A formula of the tables as Python.

    >>> python("z (1 + e^-z) if z > 0 else 0.2 z²")
    'z*(1 + exp(-z)) if z > 0 else 0.2*z**2'
    """
    plain = {
        "²": "**2", "e^-z": "exp(-z)", "e^(": "exp(", "e^z": "exp(z)", "√(": "sqrt(",
        "√2": "sqrt(2)", "≥": ">=", "|z|": "abs(z)", "2π": "2*pi", "-z**2/2": "-(z**2)/2",
    }  # fmt: skip
    for old, new in plain.items():
        text = text.replace(old, new)
    return re.sub(r"(\b(?!if\b|else\b)[\w.]+|\)) (?=(?!if\b|else\b)[\w(])", r"\1*", text)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations_and_their_slopes(name: str) -> None:
    shape, function = ACTIVATIONS[name], activations.NAMES[name]
    if shape.rows:
        assert "row" in shape.text
        return
    for point in POINTS:
        z = ranvier.tensor(point, "float64", requires_grad=True)
        a = function(z)
        known = {**WORDS, "z": point, "a": a.item()}
        assert math.isclose(eval(python(shape.text), known), a.item(), rel_tol=1e-4, abs_tol=1e-9)
        slope = shape.slope
        if name == "hard_silu":
            slope = "(2 z + 3) / 6 if -3 < z < 3 else (0 if z < 0 else 1)"
        if ", s = " in slope:
            slope, _, s = slope.partition(", s = ")
            known["s"] = eval(python(s), known)
        expected = 0.0
        if a.requires_grad:
            a.backward()
            assert z.grad is not None
            expected = z.grad.item()
        assert math.isclose(eval(python(slope), known), expected, rel_tol=1e-4, abs_tol=1e-9)


def test_the_table_of_activations_is_whole() -> None:
    functions = {f.__name__ for f in activations.NAMES.values()}
    assert set(ACTIVATIONS) == functions


def balanced(latex: str) -> bool:
    """Whether braces and \\left, \\right come in pairs."""
    depth = 0
    for character in re.sub(r"\\[{}]", "", latex):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth < 0:
            return False
    return depth == 0 and latex.count(r"\left") == latex.count(r"\right")


def all_formulas() -> list[Formula]:
    """Every formula of every table."""
    rows = [*LAYERS.values(), *LOSSES.values()]
    found = [f for row in rows for part in row for f in part]
    found += [f for rule in OPTIMIZERS.values() for f in rule] + [*_MOMENTUM, *_NESTEROV, *TOTAL]
    for function in map(activations.get, ACTIVATIONS):
        for symbols in ((), ("x", "out")):
            found += [f for make in (forward, backward) if (f := make(function, *symbols))]
    return found


def test_latex_is_balanced() -> None:
    assert [f.latex for f in all_formulas() if not balanced(f.latex)] == []
    assert not balanced("{") and not balanced(r"\left(")


def levels(text: str) -> list[str]:
    """What stands at each level of brackets: the text with "()" for everything deeper.

    >>> levels("a (b + c) / d")
    ['a () / d', 'b + c']
    """
    found, open_ = [""], [0]
    bars = 0
    for character in text:
        closes = character in ")]" or (character == "|" and bars % 2)
        opens = character in "([" or (character == "|" and not bars % 2)
        bars += character == "|"
        if closes and len(open_) > 1:
            open_.pop()
        elif opens:
            found[open_[-1]] += "()"
            open_.append(len(found))
            found.append("")
        else:
            found[open_[-1]] += character
    return found


AMBIGUOUS = {
    "what is divided by": re.compile(r" / [^+,=-]* [·/] "),
    "what a sum is over": re.compile(r"(?:mean|sum) of (?:(?! over | where ).)* [+-] "),
    "how far a root goes": re.compile(r"√[a-z_]+ \w"),
    "how far a power goes": re.compile(r"\^-"),
}


def ambiguous(text: str) -> list[str]:
    """What a reader may take in two ways."""
    parts = [part for level in levels(text) for part in re.split(",   |: ", level)]
    return [what for what, found in AMBIGUOUS.items() if any(map(found.search, parts))]


def test_no_formula_can_be_read_in_two_ways() -> None:
    assert {f.text: a for f in all_formulas() if (a := ambiguous(f.text))} == {}
    for planted in ("x / y · z", "mean of p - y", "√v e", "1 / (1 + e^-z)", "w - (a / b · c)"):
        assert ambiguous(planted), planted


def test_settings_of_a_layer_change_its_formulas() -> None:
    def texts(layer: nn.Layer) -> list[str]:
        layer(np.ones((2, 3), np.float32))
        known = formulas_of(layer)
        assert known is not None
        return [f.text for f in (*known.forward, *known.backward)]

    plain = texts(nn.Dense(2, use_bias=False))
    assert plain == ["z = x W", "∂L/∂W = xᵀ ∂L/∂z", "∂L/∂x = ∂L/∂z Wᵀ"]
    tanh = texts(nn.Dense(2, "tanh"))
    assert tanh[:3] == [
        "z = x W + b", "a = tanh(z)", "∂L/∂z = ∂L/∂a · f'(z),   f'(z) = 1 - a²",
    ]  # fmt: skip
    assert texts(nn.Activation("relu"))[0] == "out = max(x, 0)"

    def mine(z: Any) -> Any:
        return z * 2.0

    assert texts(nn.Dense(2, mine))[1] == "a = mine(z)"

    class Other(nn.Dense):
        def forward(self, x: Any) -> Any:
            return x @ self.kernel * 2.0

    assert formulas_of(Other(2)) is None  # it computes something else
