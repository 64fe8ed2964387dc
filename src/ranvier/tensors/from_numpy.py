"""NumPy's functions of elements called with our values: `np.exp(x)` is `ranvier.exp(x)`.

NumPy asks the value (`__array_ufunc__`), and where Ranvier has a function of that name it is
called: the result is a tensor with its gradient, also while a function is traced.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DTypeError
from ..graph.node import Value
from ..ops import contraction, elementwise
from ..ops.composites import functions as composite
from ..ops.op import as_values
from .mode import is_grad_enabled

_OTHER_NAMES = {
    "absolute": "abs",
    "fabs": "abs",
    "rint": "round",
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "arctan2": "atan2",
}
_NAMES = frozenset({
    "abs", "acos", "add", "asin", "atan", "atan2", "ceil", "cos", "cosh", "divide", "equal", "exp",
    "expm1", "floor", "floor_divide", "greater", "greater_equal", "hypot", "isfinite", "isinf",
    "isnan", "less", "less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and",
    "logical_not", "logical_or", "logical_xor", "matmul", "maximum", "minimum", "multiply",
    "negative", "not_equal", "power", "reciprocal", "remainder", "round", "sign", "sin", "sinh",
    "sqrt", "square", "subtract", "tan", "tanh", "trunc",
})  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y,
    "bitwise_xor": lambda x, y: x ^ y,
}


def _function(name: str) -> Callable[..., Any] | None:
    ours = _OTHER_NAMES.get(name, name)
    if ours in _NAMES:
        for module in (elementwise, composite, contraction):
            if hasattr(module, ours):
                return getattr(module, ours)  # type: ignore[no-any-return]
    if name in _OPERATORS:
        return lambda x, y: _OPERATORS[name](*as_values(x, y))
    return None


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """What `ufunc` of NumPy gives for these inputs, of which one at least is ours."""
    name = ufunc.__name__
    out = options.get("out", ())
    if out and not any(isinstance(x, Value) for x in out):
        return getattr(ufunc, method)(*[_numbers(name, x) for x in inputs], **options)
    function = _function(name) if method == "__call__" and not options else None
    if function is None:
        what = name if method == "__call__" else f"{name}.{method}"
        with_options = f" with {', '.join(options)}=" if options else ""
        raise DTypeError(
            f"np.{what}{with_options} has no counterpart in Ranvier; write it in functions of "
            f"ranvier, or take the numbers, which keeps no gradient: np.{what}(x.numpy())"
        )
    return function(*inputs)


def _numbers(name: str, x: Any) -> Any:
    """An input of a call that writes into an array of NumPy's."""
    if not isinstance(x, Value):
        return x
    if getattr(x, "requires_grad", False) and is_grad_enabled():
        raise DTypeError(
            f"np.{name} writes into an array, which keeps no gradient; give x.detach(), or write "
            "`a = a + x` in place of `a += x`"
        )
    return np.asarray(x)
