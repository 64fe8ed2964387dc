"""NumPy's functions called with our values.

NumPy asks the value what its functions of elements mean (`__array_ufunc__`): `np.exp(x)` is
`ranvier.exp(x)`, a tensor with its gradient, also while a function is traced.

So are a few reductions and the like, which NumPy leaves to methods (`np.mean(x)`). Its other
functions (`__array_function__`: `np.concatenate`, `np.where`) compute with the numbers and give
plain arrays, as in PyTorch and JAX. No gradient flows through those, so where there is one to lose,
or no number yet, the call is refused with the name of Ranvier's own function. Of a list of tensors
NumPy makes an array without asking; where a function of its own does that, it is refused too.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from ..base.missing import PACKAGE
from ..base.nested import leaves, map_leaves
from ..errors import DTypeError, TraceError
from ..graph.node import Value
from ..ops import contraction, elementwise
from ..ops.composites import functions as composite
from ..ops.op import as_values
from .mode import is_grad_enabled

if TYPE_CHECKING:
    from .conversion import Readable

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

# Functions that mean the same here, by our names; called with options of their own they do not.
SAME = {
    "amax": "max", "amin": "min", "diff": "diff", "fix": "trunc", "flip": "flip",
    "linalg.matmul": "matmul", "max": "max", "mean": "mean", "min": "min", "prod": "prod",
    "squeeze": "squeeze", "std": "std", "sum": "sum", "take_along_axis": "take_along_axis",
    "var": "var",
}  # fmt: skip
# What stands for functions of NumPy that Ranvier calls otherwise, the most likely name first.
COUNTERPARTS = {
    "amax": "max",
    "amin": "min",
    "append": "concat",
    "around": "round",
    "array_split": "split",
    "average": "mean",
    "block": "concat",
    "column_stack": "concat",
    "concatenate": "concat",
    "cumsum": "cumulative_sum",
    "dot": "matmul",
    "dsplit": "split",
    "dstack": "concat",
    "fliplr": "flip",
    "flipud": "flip",
    "hsplit": "split",
    "hstack": "concat",
    "inner": "tensordot",
    "linalg.multi_dot": "matmul",
    "linalg.norm": "sqrt(ranvier.sum(x * x))",
    "linalg.vector_norm": "sqrt(ranvier.sum(x * x))",
    "ravel": "reshape(x, (-1,))",
    "rollaxis": "moveaxis",
    "select": "where",
    "sliding_window_view": "sliding_window",
    "transpose": "permute_dims",
    "vdot": "vecdot",
    "vsplit": "split",
    "vstack": "concat",
}
# The result depends on shape and dtype alone.
_OF_SPEC = frozenset({
    "common_type", "empty_like", "iscomplexobj", "isrealobj", "ndim", "ones_like", "result_type",
    "shape", "size", "zeros_like",
})  # fmt: skip
# The first argument is what they write into.
_WRITE = frozenset({"copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"})


def _function(name: str) -> Callable[..., Any] | None:
    ours = _OTHER_NAMES.get(name, name)
    if ours in _NAMES:
        homes = (vars(module) for module in (elementwise, composite, contraction))
        function: Callable[..., Any] = next(home[ours] for home in homes if ours in home)
        return function
    if name in _OPERATORS:
        return lambda x, y: _OPERATORS[name](*as_values(x, y))
    return None


def array_ufunc(
    self: Readable, ufunc: np.ufunc, method: str, *inputs: object, **options: Any
) -> Any:
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


def _ours(x: object) -> TypeGuard[Readable]:
    """Whether x is a tensor. NumPy is given no other value: it is not told what a Node means."""
    return isinstance(x, Value)


def _numbers(name: str, x: object) -> Any:
    """An input of a call that writes into an array of NumPy's."""
    if not _ours(x):
        return x
    if x.requires_grad and is_grad_enabled():
        raise DTypeError(
            f"np.{name} writes into an array, which keeps no gradient; give x.detach(), or write "
            "`a = a + x` in place of `a += x`"
        )
    return np.asarray(x)


