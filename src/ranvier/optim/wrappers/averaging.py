"""Averages of the parameters over the steps: exponential (EMA) and equal (SWA)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...errors import ArgumentError, StateError
from ...ops.creation import full
from ...ops.elementwise import (
    astype,
    equal,
    floor_divide,
    greater_equal,
    logical_and,
    remainder,
    where,
)
from ...tensors.tensor import Tensor
from ..arguments import at_least_1, from_0_to_1
from ..state import FirstValue, Slots
from .wrapper import Step, Wrapper


class Averaging(Wrapper):
    """Base: a slot with an average of each parameter, which begins as the parameter itself."""

    kind = slot = "average"
    is_last = True

    def first_values(self, p: Tensor) -> Mapping[str, FirstValue]:
        return {self.slot: p._array()}


class ExponentialAverage(Averaging):
    """The moving average of the parameters (EMA), after each batch: Polyak & Juditsky 1992.

        average <- momentum average + (1 - momentum) w

    At the first step the averages are the parameters themselves.

    Args:
        momentum: the share of the average that stays, from 0 to 1.
        overwrite_frequency: at every so many steps the averages are put into the parameters.
    """

    def __init__(self, momentum: float = 0.99, overwrite_frequency: int | None = None) -> None:
        kind = type(self).__name__
        self.momentum = from_0_to_1(kind, "momentum", momentum)
        self.overwrite_frequency = at_least_1(kind, "overwrite_frequency", overwrite_frequency)

    def after(self, step: Step) -> None:
        first = equal(step.updates, 0)
        for p in step.parameters:
            average = step.slots(p)[self.slot]
            momentum = where(first, 0.0, full((), self.momentum, average.dtype))
            average.assign(momentum * average + (1.0 - momentum) * p)
            if self.overwrite_frequency:
                overwrites = equal(remainder(step.updates + 1, self.overwrite_frequency), 0)
                p.assign(where(overwrites, average, p))


class EqualAverage(Averaging):
    """The mean of the parameters (SWA), from a step on: Izmailov et al. 2018.

        average <- average + (w - average) / (n + 1)        n: how many it is the mean of

    Before the step `start` the average is the parameters themselves.

    Args:
        start: steps before the first that counts, such as those until the rate has fallen.
        every: of the steps from then on each so many-th counts, such as those in an epoch.

    >>> import ranvier
    >>> w = ranvier.tensor([0.0], requires_grad=True)
    >>> optimizer = ranvier.optim.SGD(w, 1.0, wrappers=[EqualAverage()])
    >>> for _ in range(3):
    ...     optimizer.apply([(w, ranvier.tensor([-1.0]))])
    >>> w.item(), optimizer.slots(w)["average"].item()  # the mean of 1, 2 and 3
    (3.0, 2.0)
    """

    def __init__(self, start: int = 0, every: int = 1) -> None:
        if start < 0 or int(start) != start:
            raise ArgumentError(f"EqualAverage: start={start!r}; expected an integer of at least 0")
        self.start = start
        self.every = at_least_1("EqualAverage", "every", every)

    def after(self, step: Step) -> None:
        # NOTE: steps before the start have a negative count; they are as the first that counts.
        passed = step.updates - self.start
        counts = equal(remainder(passed, self.every), 0)
        if step.due is not None:
            counts = logical_and(counts, step.due)
        begun = greater_equal(passed, 1)
        number = floor_divide(passed, self.every)
        for p in step.parameters:
            average = step.slots(p)[self.slot]
            share = where(begun, 1.0 / astype(number + 1, average.dtype), 1.0)
            mean = average + (p - average) * share
            average.assign(where(begun, where(counts, mean, average), p))


class Averaged:
    """The part of an optimizer that knows what to do with averages."""

    use_ema: bool
    swapped: bool
    parameters: list[Tensor]

    if TYPE_CHECKING:  # of another part

        def slots(self, p: Tensor) -> Slots: ...

    def swap_averages(self, parameters: Iterable[Tensor] | None = None) -> None:
        """Exchange parameters and their averages; call it again to go back."""
        for p, average in self._averages("swap_averages", parameters):
            values = p.numpy().copy()
            p.assign(average)
            average.assign(values)
        self.swapped = not self.swapped

    def finalize_variable_values(self, parameters: Iterable[Tensor] | None = None) -> None:
        """Put the averages into the parameters, if there are any (Keras' name)."""
        if self.use_ema:
            for p, average in self._averages("finalize_variable_values", parameters):
                if self.swapped:
                    average.assign(p)
                else:
                    p.assign(average)
            self.swapped = False

    def _averages(
        self, call: str, parameters: Iterable[Tensor] | None
    ) -> list[tuple[Tensor, Tensor]]:
        if not self.use_ema:
            raise StateError(
                f"{type(self).__name__}.{call}: this optimizer keeps no averages: use_ema=True"
            )
        chosen = self.parameters if parameters is None else list(parameters)
        return [(p, self.slots(p)[Averaging.slot]) for p in chosen]
