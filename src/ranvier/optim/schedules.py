"""Learning rates as functions of the number of steps taken.

A schedule is called with the step (0 for the first) and gives the rate, written in ops, so it is
part of the compiled step. Steps are batches, not epochs: multiply by the batches in an epoch
where a tutorial counts epochs.

>>> schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
>>> [round(schedule(step).item(), 4) for step in (0, 10, 20)]
[0.1, 0.05, 0.025]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..base.missing import module_getattr
from ..errors import ArgumentError, unknown_name
from ..nn.schedule import SCHEDULES as SCHEDULES
from ..nn.schedule import Schedule as Schedule
from ..nn.schedule import restore_schedule as restore_schedule
from ..ops.elementwise import (
    astype,
    ceil,
    cos,
    exp,
    floor,
    greater,
    less,
    less_equal,
    log,
    maximum,
    minimum,
    power,
    sqrt,
    where,
)
from ..tensors.tensor import Tensor


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
        self.every = _positive("StepDecay", "every", every)
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
        self.decay_steps = _positive("ExponentialDecay", "decay_steps", decay_steps)
        self.decay_rate = _positive("ExponentialDecay", "decay_rate", decay_rate)
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
        self.decay_steps = _positive("InverseTimeDecay", "decay_steps", decay_steps)
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
        self.decay_steps = _positive("PolynomialDecay", "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle

    def at(self, t: Tensor) -> Tensor:
        passed = t / self.decay_steps
        left = 1 - (passed / maximum(ceil(passed), 1) if self.cycle else minimum(passed, 1))
        left = left if self.power == 1 else power(left, self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class CosineDecay(Schedule):
    """Half a cosine from the initial rate down to `alpha` times it: Loshchilov & Hutter 2017.

    With `warmup_target` the rate first rises in a straight line from `initial_learning_rate` to
    the target in `warmup_steps`, then falls from the target in `decay_steps` to `alpha *
    warmup_target` (Keras). PyTorch's CosineAnnealingLR(T_max, eta_min) has decay_steps = T_max,
    alpha = eta_min / lr.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = _positive("CosineDecay", "decay_steps", decay_steps)
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        if warmup_target is not None:
            _positive("CosineDecay", "warmup_steps", warmup_steps)

    def at(self, t: Tensor) -> Tensor:
        first, warm = self.initial_learning_rate, self.warmup_steps
        if self.warmup_target is None:
            return _half_cosine(first, first * self.alpha, t / self.decay_steps)
        top = self.warmup_target
        falling = _half_cosine(top, top * self.alpha, maximum(t - warm, 0) / self.decay_steps)
        return where(less(t, warm), first + (top - first) * (t / warm), falling)


