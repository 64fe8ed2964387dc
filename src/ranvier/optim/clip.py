"""Gradient clipping. Each function takes and gives a list of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..base.missing import module_getattr, spelled
from ..ops.composites import functions as composite
from ..ops.elementwise import astype, minimum, sqrt
from ..ops.reduce import sum
from ..tensors.tensor import Tensor


@spelled
def clip_by_value(grads: Sequence[Tensor], value: float) -> list[Tensor]:
    """Every element between -value and value.

    >>> import ranvier
    >>> clip_by_value([ranvier.tensor([3.0, -0.5])], 1.0)
    [tensor([ 1. , -0.5])]
    """
    return [composite.clip(g, -value, value) for g in grads]


@spelled
def clip_by_norm(grads: Sequence[Tensor], longest: float) -> list[Tensor]:
    """Every gradient by itself shortened to a length (Euclidean norm) of at most `longest`."""
    return [clip_by_global_norm([g], longest)[0] for g in grads]


@spelled
def clip_by_global_norm(
    grads: Sequence[Tensor], longest: float, epsilon: float = 0.0
) -> list[Tensor]:
    """All gradients times `min(1, longest / (norm + epsilon))`: Pascanu et al. 2013.

    PyTorch's `clip_grad_norm_` has epsilon = 1e-6.

    >>> import ranvier
    >>> clip_by_global_norm([ranvier.tensor([3.0, 4.0])], 1.0)
    [tensor([0.6, 0.8])]
    """
    if not grads:
        return []
    # NOTE: longest / 0 is infinity, and the smaller of that and 1 is 1: a zero gradient stays zero.
    scale = minimum(longest / (global_norm(grads) + epsilon), 1.0)
    return [g * astype(scale, g.dtype) for g in grads]


def global_norm(grads: Sequence[Tensor]) -> Tensor:
    """The length of all gradients laid end to end."""
    total = sum(grads[0] * grads[0])
    for g in grads[1:]:
        total = total + sum(g * g)
    length: Tensor = sqrt(total)
    return length


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
