"""Smooth decay: exponential, inverse, polynomial, after a warm-up."""

from __future__ import annotations

import math

from ...nn.schedule import Schedule
from ...ops.elementwise import ceil, exp, floor, maximum, minimum, power, sqrt
from ...tensors.tensor import Tensor
from .checks import positive


class ExponentialDecay(Schedule):
    """`initial_learning_rate * decay_rate ** (t / decay_steps)`.

    `staircase` takes the whole part of the quotient. PyTorch's ExponentialLR has decay_steps = 1
    and decay_rate = gamma.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float = 1,
        decay_rate: float = 0.96,
        staircase: bool = False,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive("ExponentialDecay", "decay_steps", decay_steps)
        self.decay_rate = positive("ExponentialDecay", "decay_rate", decay_rate)
        self.staircase = staircase

    def at(self, t: Tensor) -> Tensor:
        passed = t / self.decay_steps
        passed = floor(passed) if self.staircase else passed
        return self.initial_learning_rate * exp(passed * math.log(self.decay_rate))


class InverseTimeDecay(Schedule):
    """`initial_learning_rate / (1 + decay_rate * t / decay_steps)`.

    `staircase` takes the whole part of the quotient. PyTorch's `lr_decay` of Adagrad is
    decay_steps = 1.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float = 1,
        decay_rate: float = 0.5,
        staircase: bool = False,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive("InverseTimeDecay", "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase

    def at(self, t: Tensor) -> Tensor:
        passed = t / self.decay_steps
        passed = floor(passed) if self.staircase else passed
        return self.initial_learning_rate / (1 + self.decay_rate * passed)


class PolynomialDecay(Schedule):
    """From the initial to the end rate along `(1 - t / decay_steps) ** power`.

    With power 1 a straight line: PyTorch's LinearLR goes from lr * start_factor to lr *
    end_factor in total_iters. `cycle` begins again from the initial rate at every end, each time
    decaying from step 0 to the next multiple of `decay_steps`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive("PolynomialDecay", "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle

    def at(self, t: Tensor) -> Tensor:
        passed = t / self.decay_steps
        left = 1 - (passed / maximum(ceil(passed), 1) if self.cycle else minimum(passed, 1))
        left = left if self.power == 1 else power(left, self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class InverseSquareRoot(Schedule):
    """A straight rise to the peak, then `peak * sqrt(warmup_steps / t)`: Vaswani et al. 2017.

    Counting steps t from 1. The paper's rate for a width d is
    `peak = (d * warmup_steps) ** -0.5`.
    """

    def __init__(self, peak_learning_rate: float, warmup_steps: float = 4000) -> None:
        self.peak_learning_rate = peak_learning_rate
        self.warmup_steps = positive("InverseSquareRoot", "warmup_steps", warmup_steps)

    def at(self, t: Tensor) -> Tensor:
        passed = (t + 1) / self.warmup_steps
        return self.peak_learning_rate * minimum(passed, 1 / sqrt(passed))
