"""Optimizers that divide by the size of past gradients: Adagrad, Adadelta, RMSprop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

from ...ops.elementwise import sqrt
from ...tensors.tensor import Tensor
from ..arguments import Parameters
from ..optimizer import Factors, Optimizer
from ..rates import LearningRate
from ..state import Slots
from ..wrappers.options import Options


class Adagrad(Optimizer):
    """Duchi, Hazan & Singer 2011: a step for each weight, smaller the more it has moved.

        s <- s + g^2
        w <- w - a g / sqrt(s + epsilon)

    s starts at `initial_accumulator_value`.
    """

    slot_values = {"s": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def first_values(self) -> Mapping[str, float]:
        return {"s": self.initial_accumulator_value}

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        (a,) = factors
        s = slots["s"] + g * g
        return w - a * g / self.divisor(s), {"s": s}

    def divisor(self, s: Tensor) -> Tensor:
        """The root of the sum of squares, kept from 0."""
        return sqrt(s + self.epsilon)


class Adadelta(Optimizer):
    """Zeiler 2012: steps in the unit of the weights, so that no learning rate has to be found.

        s <- rho s + (1 - rho) g^2
        d = g sqrt(u + epsilon) / sqrt(s + epsilon)
        u <- rho u + (1 - rho) d^2
        w <- w - a d

    The paper has a = 1 (PyTorch's default); Keras has a = 0.001.
    """

    slot_values = {"s": 0.0, "u": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.rho = rho
        self.epsilon = epsilon

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        (a,), rho, epsilon = factors, self.rho, self.epsilon
        s = rho * slots["s"] + (1 - rho) * (g * g)
        d = g * (sqrt(slots["u"] + epsilon) / sqrt(s + epsilon))
        u = rho * slots["u"] + (1 - rho) * (d * d)
        return w - a * d, {"s": s, "u": u}


class RMSprop(Optimizer):
    """Tieleman & Hinton 2012 (lecture 6.5): divide by a running mean of squared gradients.

        s <- rho s + (1 - rho) g^2
        w <- w - a g / sqrt(s + epsilon)

    `centered` (Graves 2013) takes s minus the square of the running mean of g. With `momentum` mu
    the quotient goes through v <- mu v + a (quotient), w <- w - v.
    """

    slot_values = {"s": 0.0, "mean": 0.0, "velocity": 0.0}

    def __init__(
        self,
        parameters: Parameters | LearningRate = None,
        learning_rate: LearningRate | None = None,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(parameters, learning_rate, **options)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def first_values(self) -> Mapping[str, float]:
        used = {"s": True, "mean": self.centered, "velocity": self.momentum != 0}
        return {slot: value for slot, value in self.slot_values.items() if used[slot]}

    def update(self, w: Tensor, g: Tensor, slots: Slots, factors: Factors) -> tuple[Tensor, Slots]:
        (a,), rho = factors, self.rho
        s = rho * slots["s"] + (1 - rho) * (g * g)
        changed, size = {"s": s}, s
        if self.centered:
            changed["mean"] = mean = rho * slots["mean"] + (1 - rho) * g
            size = s - mean * mean
        quotient = g / self.divisor(size)
        if not self.momentum:
            return w - a * quotient, changed
        move, changed["velocity"] = self.velocity(a, quotient, slots["velocity"])
        return w - move, changed

    def divisor(self, s: Tensor) -> Tensor:
        """The root of the mean of squares, kept from 0."""
        return sqrt(s + self.epsilon)

    def velocity(self, a: Tensor | float, quotient: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """What is taken from w, and the next velocity."""
        v = self.momentum * v + a * quotient
        return v, v
