"""`keras.ops`: NumPy's names, and some of neural networks."""

from __future__ import annotations

from ....nn import activations
from ....ops import contraction, creation, elementwise, gather, movement, reduce
from ....ops.composites import einsum, functions, shaping
from ...table import fill, names
from ..shapes import cast, convert_to_tensor, transposed
from ..shapes import sizes as shape_of

_ELEMENTWISE = """
abs add ceil cos divide equal erf exp expm1 floor floor_divide greater greater_equal isfinite less
less_equal log log1p logical_and logical_not logical_or maximum minimum multiply negative not_equal
power round sign sin sqrt stop_gradient=detach subtract tanh where
"""
_ACTIVATIONS = """
elu gelu hard_sigmoid leaky_relu relu relu6 selu sigmoid silu softmax softplus softsign
"""

__all__, __getattr__ = fill(
    globals(),
    "keras.ops",
    names(elementwise, _ELEMENTWISE),
    names(reduce, "all any argmax argmin cumsum=cumulative_sum max mean min prod std sum var"),
    names(functions, "clip isinf isnan log_softmax logsumexp outer reciprocal rsqrt"),
    names(functions, "square vecdot"),
    names(creation, "arange eye full full_like linspace ones ones_like zeros zeros_like"),
    names(movement, "broadcast_to concatenate=concat flip reshape"),
    names(contraction, "matmul"),
    names(einsum, "einsum"),
    names(shaping, "expand_dims repeat roll split squeeze stack swapaxes tile tril triu"),
    names(gather, "take take_along_axis"),
    names(activations, _ACTIVATIONS),
    cast=cast,
    convert_to_numpy=lambda x: convert_to_tensor(x).numpy(),
    convert_to_tensor=convert_to_tensor,
    one_hot=lambda x, num_classes, dtype=None: functions.one_hot_or_zeros(x, num_classes, dtype),
    shape=lambda x: tuple(shape_of(x)),
    transpose=lambda x, axes=None: transposed(x, axes),
)
