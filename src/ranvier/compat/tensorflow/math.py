"""`tf.math`, most of which stands in `tf` too."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ops import elementwise, reduce
from ...ops.composites import functions as composite
from ...ops.op import as_values
from ...tensors.tensor import Tensor
from ..names import module_getattr

add, subtract = elementwise.add, elementwise.subtract
multiply, divide = elementwise.multiply, elementwise.divide
negative, pow = elementwise.negative, elementwise.power
maximum, minimum = elementwise.maximum, elementwise.minimum
exp, log, sqrt = elementwise.exp, elementwise.log, elementwise.sqrt
sin, cos, tanh = elementwise.sin, elementwise.cos, elementwise.tanh
log1p, erf, floor, ceil = elementwise.log1p, elementwise.erf, elementwise.floor, elementwise.ceil
sign, round = elementwise.sign, elementwise.round
equal, not_equal = elementwise.equal, elementwise.not_equal
less, less_equal = elementwise.less, elementwise.less_equal
greater, greater_equal = elementwise.greater, elementwise.greater_equal
logical_and, logical_or = elementwise.logical_and, elementwise.logical_or
logical_not = elementwise.logical_not
sigmoid, square = composite.sigmoid, composite.square
reciprocal, rsqrt, is_nan = composite.reciprocal, composite.rsqrt, composite.isnan
reduce_sum, reduce_mean, reduce_prod = reduce.sum, reduce.mean, reduce.prod
reduce_max, reduce_min = reduce.max, reduce.min
reduce_any, reduce_all = reduce.any, reduce.all
reduce_std, reduce_variance = reduce.std, reduce.var
reduce_logsumexp = composite.logsumexp
absolute = elementwise.abs


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any) -> Any:
    """Kept between both."""
    return composite.clip(t, clip_value_min, clip_value_max)


def argmax(input: Any, axis: int = 0) -> Any:
    """Where the largest elements stand along an axis."""
    return reduce.argmax(input, axis)


def argmin(input: Any, axis: int = 0) -> Any:
    """Where the smallest elements stand along an axis."""
    return reduce.argmin(input, axis)


def confusion_matrix(labels: Any, predictions: Any, num_classes: int | None = None) -> Any:
    """How often rows of each class (down) were taken for each class (across)."""
    y, p = (np.asarray(as_values(v)[0].numpy()).astype(np.int64) for v in (labels, predictions))
    count = int(max(y.max(), p.max())) + 1 if num_classes is None else num_classes
    found = np.zeros((count, count), np.int32)
    np.add.at(found, (y, p), 1)
    return Tensor(found)


__getattr__ = module_getattr("tf.math", globals())
abs = elementwise.abs
