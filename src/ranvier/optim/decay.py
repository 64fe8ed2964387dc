"""Weight decay."""

from __future__ import annotations

from dataclasses import dataclass

from ..tensors.tensor import Tensor


@dataclass(frozen=True)
class WeightDecay:
    """Weights lose a part of themselves before the rule: Loshchilov & Hutter 2019.

    w <- w - learning_rate weight_decay w           decoupled
    g <- g + weight_decay w                         not decoupled: an L2 penalty
    """

    amount: float
    decoupled: bool = True

    def kept(self, rate: Tensor) -> Tensor | None:
        """The part of a weight that stays at this learning rate; None: the gradient changes."""
        return 1.0 - rate * self.amount if self.decoupled else None

    def before(self, p: Tensor, g: Tensor, kept: Tensor | None) -> tuple[Tensor, Tensor]:
        """The weight and the gradient that the rule gets."""
        return (p, g + p * self.amount) if kept is None else (p * kept, g)
