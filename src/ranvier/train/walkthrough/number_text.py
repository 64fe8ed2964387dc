"""Numbers, positions and symbols as short texts, plain and for LaTeX."""

from __future__ import annotations

import re

import numpy as np

from ...typing import Array


def number(value: float, digits: int = 6) -> str:
    """A number with so many digits as float32 can tell.

    >>> number(10.0), number(np.float32(4.2)), number(1e-7), number(-0.5), number(True)
    ('10', '4.2', '1e-7', '-0.5', 'true')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    text = f"{float(value):.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def operand(value: float) -> str:
    """A number as part of a formula: in brackets if it is negative.

    >>> operand(2.0), operand(-2.0)
    ('2', '(-2)')
    """
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def latex_number(value: float) -> str:
    """A number for LaTeX.

    >>> print(latex_number(1e-7), latex_number(-2.5))
    1 \\cdot 10^{-7} -2.5
    """
    mantissa, e, exponent = number(value).partition("e")
    text = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}.get(mantissa, mantissa)
    return rf"{text} \cdot 10^{{{exponent}}}" if e else text


def latex_operand(value: float) -> str:
    """A number for LaTeX as part of a formula."""
    text = latex_number(value)
    return f"({text})" if text.startswith("-") else text


def position(index: tuple[int, ...]) -> str:
    """A position behind a symbol; of a single number nothing.

    >>> position((0, 3)), position(())
    ('[0, 3]', '')
    """
    return f"[{', '.join(map(str, index))}]" if index else ""


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape.

    >>> shape_text((4, 8)), shape_text(())
    ('4 x 8', 'one number')
    """
    return " x ".join(map(str, shape)) if shape else "one number"


_GREEK = {"γ": r"\gamma", "β": r"\beta", "μ": r"\mu", "σ²": r"\sigma^2", "∂": r"\partial "}


def latex_symbol(symbol: str) -> str:
    """A symbol for LaTeX.

    >>> print(latex_symbol("W"), latex_symbol("∂L/∂z"), latex_symbol("moving_mean"))
    W \\frac{\\partial L}{\\partial z} \\text{moving\\_mean}
    """
    if match := re.fullmatch(r"∂L/∂(.+)", symbol):
        return rf"\frac{{\partial L}}{{\partial {latex_symbol(match[1])}}}"
    if symbol in _GREEK:
        return _GREEK[symbol]
    if match := re.fullmatch(r"(\w)(\d+)", symbol):
        return f"{{{match[1]}_{{{match[2]}}}}}"  # in braces, as a position may follow
    if len(symbol) == 1:
        return symbol
    return rf"\text{{{latex_text(symbol)}}}"


def latex_text(text: str) -> str:
    """Plain text for LaTeX.

    >>> print(latex_text("dense_1 & 50%"))
    dense\\_1 \\& 50\\%
    """
    return re.sub(r"([&%$#_{}])", r"\\\1", text.replace("\\", r"\textbackslash "))


def statistics(array: Array) -> str:
    """What a large tensor holds, in one line."""
    if not array.size:
        return "no numbers"
    if array.dtype.kind == "b":
        return f"{int(array.sum())} of {array.size} true"
    values = array.astype(np.float64)
    return (
        f"mean {number(values.mean(), 4)}, deviation {number(values.std(), 4)}, least "
        f"{number(values.min(), 4)}, largest {number(values.max(), 4)}"
    )


_BARS = " ▁▂▃▄▅▆▇█"


def bars(array: Array, count: int = 16) -> str:
    """A histogram as a line of small bars, of finite numbers from least to largest.

    >>> bars(np.array([0.0, 0.0, 1.0]), 4)
    '█  ▄'
    """
    counts = histogram(array, count)
    top = max(counts, default=0)
    return "".join(_BARS[-(-8 * n // top)] if top else " " for n in counts)


def histogram(array: Array, count: int = 16) -> list[int]:
    """How many finite numbers lie in each of `count` equal parts from the least to the largest."""
    flat = array.astype(np.float64).reshape(-1)
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return [0] * count
    least, largest = float(flat.min()), float(flat.max())
    if not largest > least:
        largest = least + 1.0
    positions = np.minimum(((flat - least) / (largest - least) * count).astype(np.int64), count - 1)
    return [int(n) for n in np.bincount(positions, minlength=count)]
