"""The methods of PyTorch's tensor that only rename arguments, and methods as functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ... import dtypes
from ...errors import ShapeError
from ...ops import elementwise, reduce
from ...ops.composites import functions, rounding, shaping
from ...tensors import ordering
from ..table import described, names
from .by_dim import all_axes, by_dim
from .size_and_device import sizes_of
from .tensor import Tensor, are_bools, cast, fresh, of

# --- tables ---------------------------------------------------------------------------------------

_UNARY = {
    **names(
        elementwise, "abs ceil cos erf exp expm1 floor isfinite log log1p logical_not sign sin"
    ),
    **names(elementwise, "sqrt tanh trunc"),
    **names(functions, "cosh isinf isnan reciprocal relu rsqrt sigmoid sinh square tan"),
}
_BINARY = {
    **names(elementwise, "eq=equal ge=greater_equal gt=greater le=less_equal lt=less ne=not_equal"),
    **names(elementwise, "floor_divide logical_and logical_or logical_xor remainder"),
    **names(functions, "outer"),
}
# What may be reduced along a `dim`.
_ALONG: dict[str, Any] = {
    "all": lambda input, dim=None, keepdim=False: reduce.all(input, dim, keepdim),
    "amax": lambda input, dim=None, keepdim=False: reduce.max(input, all_axes(dim), keepdim),
    "amin": lambda input, dim=None, keepdim=False: reduce.min(input, all_axes(dim), keepdim),
    "any": lambda input, dim=None, keepdim=False: reduce.any(input, dim, keepdim),
    "argmax": lambda input, dim=None, keepdim=False: reduce.argmax(input, dim, keepdim),
    "argmin": lambda input, dim=None, keepdim=False: reduce.argmin(input, dim, keepdim),
    "argsort": lambda input, dim=-1, descending=False, stable=True: fresh(
        ordering.argsort(input.detach(), dim, descending)
    ),
    "cumsum": lambda input, dim, dtype=None: cast(
        reduce.cumulative_sum(cast(input, dtype), dim), dtype
    ),
    "log_softmax": lambda input, dim=-1, dtype=None: functions.log_softmax(cast(input, dtype), dim),
    "logsumexp": lambda input, dim, keepdim=False: functions.logsumexp(
        input, all_axes(dim), keepdim
    ),
    "prod": lambda input, dim=None, keepdim=False, dtype=None: cast(
        reduce.prod(cast(input, dtype), dim, keepdim), dtype
    ),
    "softmax": lambda input, dim=-1, dtype=None: functions.softmax(cast(input, dtype), dim),
    "sum": lambda input, dim=None, keepdim=False, dtype=None: cast(
        reduce.sum(cast(input, dtype), all_axes(dim), keepdim), dtype
    ),
}
_OTHERS: dict[str, Any] = {
    "add": lambda input, other, *, alpha=1: input + (other if alpha == 1 else other * alpha),
    "bmm": lambda input, mat2: input @ mat2,
    "clamp": lambda input, min=None, max=None: functions.clip(input, min, max),
    "contiguous": lambda input: input,
    "dim": lambda input: input.ndim,
    "dot": lambda input, other: functions.vecdot(*_vectors(input, other)),
    "expand_as": lambda input, other: input.expand(other.shape),
    "half": lambda input: input.astype(dtypes.float16),
    "maximum": lambda input, other: (
        elementwise.logical_or if are_bools(input, other) else elementwise.maximum
    )(input, other),
    "minimum": lambda input, other: (
        elementwise.logical_and if are_bools(input, other) else elementwise.minimum
    )(input, other),
    "mm": lambda input, mat2: input @ mat2,
    "mul": lambda input, other: input * other,
    "mv": lambda input, vec: input @ vec,
    "neg": lambda input: -input,
    "numel": lambda input: int(input.size),
    "ravel": lambda input: input.reshape(-1),
    "repeat": lambda input, *sizes: shaping.tile(input, sizes_of(sizes)),
    "reshape_as": lambda input, other: input.reshape(other.shape),
    "roll": lambda input, shifts, dims=None: shaping.roll(input, shifts, dims),
    "round": lambda input, *, decimals=0: rounding.round_decimals(input, decimals),
    "sub": lambda input, other, *, alpha=1: input - (other if alpha == 1 else other * alpha),
    "tril": lambda input, diagonal=0: shaping.tril(input, diagonal),
    "triu": lambda input, diagonal=0: shaping.triu(input, diagonal),
    "type_as": lambda input, other: input.astype(other.dtype),
    "unbind": lambda input, dim=0: shaping.unstack(input, dim),
    "unsqueeze": lambda input, dim: shaping.expand_dims(input, dim),
    "view_as": lambda input, other: input.reshape(other.shape),
    "where": lambda input, condition, other: elementwise.where(condition, input, other),
}
# Methods that PyTorch also has in place, under the name with a "_".
_CHANGING = """
abs ceil clamp clip cos cosh div erf exp expm1 floor floor_divide log log1p masked_fill neg pow
reciprocal relu remainder round rsqrt sigmoid sign sin sinh sqrt square tan tanh tril triu
true_divide trunc
"""
# Methods that are functions of the module `torch` too.
_FUNCTIONS = """
abs add all amax amin any argmax argmin argsort bmm ceil chunk clamp clip clone cos cosh cumsum
div dot eq erf exp expm1 flatten flip floor floor_divide gather ge gt index_select
isfinite isinf isnan le log log1p log_softmax logical_and logical_not logical_or
logical_xor logsumexp lt masked_fill max maximum mean min minimum mm mul mv ne neg norm
numel outer permute prod reciprocal relu remainder reshape roll round rsqrt sigmoid sign
sin sinh softmax sort split sqrt square squeeze std sub sum t tan tanh topk transpose tril triu
true_divide trunc unbind unsqueeze var
"""


def _vectors(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim != 1 or y.ndim != 1:
        raise ShapeError(f"dot: expected two vectors, got {x.shape} and {y.shape}")
    return x, y


def _of_one(op: Callable[[Any], Any]) -> Any:
    return lambda input: op(input)


def _of_two(op: Callable[[Any, Any], Any]) -> Any:
    return lambda input, other: op(input, other)


def _in_place(name: str) -> Any:
    function = getattr(Tensor, name)

    def method(self: Any, *args: Any, **options: Any) -> Any:
        return self._in_place(f"{name}_", function(self, *args, **options))

    return _with_words_of(function, f"{name}_", method)


def _function(name: str) -> Any:
    """A method as a function of `torch`, which takes numbers for the tensor too."""
    method = getattr(Tensor, name)

    def function(input: Any, *args: Any, **options: Any) -> Any:
        return method(of(input), *args, **options)

    function = _with_words_of(method, name, function)
    signature = inspect.signature(method)
    first, *others = signature.parameters.values()
    if first.name == "self":
        first = first.replace(name="input")
        vars(function)["__signature__"] = signature.replace(parameters=[first, *others])
    return function


def _with_words_of(source: Any, name: str, function: Any) -> Any:
    function.__name__ = function.__qualname__ = name
    function.__doc__, vars(function)["__wrapped__"] = source.__doc__, source
    return function


def _enter(rows: Mapping[str, Any], kind: Callable[[Any], Any] = lambda row: row) -> None:
    """Give the tensor methods."""
    for name, row in rows.items():
        setattr(Tensor, name, kind(described(name, row, __name__)))


_enter({name: described(name, _of_one(op), __name__, op) for name, op in _UNARY.items()})
_enter({name: described(name, _of_two(op), __name__, op) for name, op in _BINARY.items()})
_enter(_OTHERS)
_enter(_ALONG, by_dim)
_enter({"clip": vars(Tensor)["clamp"], "true_divide": Tensor.div})
_enter({f"{name}_": _in_place(name) for name in _CHANGING.split()})

FUNCTIONS = {name: _function(name) for name in _FUNCTIONS.split()}
