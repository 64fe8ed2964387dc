"""What the last layer gives: probabilities, logits, or neither; read off the ops that made it.

A history is walked backwards from a prediction: the nodes of a trace, or the ops that an eager
tensor remembers. Each op bounds its result by the bounds of its inputs (interval arithmetic, Moore
1966), so what comes out holds for every input. Where nothing can be said (`OTHER`), the numbers
themselves must be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..graph.node import Value
from ..tensors.tensor import Tensor
from ..typing import TensorLike

SOFTMAX, SIGMOID, STEP, LINEAR, OTHER = "softmax", "sigmoid", "step", "linear", "other"

Range = tuple[float, float]

MAX_DEPTH = 60  # ops between the prediction and what its bounds are read off
MAX_VISITS = 2000  # values looked at on the way, one as often as it is met
_INF = math.inf
_ANY: Range = (-_INF, _INF)
_POSITIVE: Range = (0.0, _INF)
_SHARE: Range = (0.0, 1.0)

_BOUNDED: dict[str, Range] = {
    "sigmoid": _SHARE, "isfinite": _SHARE, "equal": _SHARE, "not_equal": _SHARE, "less": _SHARE,
    "less_equal": _SHARE, "greater": _SHARE, "greater_equal": _SHARE, "logical_and": _SHARE,
    "logical_or": _SHARE, "logical_xor": _SHARE, "logical_not": _SHARE,
    "tanh": (-1.0, 1.0), "sin": (-1.0, 1.0), "cos": (-1.0, 1.0), "erf": (-1.0, 1.0),
    "sign": (-1.0, 1.0), "exp": _POSITIVE, "sqrt": _POSITIVE, "abs": _POSITIVE,
    "expm1": (-1.0, _INF), "input": _ANY,
}  # fmt: skip
_SAME = {
    "reshape", "permute_dims", "broadcast_to", "slice", "flip", "sliding_window", "astype",
    "check_index", "check_integral", "detach", "max", "min", "take_along_axis", "take",
}  # fmt: skip
_MOVED = _SAME - {"max", "min"}


class LastLayer(NamedTuple):
    """What is known of a prediction.

    kind    "softmax" (over the last axis), "sigmoid", "step", "linear" (sums of products, without
            an activation: logits), or "other"
    low, high   between which all its numbers lie
    always_one  it is the softmax over an axis of size 1
    twice   it is the sigmoid or softmax of what already is one
    """

    kind: str
    low: float
    high: float
    always_one: bool = False
    twice: bool = False

    @property
    def is_share(self) -> bool:
        """All its numbers lie between 0 and 1."""
        return self.low >= 0 and self.high <= 1

    @property
    def description(self) -> str:
        """It in words, after "ends in"."""
        return self.kind if self.kind != OTHER else f"numbers from {self.low:g} to {self.high:g}"


def last_layer(p: TensorLike) -> LastLayer:
    """What is known of the prediction p.

    >>> import ranvier
    >>> z = ranvier.tensor([[1.0, 2.0]], requires_grad=True) @ ranvier.ones((2, 3))
    >>> last_layer(z).kind, last_layer(ranvier.softmax(z)).kind, last_layer(ranvier.relu(z)).kind
    ('linear', 'softmax', 'other')
    """
    if not isinstance(p, Tensor):
        return LastLayer(OTHER, *_ANY)
    value = p.origin
    if p.logits is not None:
        one = p.logits[0] == SOFTMAX and p.shape[-1] == 1
        twice = p.logits[0] != STEP and last_layer(p.logits[1]).kind in (SIGMOID, SOFTMAX)
        return LastLayer(p.logits[0], *_SHARE, one, twice)
    axes = _softmax_axes(_unmoved(value))
    if axes is not None:
        source = _unmoved(value)
        sizes = {source.shape[a] for a in axes}
        whole = axes == (source.ndim - 1,) and value.shape[-1:] == source.shape[-1:]
        kept = whole and not _crosses(value, source)
        return LastLayer(SOFTMAX if kept else OTHER, *_SHARE, sizes == {1})
    if _name(_unmoved(value)) == SIGMOID:
        return LastLayer(SIGMOID, *_SHARE)
    bounds = _bounds(value, MAX_DEPTH, {}, [MAX_VISITS])
    if bounds == _ANY and _is_linear(value, MAX_DEPTH):
        return LastLayer(LINEAR, *_ANY)
    return LastLayer(OTHER, *(bounds or _ANY))


def is_product_with_weights(p: TensorLike) -> bool:
    """Whether p is what a layer of weights gives: a product, and at most a bias added to it.

    Narrower than the kind "linear", which log-probabilities have too: `z - log(sum(exp(z)))`.

    >>> import ranvier
    >>> z = ranvier.tensor([[1.0, 2.0]], requires_grad=True) @ ranvier.ones((2, 3))
    >>> [is_product_with_weights(p) for p in (z + ranvier.ones(3), ranvier.log_softmax(z))]
    [True, False]
    """
    if not isinstance(p, Tensor):
        return False
    value = _unmoved(p.origin)
    if _name(value) == "add":
        parts = [_unmoved(v.origin) for v in value.inputs]
        if not any(_is_constant(v) for v in parts):
            return False
        value = next((v for v in parts if not _is_constant(v)), value)
    return _name(value) in ("matmul", "convolution")


def _name(value: Value) -> str:
    return "" if value.op is None else str(value.op.name)


def _unmoved(value: Value) -> Value:
    """What `value` was moved or cast from: the same numbers, perhaps not all of them."""
    while _name(value) in _MOVED:
        value = value.inputs[0].origin
    return value


def _crosses(value: Value, source: Value) -> bool:
    """Whether on the way from `source` to `value` something else than a cast or a reshape that
    keeps the last axis happened.
    """
    while value is not source:
        if _name(value) not in ("reshape", "astype", "detach"):
            return True
        below = value.inputs[0].origin
        if value.shape[-1:] != below.shape[-1:]:
            return True
        value = below
    return False


def _softmax_axes(value: Value) -> tuple[int, ...] | None:
    """The axes of a softmax, `e / sum(e)` for `e = exp(...)`; None for anything else."""
    if _name(value) != "divide":
        return None
    top, bottom = (x.origin for x in value.inputs)
    while _name(bottom) in ("reshape", "broadcast_to", "astype"):
        bottom = bottom.inputs[0].origin
    if _name(bottom) != "sum":
        return None
    summed = _unmoved(bottom.inputs[0].origin)
    if summed is not _unmoved(top) or _name(summed) != "exp":
        return None
    return tuple(bottom.params["axes"])


# --- bounds -------------------------------------------------------------------------------------

Known = Mapping[int, Range]  # what a choice says of values, by their id, in one of its branches


def _bounds(value: Value, depth: int, known: Known, left: list[int]) -> Range | None:
    """The numbers between which `value` lies; None where it cannot be said."""
    name = _name(value)
    if id(value) in known:
        return known[id(value)]
    if value.op is None:
        return _ANY
    left[0] -= 1
    if depth <= 0 or left[0] <= 0:
        return None
    if name in _BOUNDED:
        return _BOUNDED[name]
    if name == "full":
        return float(value.params["value"]), float(value.params["value"])
    if name in _SAME:
        return _bounds(value.inputs[0].origin, depth - 1, known, left)
    if name == "where":
        return _where(value, depth - 1, known, left)
    if name == "divide" and _softmax_axes(value) is not None:
        return _SHARE
    rule = _RULES.get(name)
    if rule is None:
        return None
    ranges: list[Range] = []
    for x in value.inputs:
        one = _bounds(x.origin, depth - 1, known, left)
        if one == _ANY and name in _FREE:
            return _ANY  # whatever the others are
        if one is None:
            return None
        ranges.append(one)
    if name == "multiply" and value.inputs[0].origin is value.inputs[1].origin:
        return _POSITIVE
    return rule(*ranges)


def _where(value: Value, depth: int, known: Known, left: list[int]) -> Range | None:
    """Of a choice: in each branch the condition bounds what was compared with a constant."""
    condition, x, y = (v.origin for v in value.inputs)
    chosen, other = known, known
    side = _SIDES.get(_name(condition))
    limit = None if side is None else _constant(condition.inputs[1].origin)
    if limit is not None:
        tested = condition.inputs[0].origin
        low, high = known.get(id(tested)) or _bounds(tested, depth, known, left) or _ANY
        below, above = (low, min(high, limit)), (max(low, limit), high)
        first, second = (below, above) if side == "below" else (above, below)
        chosen, other = {**known, id(tested): first}, {**known, id(tested): second}
    a, b = _bounds(x, depth, chosen, left), _bounds(y, depth, other, left)
    return None if a is None or b is None else _hull(a, b)


_SIDES = {"less": "below", "less_equal": "below", "greater": "above", "greater_equal": "above"}


def _constant(value: Value) -> float | None:
    value = _unmoved(value)
    return float(value.params["value"]) if _name(value) == "full" else None


def _hull(*parts: Range) -> Range:
    return min(low for low, _ in parts), max(high for _, high in parts)


def _times(x: Range, y: Range) -> Range:
    ends = [0.0 if 0 in (a, b) else a * b for a in x for b in y]
    return min(ends), max(ends)


def _over(x: Range, y: Range) -> Range | None:
    if y[0] == y[1] and y[0] > 0:
        return x[0] / y[0], x[1] / y[0]
    return _POSITIVE if x[0] >= 0 and y[0] >= 0 else None


def _total(x: Range) -> Range:
    """Of sums of such numbers."""
    return (0.0 if x[0] >= 0 else -_INF), (0.0 if x[1] <= 0 else _INF)


# The bounds of a result from those of its inputs.
_RULES: dict[str, Callable[..., Range | None]] = {
    "concat": _hull,
    "add": lambda x, y: (x[0] + y[0], x[1] + y[1]),
    "subtract": lambda x, y: (x[0] - y[1], x[1] - y[0]),
    "negative": lambda x: (-x[1], -x[0]),
    "multiply": _times,
    "divide": _over,
    "maximum": lambda x, y: (max(x[0], y[0]), max(x[1], y[1])),
    "minimum": lambda x, y: (min(x[0], y[0]), min(x[1], y[1])),
    "sum": _total,
    "matmul": lambda x, y: _total(_times(x, y)),
    "convolution": lambda x, y: _total(_times(x, y)),
    "log1p": lambda x: _POSITIVE if x[0] >= 0 else _ANY,
    "pad": lambda x: _hull(x, (0.0, 0.0)),
}
_FREE = {"add", "subtract", "negative", "sum", "matmul", "convolution", "concat"}


# --- linear -------------------------------------------------------------------------------------


def _is_linear(value: Value, depth: int) -> bool:
    """Whether `value` is a sum, a product with weights, or moved or scaled from one: no activation
    is its last step.
    """
    value = _unmoved_by_sums(value)
    name = _name(value)
    if depth <= 0:
        return False
    if name in ("matmul", "convolution", "add", "subtract"):
        return True
    if name == "negative":
        return _is_linear(value.inputs[0].origin, depth - 1)
    if name == "concat":
        return all(_is_linear(x.origin, depth - 1) for x in value.inputs)
    if name in ("multiply", "divide"):
        x, y = (v.origin for v in value.inputs)
        if _is_constant(y):
            return _is_linear(x, depth - 1)
        return name == "multiply" and _is_constant(x) and _is_linear(y, depth - 1)
    return False


def _unmoved_by_sums(value: Value) -> Value:
    """What `value` was moved, cast or summed from."""
    while _name(value) in _MOVED - {"take"} or _name(value) == "sum":
        value = value.inputs[0].origin
    return value


def _is_constant(value: Value) -> bool:
    """Whether `value` is a constant or a tensor from outside, such as a weight."""
    value = _unmoved(value)
    return value.op is None or _name(value) in ("full", "input")
