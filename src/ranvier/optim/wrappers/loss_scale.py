"""A fixed loss scale: gradients of a multiple of the loss."""

from __future__ import annotations

from ...tensors.tensor import Tensor
from ..arguments import above_0
from .wrapper import Step, Wrapper


class LossScale(Wrapper):
    """g <- g / factor, where g is the gradient of factor times the loss.

    See `ranvier.optim.LossScaleOptimizer` for a factor that adapts.

    Args:
        factor: a number above 0, best a power of 2.
    """

    kind = "loss_scale"
    sets_size = True

    def __init__(self, factor: float) -> None:
        self.factor = above_0("LossScale", "factor", factor)

    def scale_loss(self, loss: Tensor) -> Tensor:
        return loss * self.factor

    def before(self, step: Step) -> None:
        step.grads = [g / self.factor for g in step.grads]
