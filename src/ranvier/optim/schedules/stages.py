"""Constant rates, rates in steps, and one schedule after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import ArgumentError
from ...nn.schedule import Schedule, restore_schedule
from ...ops.elementwise import floor, greater, less, maximum, power, where
from ...tensors.tensor import Tensor
from .checks import positive


class Constant(Schedule):
    """The same rate always."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate

    def at(self, t: Tensor) -> Tensor:
        return t * 0 + self.learning_rate


class StepDecay(Schedule):
    """`initial_learning_rate * factor ** floor(t / every)`: PyTorch's StepLR (step_size, gamma)."""

    def __init__(self, initial_learning_rate: float, every: float, factor: float = 0.1) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.every = positive("StepDecay", "every", every)
        self.factor = factor

    def at(self, t: Tensor) -> Tensor:
        return self.initial_learning_rate * power(self.factor, floor(t / self.every))


class PiecewiseConstant(Schedule):
    """`values[0]` up to and with step `boundaries[0]`, then `values[1]`, and so on (Keras).

    PyTorch's MultiStepLR with milestones m is `boundaries = [n - 1 for n in m]`.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float]) -> None:
        self.boundaries, self.values = list(boundaries), list(values)
        rising = sorted(self.boundaries) == self.boundaries
        if len(self.values) != len(self.boundaries) + 1 or not rising:
            raise ArgumentError(
                f"PiecewiseConstant: {len(self.boundaries)} boundaries (in rising order) need "
                f"{len(self.boundaries) + 1} values; got {boundaries} and {values}"
            )

    def at(self, t: Tensor) -> Tensor:
        rate = t * 0 + self.values[0]
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = where(greater(t, boundary), value, rate)
        return rate


class Stages(Schedule):
    """One schedule after another: the next one begins, at its step 0, at each of `milestones`.

    >>> from ranvier.optim.schedules import PolynomialDecay
    >>> warm = Stages([PolynomialDecay(0.0, 5, 0.1), Constant(0.1)], [5])
    >>> [round(warm(step).item(), 2) for step in (0, 1, 5, 9)]
    [0.0, 0.02, 0.1, 0.1]
    """

    def __init__(
        self, schedules: Sequence[Schedule | Mapping[str, Any]], milestones: Sequence[int]
    ) -> None:
        self.schedules = [restore_schedule(s) if isinstance(s, Mapping) else s for s in schedules]
        self.milestones = list(milestones)
        if len(self.milestones) != len(self.schedules) - 1:
            raise ArgumentError(
                f"Stages: {len(self.schedules)} schedules need {len(self.schedules) - 1} "
                f"milestones between them; got {milestones}"
            )

    def at(self, t: Tensor) -> Tensor:
        rate = self.schedules[0].at(t)
        for begin, schedule in zip(self.milestones, self.schedules[1:], strict=True):
            rate = where(less(t, begin), rate, schedule.at(maximum(t - begin, 0)))
        return rate
