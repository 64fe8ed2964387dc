"""Gradient descent, and gradient descent with memory of its direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from ...tensors.tensor import Tensor
from ..arguments import Parameters, below_1
from ..optimizer import Factors, Optimizer
from ..rates import LearningRate
from ..state import Slots
from ..wrappers.options import Options


class SGD(Optimizer):
    """Stochastic gradient descent: Robbins & Monro 1951; with momentum: Polyak 1964, Nesterov 1983.

        w <- w - a g                                            plain
        v <- mu v - a g,          w <- w + v                    momentum mu
        v <- mu v - a g,          w <- w + mu v - a g           nesterov

    with learning rate a.

    >>> import ranvier
    >>> w = ranvier.tensor(5.0, requires_grad=True)
    >>> optimizer = SGD(w, lr=0.1)
    >>> (0.5 * (w * 2.0 - 6.0) ** 2).backward()
    >>> optimizer.step()
    >>> w.item()
    4.199999809265137
    """

    rate = 0.01
    slot_values = {"velocity": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        below_1(type(self).__name__, momentum=momentum)
        self.momentum = momentum
        self.nesterov = nesterov

    def first_values(self) -> Mapping[str, float]:
        return self.slot_values if self.momentum else {}

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        (a,) = factors
        mu = self.momentum
        if not mu:
            return w - a * g, {}
        v = slots["velocity"] * mu - a * g
        return (w + mu * v - a * g if self.nesterov else w + v), {"velocity": v}


class Momentum(SGD):
    """`SGD` with momentum 0.9: Polyak 1964; in this form Rumelhart, Hinton & Williams 1986."""

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        momentum: float = 0.9,
        *,
        nesterov: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, momentum, nesterov, **options)


class Nesterov(SGD):
    """`SGD` with Nesterov momentum 0.9: Nesterov 1983; in this form Sutskever et al. 2013."""

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        momentum: float = 0.9,
        *,
        nesterov: bool = True,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, momentum, nesterov, **options)
