"""Gradient clipping. Each function takes and gives a list of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..base.missing import module_getattr
from ..ops.composites import functions as composite
from ..ops.elementwise import astype, minimum, sqrt
from ..ops.reduce import sum
from .transform import Step, Transform


def clip_by_value(grads: Sequence[Any], value: float) -> list[Any]:
    """Every element between -value and value.

    >>> import ranvier
    >>> clip_by_value([ranvier.tensor([3.0, -0.5])], 1.0)
    [tensor([ 1. , -0.5])]
    """
    return [composite.clip(g, -value, value) for g in grads]


def clip_by_norm(grads: Sequence[Any], longest: float) -> list[Any]:
    """Every gradient by itself shortened to a length (Euclidean norm) of at most `longest`."""
    return [clip_by_global_norm([g], longest)[0] for g in grads]


def clip_by_global_norm(grads: Sequence[Any], longest: float, epsilon: float = 0.0) -> list[Any]:
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


def global_norm(grads: Sequence[Any]) -> Any:
    """The length of all gradients laid end to end."""
    total = None
    for g in grads:
        square = sum(g * g)
        total = square if total is None else total + square
    return sqrt(total)


@dataclass(frozen=True)
class Clipping(Transform):
    """One of the three on the gradients of each step."""

    norm: float | None = None
    global_norm: float | None = None
    value: float | None = None

    def before(self, step: Step) -> None:
        if self.value is not None:
            step.grads = clip_by_value(step.grads, self.value)
        elif self.norm is not None:
            step.grads = clip_by_norm(step.grads, self.norm)
        elif self.global_norm is not None:
            step.grads = clip_by_global_norm(step.grads, self.global_norm)


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