def array_function(
    self: Readable,
    function: Callable[..., Any],
    types: Iterable[type],
    args: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """What `function` of NumPy gives for these arguments, which hold one of our values at least.

    It sees the numbers in arrays that cannot be written to.
    """
    name = _name(function)
    if name in _OF_SPEC:
        return function(*map_leaves(_alike, args), **map_leaves(_alike, options))
    written = args[:1] if name in _WRITE else options.get("out")
    if any(isinstance(x, Value) for x in leaves(written)):
        raise DTypeError(
            f"np.{name} writes into a tensor, which would not know of it; use "
            "x.assign(numbers), or write into the array x.numpy()"
        )
    ours = [x for x in leaves([args, options]) if _ours(x)]
    if name in SAME and (out := _same(name, function, args, options)) is not None:
        return out
    if any(x.is_traced for x in ours):
        raise TraceError(
            f"np.{name} needs numbers, and a tensor that is being traced has none yet; "
            f"{_instead(name, ours[0])}"
        )
    out = function(*map_leaves(_plain, args), **map_leaves(_plain, options))
    wanted = is_grad_enabled() and any(x.requires_grad for x in ours)
    if wanted and (name in _WRITE or any(map(_holds_floats, leaves([out])))):
        raise DTypeError(
            f"np.{name} gives a plain array, through which no gradient flows, and a tensor that "
            f"it was given requires one; {_instead(name, ours[0])}. If the numbers alone are "
            "wanted, give x.numpy()"
        )
    return out


def refuse_in_list(x: Readable) -> None:
    """DTypeError where a function of NumPy computes with the numbers of a list of tensors.

    NumPy asks nobody what `np.mean([x, y])` means: it makes an array of the list, and the gradient
    would be lost in silence. `np.array([x, y])` and `np.asarray(x)` say that numbers are wanted.
    """
    if not is_grad_enabled():
        return
    frame: FrameType | None = sys._getframe(2)
    name = ""
    while frame is not None and _is_numpys(frame):
        name, frame = frame.f_code.co_name, frame.f_back
    if name in SAME or name in COUNTERPARTS:
        raise DTypeError(
            f"np.{name} of a list of tensors gives plain numbers, through which no gradient flows, "
            f"and one of them requires one; write ranvier.{SAME.get(name, COUNTERPARTS.get(name))}"
            "(ranvier.stack(xs)). If the numbers alone are wanted, give np.array(xs)"
        )


def _is_numpys(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "numpy"


def _same(name: str, function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What Ranvier's function of the same meaning gives; None where it lacks an option."""
    named = inspect.signature(function).bind(*args, **options).arguments
    x, *others = named
    unset = (None, getattr(np, "_NoValue", None))
    asked = {n: named[n] for n in others if not any(named[n] is u for u in unset)}
    if name == "take_along_axis" and named.get("axis", -1) is None:  # of all elements in a row
        return None
    ours = getattr(importlib.import_module(PACKAGE), SAME[name])
    if name == "linalg.matmul":
        return ours(named[x], *asked.values())
    if any(map(_ours, leaves([v for n, v in asked.items() if n != "indices"]))):
        return None
    known = inspect.signature(ours).parameters.keys()
    if not isinstance(named[x], Value) or not asked.keys() <= known:
        return None
    return ours(named[x], **asked)


def _name(function: Callable[..., Any]) -> str:
    """What it is called behind `np.`"""
    room = str(function.__module__).removeprefix("numpy").strip(".")
    return f"{room}.{function.__name__}" if room else str(function.__name__)


def _instead(name: str, x: Readable) -> str:
    """What to write in place of NumPy's function."""
    last = name.rpartition(".")[2]
    where = type(x).functions
    short = where.rpartition(".")[2]
    module = importlib.import_module(where)
    for known in (
        last,
        *(table.get(n) for table in (COUNTERPARTS, _OTHER_NAMES) for n in (name, last)),
    ):
        if known is not None and hasattr(module, known.partition("(")[0]):
            return f"write {short}.{known.replace(PACKAGE, short)}"
    if hasattr(type(x), last):
        return f"write x.{last}(...)"
    return f"write it in functions of {short}"


def _plain(x: object) -> object:
    """The numbers of a value, to be read only."""
    if not _ours(x):
        return x
    array = np.asarray(x.numpy()).view()
    array.flags.writeable = False
    return array


def _alike(x: object) -> object:
    """An array of the shape and dtype of a value, without its numbers."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape) if isinstance(x, Value) else x


def _holds_floats(x: object) -> bool:
    if isinstance(x, np.ndarray | np.generic):
        return x.dtype.kind in "fc"
    return isinstance(x, float)