class CosineDecayRestarts(Schedule):
    """Half cosines one after another: Loshchilov & Hutter 2017, "SGDR".

    The first takes `first_decay_steps`; each next one `t_mul` times as long, from a top `m_mul`
    times as high.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = _positive("CosineDecayRestarts", "steps", first_decay_steps)
        self.t_mul = _positive("CosineDecayRestarts", "t_mul", t_mul)
        self.m_mul = m_mul
        self.alpha = alpha

    def at(self, t: Tensor) -> Tensor:
        passed = t / self.first_decay_steps
        if self.t_mul == 1:
            cycle = floor(passed)
            share = passed - cycle
        else:
            # Cycles 0 to i - 1 take (t_mul ** i - 1) / (t_mul - 1) together.
            # NOTE: a rounded logarithm must not fall below the integer.
            length = self.t_mul - 1
            rounding = 1e-12 if t.dtype == dtypes.float64 else 1e-5
            cycle = floor(log(1 + passed * length) / math.log(self.t_mul) + rounding)
            stretch = exp(cycle * math.log(self.t_mul))
            share = (passed - (stretch - 1) / length) / stretch
        top = power(self.m_mul, cycle)
        wave = top * 0.5 * (1 + cos(share * math.pi))
        return self.initial_learning_rate * ((1 - self.alpha) * wave + self.alpha)


class OneCycle(Schedule):
    """Up to `max_learning_rate`, then down to almost nothing, in `total_steps`: Smith & Topin 2019.

    The rate starts at max / `div_factor`, is largest after the share `pct_start` of the steps,
    and ends at max / (`div_factor` * `final_div_factor`). `anneal_strategy` is "cos" or "linear".
    `three_phase` first falls back to the start as fast as it rose. All as in PyTorch's OneCycleLR.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: float,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        self.max_learning_rate = max_learning_rate
        self.total_steps = _positive("OneCycle", "total_steps", total_steps)
        self.pct_start = pct_start
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f"OneCycle: anneal_strategy={anneal_strategy!r}; expected 'cos' or 'linear'"
            )
        self.anneal_strategy = anneal_strategy
        self.div_factor = div_factor
        self.final_div_factor = final_div_factor
        self.three_phase = three_phase

    def at(self, t: Tensor) -> Tensor:
        top, last = self.max_learning_rate, self.total_steps - 1
        low = top / self.div_factor
        end = low / self.final_div_factor
        peak = self.pct_start * self.total_steps - 1
        if self.three_phase:
            back = 2 * self.pct_start * self.total_steps - 2
            phases = [(0.0, peak, low, top), (peak, back, top, low), (back, last, low, end)]
        else:
            phases = [(0.0, peak, low, top), (peak, last, top, end)]
        rate = t * 0 + end
        for begin, stop, a, b in reversed(phases):
            share = (t - begin) / max(stop - begin, 1e-12)
            move = (
                _half_cosine(a, b, share) if self.anneal_strategy == "cos" else a + (b - a) * share
            )
            rate = where(greater(t, stop), rate, move)
        return rate


class Cyclic(Schedule):
    """Up and down again between two rates, in straight lines: Smith 2017.

    `step_size_up` steps up, `step_size_down` (by default as many) down. The height of a cycle is
    the same always ("triangular"), halved after each ("triangular2"), or times `gamma ** t`
    ("exp_range"). All as in PyTorch's CyclicLR.
    """

    MODES = ("triangular", "triangular2", "exp_range")

    def __init__(
        self,
        base_learning_rate: float,
        max_learning_rate: float,
        step_size_up: float = 2000,
        step_size_down: float | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
    ) -> None:
        self.base_learning_rate = base_learning_rate
        self.max_learning_rate = max_learning_rate
        self.step_size_up = _positive("Cyclic", "step_size_up", step_size_up)
        self.step_size_down = step_size_down
        if mode not in self.MODES:
            raise unknown_name("Cyclic mode", mode, self.MODES)
        self.mode = mode
        self.gamma = _positive("Cyclic", "gamma", gamma)

    def at(self, t: Tensor) -> Tensor:
        up = self.step_size_up
        whole = up + (up if self.step_size_down is None else self.step_size_down)
        cycle = floor(t / whole)
        passed = t - cycle * whole
        height = where(less_equal(passed, up), passed / up, (whole - passed) / max(whole - up, 1))
        if self.mode == "triangular2":
            height = height * exp(cycle * -math.log(2))
        elif self.mode == "exp_range":
            height = height * exp(t * math.log(self.gamma))
        low = self.base_learning_rate
        return low + (self.max_learning_rate - low) * height


class InverseSquareRoot(Schedule):
    """A straight rise to the peak, then `peak * sqrt(warmup_steps / t)`: Vaswani et al. 2017.

    Counting steps t from 1. The paper's rate for a width d is
    `peak = (d * warmup_steps) ** -0.5`.
    """

    def __init__(self, peak_learning_rate: float, warmup_steps: float = 4000) -> None:
        self.peak_learning_rate = peak_learning_rate
        self.warmup_steps = _positive("InverseSquareRoot", "warmup_steps", warmup_steps)

    def at(self, t: Tensor) -> Tensor:
        passed = (t + 1) / self.warmup_steps
        return self.peak_learning_rate * minimum(passed, 1 / sqrt(passed))


