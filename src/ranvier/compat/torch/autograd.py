"""`torch.autograd`: `grad`, and the `Variable` of old tutorials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import ShapeError, StateError
from ...ops.backpropagation import backpropagate
from ...ops.creation import ones_like
from ...tensors.mode import grad_mode
from ...tensors.tensor import Tensor as RanvierTensor
from ...typing import TensorLike
from ..table import fill
from .tensor import of


def Variable(data: TensorLike, requires_grad: bool = False) -> Any:
    """The tensor itself, as in PyTorch since 0.4."""
    x = of(data)
    if requires_grad:
        x.requires_grad = True
    return x


def grad(
    outputs: RanvierTensor,
    inputs: RanvierTensor | Sequence[RanvierTensor],
    grad_outputs: RanvierTensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> tuple[Any, ...]:
    """The gradients of `outputs` with respect to `inputs`, a tensor or several, as a tuple."""
    wanted: Sequence[Any] = [inputs] if isinstance(inputs, RanvierTensor) else list(inputs)
    if grad_outputs is None and outputs.size != 1:
        raise ShapeError(
            f"autograd.grad: an output of shape {outputs.shape} is not one number; "
            "give grad_outputs"
        )
    first = ones_like(outputs) if grad_outputs is None else grad_outputs
    with grad_mode(create_graph):
        gradients = backpropagate(outputs, first, wanted, lambda x: x.requires_grad)
    for i, x in enumerate(wanted):
        if id(x) not in gradients:
            raise StateError(
                f"autograd.grad: the output does not depend on input {i} of shape {x.shape}, or it "
                "does not require a gradient"
            )
    return tuple(gradients[id(x)] for x in wanted)


__all__, __getattr__ = fill(globals(), "torch.autograd")
