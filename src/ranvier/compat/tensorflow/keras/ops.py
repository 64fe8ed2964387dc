"""`keras.ops`: NumPy's names, and some of neural networks."""

from __future__ import annotations

from typing import Any

from ....nn import activations
from ....ops import contraction, creation, elementwise, gather, movement
from ....ops import reduce as reductions
from ....ops.composites import einsum as einsums
from ....ops.composites import functions as composite
from ....ops.composites import shaping
from ....ops.op import as_values
from ...names import module_getattr
from ..shapes import cast, convert_to_tensor

_ELEMENTWISE = """
abs add ceil cos divide equal erf exp expm1 floor floor_divide greater greater_equal isfinite less
less_equal log log1p logical_and logical_not logical_or maximum minimum multiply negative not_equal
power round sign sin sqrt subtract tanh where
"""
_REDUCED = "all any argmax argmin max mean min prod std sum var"
_COMPOSITE = "clip isinf isnan log_softmax logsumexp outer reciprocal rsqrt square vecdot"
_CREATED = "arange eye full full_like linspace ones ones_like zeros zeros_like"
_MOVED = "broadcast_to flip reshape"
_SHAPED = "expand_dims repeat roll split squeeze stack swapaxes tile tril triu"
_ACTIVATIONS = """
elu gelu hard_sigmoid leaky_relu relu relu6 selu sigmoid silu softmax softplus softsign
"""

for _module, _listed in (
    (elementwise, _ELEMENTWISE),
    (reductions, _REDUCED),
    (composite, _COMPOSITE),
    (creation, _CREATED),
    (movement, _MOVED),
    (shaping, _SHAPED),
    (activations, _ACTIVATIONS),
):
    globals().update({name: getattr(_module, name) for name in _listed.split()})

concatenate = movement.concat
matmul = contraction.matmul
einsum = einsums.einsum
take = gather.take
take_along_axis = gather.take_along_axis
stop_gradient = elementwise.detach
cumsum = reductions.cumulative_sum
one_hot = composite.one_hot


def shape(x: Any) -> tuple[int, ...]:
    """The sizes."""
    return as_values(x)[0].shape  # type: ignore[no-any-return]


def transpose(x: Any, axes: Any = None) -> Any:
    """The axes in another order; reversed by default."""
    (x,) = as_values(x)
    return movement.permute_dims(x, tuple(range(x.ndim))[::-1] if axes is None else axes)


def convert_to_numpy(x: Any) -> Any:
    """As an array."""
    return as_values(x)[0].numpy()


__all__ = [
    "cast", "concatenate", "convert_to_numpy", "convert_to_tensor", "cumsum", "einsum", "matmul",
    "one_hot", "shape", "stop_gradient", "take", "take_along_axis", "transpose",
]  # fmt: skip
__all__ += [
    name
    for listed in (_ELEMENTWISE, _REDUCED, _COMPOSITE, _CREATED, _MOVED, _SHAPED, _ACTIVATIONS)
    for name in listed.split()
]

__getattr__ = module_getattr("keras.ops", globals())
