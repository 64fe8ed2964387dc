"""Gradient descent, and gradient descent with memory of its direction."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError
from ..ops.creation import full
from ..ops.elementwise import equal, where
from ..tensors.tensor import Tensor
from .optimizer import Optimizer
from .transform import Slots


class SGD(Optimizer):
    """Stochastic gradient descent: Robbins & Monro 1951; with momentum: Polyak 1964, Nesterov 1983.

        w <- w - a g                                            plain
        v <- mu v - a g,          w <- w + v                    momentum mu
        v <- mu v - a g,          w <- w + mu v - a g           nesterov

    with learning rate a. With `raw_velocity` v sums bare gradients, as in PyTorch; the two differ
    when a changes:

        v <- mu v + (1 - dampening) g,   w <- w - a v           nesterov: w <- w - a (g + mu v)

    where the first step takes v = g.

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
        parameters: Any = None,
        learning_rate: Any = None,
        momentum: float = 0.0,
        nesterov: bool = False,
        dampening: float = 0.0,
        raw_velocity: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        if not 0 <= momentum < 1:
            raise ArgumentError(
                f"{type(self).__name__}: momentum={momentum}; expected 0 <= momentum < 1"
            )
        self.momentum = momentum
        self.nesterov = nesterov
        self.dampening = dampening
        self.raw_velocity = raw_velocity

    def uses_slot(self, slot: str) -> bool:
        return self.momentum != 0

    def factors(self, rate: Tensor, step: Tensor) -> Any:
        if not self.dampening:
            return rate, 1.0
        return rate, where(equal(step, 1), 1.0, full((), 1.0 - self.dampening, step.dtype))

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Any) -> tuple[Tensor, Slots]:
        a, share = factors
        mu = self.momentum
        if not mu:
            return w - a * g, {}
        if self.raw_velocity or self.dampening:
            v = slots["velocity"] * mu + (g * share if self.dampening else g)
            return w - a * (g + mu * v if self.nesterov else v), {"velocity": v}
        v = slots["velocity"] * mu - a * g
        return (w + mu * v - a * g if self.nesterov else w + v), {"velocity": v}


class Momentum(SGD):
    """`SGD` with momentum 0.9: Polyak 1964; in this form Rumelhart, Hinton & Williams 1986."""

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        momentum: float = 0.9,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, momentum, **options)


class Nesterov(SGD):
    """`SGD` with Nesterov momentum 0.9: Nesterov 1983; in this form Sutskever et al. 2013."""

    def __init__(
        self,
        parameters: Any = None,
        learning_rate: Any = None,
        momentum: float = 0.9,
        **options: Any,
    ) -> None:
        super().__init__(parameters, learning_rate, momentum, **{"nesterov": True, **options})
