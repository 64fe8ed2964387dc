"""Activations: a = f(z) and f'(z)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ....nn import activations
from ....nn.activations import Activation
from .formula import Formula, by


class Shape(NamedTuple):
    """f(z) and f'(z) as text and LaTeX; `rows` says that a row goes through f as a whole."""

    text: str
    latex: str
    slope: str
    slope_latex: str
    rows: bool = False


_S, _T = r"\sigma(z)", r"\tanh(z)"

ACTIVATIONS: Mapping[str, Shape] = {
    "linear": Shape("z", "z", "1", "1"),
    "sigmoid": Shape("1 / (1 + e^(-z))", r"\frac{1}{1 + e^{-z}}", "a (1 - a)", "a (1 - a)"),
    "tanh": Shape("tanh(z)", _T, "1 - a²", "1 - a^2"),
    "relu": Shape("max(z, 0)", r"\max(z, 0)", "1 if z > 0 else 0", r"[z > 0]"),
    "relu6": Shape(
        "min(max(z, 0), 6)", r"\min(\max(z, 0), 6)", "1 if 0 < z < 6 else 0", "[0 < z < 6]"
    ),
    "leaky_relu": Shape(
        "z if z > 0 else 0.2 z", r"z\,[z > 0] + 0.2\,z\,[z \le 0]", "1 if z > 0 else 0.2",
        r"[z > 0] + 0.2\,[z \le 0]",
    ),
    "elu": Shape(
        "z if z > 0 else e^z - 1", r"z\,[z > 0] + (e^z - 1)\,[z \le 0]", "1 if z > 0 else e^z",
        r"[z > 0] + e^z\,[z \le 0]",
    ),
    "celu": Shape(
        "z if z > 0 else e^z - 1", r"z\,[z > 0] + (e^z - 1)\,[z \le 0]", "1 if z > 0 else e^z",
        r"[z > 0] + e^z\,[z \le 0]",
    ),
    "selu": Shape(
        "1.0507 (z if z > 0 else 1.6733 (e^z - 1))",
        r"1.0507\,(z\,[z > 0] + 1.6733\,(e^z - 1)\,[z \le 0])",
        "1.0507 (1 if z > 0 else 1.6733 e^z)", r"1.0507\,([z > 0] + 1.6733\,e^z\,[z \le 0])",
    ),
    "gelu": Shape(
        "z (1 + erf(z / √2)) / 2", r"\frac{z}{2}\left(1 + \mathrm{erf}\frac{z}{\sqrt 2}\right)",
        "(1 + erf(z / √2)) / 2 + z e^(-z²/2) / √(2π)",
        r"\frac{1}{2}\left(1 + \mathrm{erf}\frac{z}{\sqrt 2}\right) + "
        r"\frac{z\,e^{-z^2/2}}{\sqrt{2\pi}}",
    ),
    "silu": Shape(
        "z sigmoid(z)", rf"z\,{_S}", "sigmoid(z) (1 + z (1 - sigmoid(z)))",
        rf"{_S}\,(1 + z\,(1 - {_S}))",
    ),
    "softplus": Shape("log(1 + e^z)", r"\log(1 + e^z)", "sigmoid(z)", _S),
    "softsign": Shape("z / (1 + |z|)", r"\frac{z}{1 + |z|}", "1 / (1 + |z|)²",
                      r"\frac{1}{(1 + |z|)^2}"),
    "mish": Shape(
        "z tanh(log(1 + e^z))", r"z\,\tanh(\log(1 + e^z))",
        "tanh(s) + z (1 - tanh(s)²) sigmoid(z), s = log(1 + e^z)",
        rf"\tanh s + z\,(1 - \tanh^2 s)\,{_S},\; s = \log(1 + e^z)",
    ),
    "hard_sigmoid": Shape(
        "min(max(z + 3, 0), 6) / 6", r"\frac{\min(\max(z + 3, 0), 6)}{6}",
        "1/6 if -3 < z < 3 else 0", r"\frac{1}{6}\,[-3 < z < 3]",
    ),
    "hard_silu": Shape(
        "z min(max(z + 3, 0), 6) / 6", r"z\,\frac{\min(\max(z + 3, 0), 6)}{6}",
        "(2 z + 3) / 6 if -3 < z < 3, 0 below, 1 above",
        r"\frac{2 z + 3}{6}\,[-3 < z < 3] + [z \ge 3]",
    ),
    "hard_tanh": Shape(
        "min(max(z, -1), 1)", r"\min(\max(z, -1), 1)", "1 if -1 < z < 1 else 0", "[-1 < z < 1]"
    ),
    "log_sigmoid": Shape("log(sigmoid(z))", rf"\log {_S}", "1 - sigmoid(z)", rf"1 - {_S}"),
    "exponential": Shape("e^z", "e^z", "a", "a"),
    "softmax": Shape(
        "e^z / sum of e^z over the row", r"\frac{e^{z_i}}{\sum_j e^{z_j}}", "", "", True
    ),
    "log_softmax": Shape(
        "z - log(sum of e^z over the row)", r"z_i - \log \sum_j e^{z_j}", "", "", True
    ),
    "step": Shape("1 if z ≥ 0 else 0", r"[z \ge 0]", "0", "0"),
}  # fmt: skip


def forward(function: Activation, z: str = "z", a: str = "a") -> Formula | None:
    """`a = f(z)`; None for a function of the user's own."""
    shape = _shape(function)
    if shape is None:
        return None
    text = shape.text if z == "z" else _other(shape.text, z)
    latex = shape.latex if z == "z" else _other(shape.latex, z)
    return Formula(f"{a} = {text}", f"{a} = {latex}")


def backward(function: Activation, z: str = "z", a: str = "a") -> Formula | None:
    """The gradient by z from that by a."""
    shape = _shape(function)
    if shape is None:
        return None
    if not shape.rows:
        slope = _other(shape.slope, z).replace("a", a) if z != "z" else shape.slope
        slope_latex = _other(shape.slope_latex, z) if z != "z" else shape.slope_latex
        return Formula(
            f"∂L/∂{z} = ∂L/∂{a} · f'({z}),   f'({z}) = {slope}",
            rf"{by(z)} = {by(a)} \odot f'({z}), \quad f'({z}) = {slope_latex}",
        )
    if shape.text.startswith("e^z"):
        return Formula(
            f"∂L/∂{z} = {a} · (∂L/∂{a} - sum of {a} · ∂L/∂{a} over the row)",
            rf"{by(z + '_i')} = {a}_i \left({by(a + '_i')} - \sum_j {a}_j {by(a + '_j')}\right)",
        )
    return Formula(
        f"∂L/∂{z} = ∂L/∂{a} - softmax({z}) · sum of ∂L/∂{a} over the row",
        rf"{by(z + '_i')} = {by(a + '_i')} - \mathrm{{softmax}}({z})_i \sum_j {by(a + '_j')}",
    )


def _shape(function: Activation) -> Shape | None:
    name = activations.name_of(function)
    name = {"swish": "silu", "hard_swish": "hard_silu"}.get(str(name), str(name))
    return ACTIVATIONS.get(name)


def _other(text: str, z: str) -> str:
    """The formula with another symbol for z."""
    import re

    return re.sub(r"(?<![A-Za-z\\])z(?![A-Za-z])", z, text)
