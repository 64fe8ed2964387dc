"""Up and down again: one cycle, and cycles one after another."""

from __future__ import annotations

import math

from ...errors import ArgumentError, unknown_name
from ...nn.schedule import Schedule
from ...ops.elementwise import exp, floor, greater, less_equal, where
from ...tensors.tensor import Tensor
from .checks import positive
from .cosine import half_cosine


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
        self.total_steps = positive("OneCycle", "total_steps", total_steps)
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
                half_cosine(a, b, share) if self.anneal_strategy == "cos" else a + (b - a) * share
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
        self.step_size_up = positive("Cyclic", "step_size_up", step_size_up)
        self.step_size_down = step_size_down
        if mode not in self.MODES:
            raise unknown_name("Cyclic mode", mode, self.MODES)
        self.mode = mode
        self.gamma = positive("Cyclic", "gamma", gamma)

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
