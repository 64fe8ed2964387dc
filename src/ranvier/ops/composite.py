"""Functions written in ops, with no gradient rule of their own."""

from __future__ import annotations

from typing import Any

from . import elementwise as e
from .movement import reshape
from .op import as_values, normal_axis
from .reduce import max, sum


def sigmoid(x: Any) -> Any:
    """`1 / (1 + e ** -x)`; remembers x, so that a cross-entropy of it is computed from the logits."""
    (x,) = as_values(x)
    out = e.sigmoid(x)
    if hasattr(out, "logits"):
        out.logits = ("sigmoid", x)
    return out


def relu(x: Any) -> Any:
    """`max(x, 0)`; the gradient at 0 is 0."""
    (x,) = as_values(x)
    return e.where(e.greater(x, 0), x, 0)


def softmax(x: Any, axis: Any = -1) -> Any:
    """`e ** x / sum(e ** x)` over `axis`, without overflow; remembers x as its logits."""
    (x,) = as_values(x)
    x = e.as_float(x)
    top = e.exp(x - e.detach(max(x, axis, keepdims=True)))
    out = top / sum(top, axis, keepdims=True)
    if hasattr(out, "logits"):
        out.logits = ("softmax", x)
    return out


def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """x kept between `low` and `high`; the gradient outside is 0."""
    (x,) = as_values(x)
    if low is not None:
        x = e.where(e.less(x, low), low, x)
    if high is not None:
        x = e.where(e.greater(x, high), high, x)
    return x


def squeeze(x: Any, axis: int | None = None) -> Any:
    """x without its axes of size 1, or without `axis` (of size 1)."""
    (x,) = as_values(x)
    if axis is None:
        return reshape(x, tuple(n for n in x.shape if n != 1))
    axis = normal_axis("squeeze", axis, x.ndim)
    return reshape(x, x.shape[:axis] + x.shape[axis + 1 :])


def expand_dims(x: Any, axis: int) -> Any:
    """x with a new axis of size 1 at `axis`."""
    (x,) = as_values(x)
    axis = normal_axis("expand_dims", axis, x.ndim + 1)
    return reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))
