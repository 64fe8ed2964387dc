"""Gradients kept within bounds: `tf.clip_by_norm`, `tf.clip_by_global_norm`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ops import elementwise, reduce
from ...ops.op import as_values


def clip_by_norm(t: Any, clip_norm: float) -> Any:
    """t, scaled down to the length `clip_norm` if it is longer."""
    (x,) = as_values(t)
    length = elementwise.sqrt(reduce.sum(x * x))
    return x * elementwise.minimum(clip_norm / elementwise.maximum(length, 1e-12), 1.0)


def clip_by_global_norm(t_list: Sequence[Any], clip_norm: float) -> tuple[list[Any], Any]:
    """All of them, scaled so that their common length is at most `clip_norm`, and the length.

    >>> scaled, length = clip_by_global_norm([[3.0], None, [4.0]], 1.0)
    >>> [None if t is None else round(t.item(), 2) for t in scaled], length.item()
    ([0.6, None, 0.8], 5.0)
    """
    given = [None if t is None else as_values(t)[0] for t in t_list]
    squares = [reduce.sum(t * t) for t in given if t is not None]
    length = elementwise.sqrt(sum(squares[1:], squares[0]))
    share = elementwise.minimum(clip_norm / elementwise.maximum(length, 1e-12), 1.0)
    return [None if t is None else t * share for t in given], length
