"""`tf.linalg`."""

from __future__ import annotations

from typing import Any

from ...ops import elementwise, reduce
from ...ops.op import as_values
from ..names import module_getattr
from .shapes import eye, matmul


def norm(tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of the sum of squares."""
    (x,) = as_values(tensor)
    return elementwise.sqrt(reduce.sum(x * x, axis, keepdims))


__all__ = ["eye", "matmul", "norm"]

__getattr__ = module_getattr("tf.linalg", globals())
