"""Cosine curves: half a wave, waves with restarts, and waves whose length may change."""

from __future__ import annotations

import math

import numpy as np

from ... import dtypes
from ...nn.schedule import Schedule
from ...ops.elementwise import astype, cos, exp, floor, less, log, maximum, minimum, power, where
from ...tensors.tensor import Tensor
from .checks import positive


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
        self.decay_steps = positive("CosineDecay", "decay_steps", decay_steps)
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        if warmup_target is not None:
            positive("CosineDecay", "warmup_steps", warmup_steps)

    def at(self, t: Tensor) -> Tensor:
        first, warm = self.initial_learning_rate, self.warmup_steps
        if self.warmup_target is None:
            return half_cosine(first, first * self.alpha, t / self.decay_steps)
        top = self.warmup_target
        falling = half_cosine(top, top * self.alpha, maximum(t - warm, 0) / self.decay_steps)
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
        self.first_decay_steps = positive("CosineDecayRestarts", "steps", first_decay_steps)
        self.t_mul = positive("CosineDecayRestarts", "t_mul", t_mul)
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


class Stretched(Schedule):
    """Base: a curve over `total_steps`, which can be set between steps and compiles nothing again.

    So a plan can be made longer or shorter while it runs.
    """

    def __init__(self, total_steps: float) -> None:
        kind = type(self).__name__
        self._total = Tensor(np.float64(positive(kind, "total_steps", total_steps)))

    @property
    def total_steps(self) -> float:
        """The number of steps over which the curve is stretched."""
        return float(self._total.item())

    @total_steps.setter
    def total_steps(self, steps: float) -> None:
        self._total.assign(np.float64(positive(type(self).__name__, "total_steps", steps)))

    def share(self, t: Tensor) -> Tensor:
        """How much of the steps has passed at step t, from 0 to 1."""
        return minimum(t / astype(self._total, t.dtype), 1)


class CosLog4(Stretched):
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


class FlatCos(Stretched):
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
        return half_cosine(self.initial_value, 0.0, maximum(2 * self.share(t) - 1, 0))


def half_cosine(a: float, b: float, share: Tensor) -> Tensor:
    """From a (share 0) to b (share 1 and above)."""
    return b + (a - b) * 0.5 * (1 + cos(minimum(share, 1) * math.pi))