class _Stretched(Schedule):
    """Base: a curve over `total_steps`, which can be set between steps and compiles nothing again.

    So a plan can be made longer or shorter while it runs.
    """

    def __init__(self, total_steps: float) -> None:
        kind = type(self).__name__
        self._total = Tensor(np.float64(_positive(kind, "total_steps", total_steps)))

    @property
    def total_steps(self) -> float:
        """The number of steps over which the curve is stretched."""
        return float(self._total.item())

    @total_steps.setter
    def total_steps(self, steps: float) -> None:
        self._total.assign(np.float64(_positive(type(self).__name__, "total_steps", steps)))

    def share(self, t: Tensor) -> Tensor:
        """How much of the steps has passed at step t, from 0 to 1."""
        return minimum(t / astype(self._total, t.dtype), 1)


class CosLog4(_Stretched):
    """Four cosine waves, each twice as long as the one before: Holzmueller et al. 2024.

        learning_rate (1 - cos(2 pi log2(1 + 15 t / total_steps))) / 2

    It is 0 at the shares 0, 1/15, 3/15, 7/15 and 1 of the steps, so there are good networks
    before the end as well. `total_steps` may be set while training goes on.

    >>> schedule = CosLog4(0.2, total_steps=150)
    >>> [round(schedule(step).item(), 3) for step in (0, 4, 10, 16, 30, 150)]
    [0.0, 0.2, 0.0, 0.172, 0.0, 0.0]
    """

    def __init__(self, learning_rate: float, total_steps: float) -> None:
        super().__init__(total_steps)
        self.learning_rate = learning_rate

    def at(self, t: Tensor) -> Tensor:
        cycles = log(1 + 15 * self.share(t)) * (1 / math.log(2))
        return self.learning_rate * 0.5 * (1 - cos(cycles * (2 * math.pi)))


class FlatCos(_Stretched):
    """Constant for half of the steps, then half a cosine down to 0: Holzmueller et al. 2024.

    For dropout and weight decay it keeps the strength and takes it away at the end:
    `Dropout(FlatCos(0.15, steps))`, `AdamW(..., weight_decay=FlatCos(0.02, steps))`.
    `total_steps` may be set while training goes on.

    >>> schedule = FlatCos(0.2, total_steps=100)
    >>> [round(schedule(step).item(), 3) for step in (0, 50, 75, 100)]
    [0.2, 0.2, 0.1, 0.0]
    """

    def __init__(self, initial_value: float, total_steps: float) -> None:
        super().__init__(total_steps)
        self.initial_value = initial_value

    def at(self, t: Tensor) -> Tensor:
        return _half_cosine(self.initial_value, 0.0, maximum(2 * self.share(t) - 1, 0))


class Stages(Schedule):
    """One schedule after another: the next one begins, at its step 0, at each of `milestones`.

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


def _half_cosine(a: float, b: float, share: Tensor) -> Tensor:
    """From a (share 0) to b (share 1 and above)."""
    return b + (a - b) * 0.5 * (1 + cos(minimum(share, 1) * math.pi))


def _positive(kind: str, name: str, value: float) -> float:
    if not value > 0:
        raise ArgumentError(f"{kind}: {name}={value}; expected a number above 0")
    return value


SCHEDULES.update({
    cls.__name__: cls
    for cls in (
        Constant, StepDecay, PiecewiseConstant, ExponentialDecay, InverseTimeDecay, PolynomialDecay,
        CosineDecay, CosineDecayRestarts, OneCycle, Cyclic, InverseSquareRoot, CosLog4, FlatCos,
        Stages,
    )
})  # fmt: skip


if not TYPE_CHECKING:
    __getattr__ = module_getattr(__name__, globals())
