"""Elementwise ops: each element of the result from the elements at the same index.

| file | what it holds |
|---|---|
| arithmetic.py | Sums, products, quotients, powers, extremes |
| base.py | What every elementwise op is, and its gradient under broadcasting |
| builder.py | What an op's scalar expression is written in |
| comparison.py | Ops that compare, choose and convert |
| mathematics.py | Exponentials, logarithms, roots, trigonometry, rounding |
"""

from __future__ import annotations

from ..op import as_float
from .arithmetic import (
    abs,
    add,
    atan2,
    divide,
    floor_divide,
    maximum,
    minimum,
    multiply,
    negative,
    power,
    remainder,
    shift_right,
    sign,
    subtract,
)
from .base import Elementwise
from .comparison import (
    astype,
    detach,
    equal,
    greater,
    greater_equal,
    isfinite,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    where,
)
from .mathematics import (
    ceil,
    cos,
    erf,
    exp,
    expm1,
    floor,
    log,
    log1p,
    round,
    sigmoid,
    sin,
    sqrt,
    tanh,
    trunc,
)

__all__ = [
    "Elementwise",
    "abs",
    "add",
    "as_float",
    "astype",
    "atan2",
    "ceil",
    "cos",
    "detach",
    "divide",
    "equal",
    "erf",
    "exp",
    "expm1",
    "floor",
    "floor_divide",
    "greater",
    "greater_equal",
    "isfinite",
    "less",
    "less_equal",
    "log",
    "log1p",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "power",
    "remainder",
    "round",
    "shift_right",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "subtract",
    "tanh",
    "trunc",
    "where",
]
