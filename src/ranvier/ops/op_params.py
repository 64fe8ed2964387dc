"""Params of an op from a file: checked as strictly as the op's own call makes them.

A call such as `ranvier.take(x, i, axis=-1)` brings its arguments into one form; `infer` and the
compiler rely on that form. A description names the op and gives the params themselves, so what a
call would have made sure of is made sure of here.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..graph.node import Value
from ..graph.row_count import RowCount
from ..graph.sizes import exceeds, is_unknown
from .op import Op

_AT_LEAST_ONE = {"step", "stride", "dilation", "size", "groups"}

# Params that are no sizes, by their annotation: "int" is one size, all others are tuples of them.
_PLAIN: dict[str, tuple[type, ...]] = {
    "DType": (np.dtype,),
    "float": (bool, int, float),
    "bool": (bool,),
    "str": (str,),
}


def check_params(op: Op, inputs: Sequence[object], params: Mapping[str, Any]) -> None:
    """Raise ArgumentError unless a call of `op` on these inputs could have made these params."""
    signature = inspect.signature(op.reference).parameters.values()
    kinds = {p.name: str(p.annotation) for p in signature if p.kind is p.KEYWORD_ONLY}
    any_number = any(p.kind is p.VAR_POSITIONAL for p in signature)
    count = sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in signature)
    if params.keys() != kinds.keys() or not (len(inputs) == count or (any_number and inputs)):
        raise ArgumentError(
            f"{op.name}: expected {count} inputs and {', '.join(sorted(kinds)) or 'no params'}; "
            f"got {len(inputs)} and {', '.join(map(str, params)) or 'none'}"
        )
    tensors = [x for x in inputs if isinstance(x, Value | np.ndarray)]
    if len(tensors) < len(inputs):
        raise ArgumentError(f"{op.name}: its inputs must be tensors, got {inputs!r:.80}")
    for name, value in params.items():
        _check(op.name, name, kinds[name], value)
    if op.kind == "check":
        return  # its axis is that of what the indices are for
    ndim = tensors[0].ndim if tensors else len(params.get("shape", ()))
    axes = (*params.get("axes", ()), *([params["axis"]] if "axis" in params else []))
    if any(a >= ndim for a in axes) or len(set(axes)) < len(axes):
        raise ArgumentError(f"{op.name}: {axes} are not axes of a tensor with {ndim} dimensions")


def _check(op: str, name: str, kind: str, value: object) -> None:
    """Check one param by what the op's reference says of it: `kind` is its annotation."""
    if kind in _PLAIN:
        fits = isinstance(value, _PLAIN[kind]) or (kind == "float" and is_unknown(value))
    else:
        least = 1 if name in _AT_LEAST_ONE else 0
        fits = isinstance(value, tuple) != (kind == "int") and all(
            isinstance(n, int | RowCount) and type(n) is not bool and not exceeds(least, n)
            for n in _leaves(value)
        )
    if not fits:
        raise ArgumentError(f"{op}: {name}={value!r:.80} is nothing that a call of it could give")


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, tuple):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value
