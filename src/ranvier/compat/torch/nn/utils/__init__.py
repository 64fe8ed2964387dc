"""`torch.nn.utils`: gradients kept within bounds, sequences filled up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

from .....ops import elementwise, reduce
from .....ops.composites import functions as composite
from .....tensors.mode import no_grad
from .....tensors.tensor import Tensor as RanvierTensor
from ....table import fill
from ...tensor import of
from . import rnn

Parameters: TypeAlias = RanvierTensor | Iterable[RanvierTensor]


def _gradients(parameters: Parameters) -> list[tuple[Any, Any]]:
    """(parameter, gradient) of those that have one."""
    tensors = [parameters] if isinstance(parameters, RanvierTensor) else parameters
    return [(p, p.grad) for p in tensors if p.grad is not None]


def clip_grad_norm_(parameters: Parameters, max_norm: float, norm_type: float = 2.0) -> Any:
    """Scale all gradients so that their common norm is at most `max_norm`; returns the norm before.

    >>> from ranvier.compat import torch
    >>> w = torch.tensor([1.0], requires_grad=True)
    >>> (w * 10).sum().backward()
    >>> clip_grad_norm_([w], 1.0).item(), round(w.grad.item(), 3)
    (10.0, 1.0)
    """
    pairs = _gradients(parameters)
    with no_grad():
        if not pairs:
            return of(0.0)
        if norm_type == math.inf:
            each = [reduce.max(elementwise.abs(g)) for _, g in pairs]
            norm = each[0]
            for one in each[1:]:
                norm = elementwise.maximum(norm, one)
        else:
            powers = [reduce.sum(elementwise.abs(g) ** norm_type) for _, g in pairs]
            norm = sum(powers[1:], powers[0]) ** (1 / norm_type)
        share = elementwise.minimum(max_norm / (norm + 1e-6), 1.0)
        for p, g in pairs:
            p.grad = g * share
        return of(norm)


def clip_grad_value_(parameters: Parameters, clip_value: float) -> None:
    """Keep each element of the gradients between `-clip_value` and `clip_value`."""
    with no_grad():
        for p, g in _gradients(parameters):
            p.grad = composite.clip(g, -clip_value, clip_value)


__all__, __getattr__ = fill(globals(), "torch.nn.utils", rnn=rnn)
