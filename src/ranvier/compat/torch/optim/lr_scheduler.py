"""`torch.optim.lr_scheduler`: each `scheduler.step()` sets the optimizer's learning rate.

The rates come from Ranvier's schedules. In a compiled step the rate is a tensor, so changing it
compiles nothing again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat, TypeAlias, TypeVar, cast

from ....base.missing import no_argument
from ....errors import ArgumentError, unknown_name
from ....optim import Optimizer as RanvierOptimizer
from ....optim import schedules
from ....tensors.tensor import Tensor as RanvierTensor
from ...table import fill
from .param_groups import param_groups

T = TypeVar("T")
Rate: TypeAlias = Callable[[int], SupportsFloat]  # the rate after so many calls of `step`
Rates: TypeAlias = float | Sequence[float]  # one for all groups, or one for each


class LRScheduler:
    """Base: `rates[i](epoch)` is the learning rate of group i after so many calls of `step`.

    `rate(lr, i, ...)` makes them: it is given each group's first learning rate, the group's number
    and the scheduler's own arguments.
    """

    rate: Callable[..., Rate]

    def __init__(self, optimizer: RanvierOptimizer, *args: Any, **options: Any) -> None:
        signature = inspect.signature(type(self))
        for name in options:
            if name not in signature.parameters:
                raise no_argument(type(self).__name__, name, signature.parameters)
        signature.bind(optimizer, *args, **options)
        self.optimizer = optimizer
        self.groups = param_groups(optimizer)
        self.base_lrs = [group.setdefault("initial_lr", group["lr"]) for group in self.groups]
        rate = type(self).rate
        self.rates = [rate(first, i, *args, **options) for i, first in enumerate(self.base_lrs)]
        self.last_epoch = 0
        self._set()

    def _set(self) -> None:
        for group, rate in zip(self.groups, self.rates, strict=True):
            group["lr"] = _number(rate(self.last_epoch))

    def step(self) -> None:
        """One epoch more."""
        self.last_epoch += 1
        self._set()

    def get_last_lr(self) -> list[float]:
        """The rates in force, one for each group."""
        return [group["lr"] for group in self.groups]

    def state_dict(self) -> dict[str, Any]:
        """How many epochs have passed."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where another scheduler ended."""
        self.last_epoch = state_dict["last_epoch"]
        self._set()


def _number(rate: SupportsFloat) -> float:
    """The rate; of a float32 one the shortest number that rounds to it, 0.1 for 0.1000000015."""
    return float(str(rate.numpy())) if isinstance(rate, RanvierTensor) else float(rate)


def _of_group(value: T | Sequence[T], i: int) -> T:
    """One value for all groups, or that of group i."""
    return cast("T", value[i] if isinstance(value, list | tuple) else value)


def _cosine(lr: float, i: int, T_max: int, eta_min: float = 0.0) -> Rate:
    """Half a cosine from the first rate down to `eta_min` in `T_max` epochs, and up again."""
    half = schedules.CosineDecay(lr, T_max, eta_min / lr if lr else 0.0)
    return lambda epoch: half(T_max - abs(epoch % (2 * T_max) - T_max))


def _one_cycle(
    lr: float,
    i: int,
    max_lr: Rates,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Rate:
    """Up to `max_lr`, then down to almost nothing, in `total_steps` or `epochs * steps_per_epoch`
    steps.
    """
    if total_steps is None:
        if epochs is None or steps_per_epoch is None:
            raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
        total_steps = epochs * steps_per_epoch
    shape = pct_start, anneal_strategy, div_factor, final_div_factor, three_phase
    return schedules.OneCycle(_of_group(max_lr, i), total_steps, *shape)


def _cyclic(
    lr: float,
    i: int,
    base_lr: Rates,
    max_lr: Rates,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    cycle_momentum: bool = False,
) -> Rate:
    """Up and down between two rates; momentum stays as it is (`cycle_momentum=False`)."""
    if cycle_momentum:
        raise ArgumentError("CyclicLR: cycle_momentum=True is not supported; write False")
    both = _of_group(base_lr, i), _of_group(max_lr, i)
    return schedules.Cyclic(*both, step_size_up, step_size_down, mode, gamma)


def _sequential(
    lr: float, i: int, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
) -> Rate:
    """One scheduler after another: the next takes over at each of the epochs `milestones`."""
    if len(milestones) != len(schedulers) - 1:
        raise ArgumentError(
            f"SequentialLR: {len(schedulers)} schedulers take {len(schedulers) - 1} "
            f"milestones, one where each but the first begins; got {len(milestones)}"
        )

    def at(epoch: int) -> SupportsFloat:
        which = sum(epoch >= m for m in milestones)
        return schedulers[which].rates[i](epoch - (milestones[which - 1] if which else 0))

    return at


_RATES: dict[str, Callable[..., Rate]] = {
    "ConstantLR": lambda lr, i, factor=1 / 3, total_iters=5: schedules.PiecewiseConstant(
        [total_iters - 1], [lr * factor, lr]
    ),
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": lambda lr, i, T_0, T_mult=1, eta_min=0.0: (
        schedules.CosineDecayRestarts(lr, T_0, T_mult, 1.0, eta_min / lr if lr else 0.0)
    ),
    "CyclicLR": _cyclic,
    "ExponentialLR": lambda lr, i, gamma: schedules.ExponentialDecay(lr, 1, gamma),
    "LambdaLR": lambda lr, i, lr_lambda: lambda epoch: lr * _of_group(lr_lambda, i)(epoch),
    "LinearLR": lambda lr, i, start_factor=1 / 3, end_factor=1.0, total_iters=5: (
        schedules.PolynomialDecay(lr * start_factor, total_iters, lr * end_factor)
    ),
    "MultiStepLR": lambda lr, i, milestones, gamma=0.1: schedules.PiecewiseConstant(
        [n - 1 for n in milestones], [lr * gamma**k for k in range(len(milestones) + 1)]
    ),
    "OneCycleLR": _one_cycle,
    "PolynomialLR": lambda lr, i, total_iters=5, power=1.0: schedules.PolynomialDecay(
        lr, total_iters, 0.0, power
    ),
    "SequentialLR": _sequential,
    "StepLR": lambda lr, i, step_size, gamma=0.1: schedules.StepDecay(lr, step_size, gamma),
}


def _scheduler(name: str, rate: Callable[..., Rate]) -> type[LRScheduler]:
    made = type(name, (LRScheduler,), {"rate": staticmethod(rate), "__module__": __name__})
    made.__doc__ = rate.__doc__ or f"The rates of `ranvier.optim.schedules`, as `{name}` says them."
    optimizer = inspect.Parameter("optimizer", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    _, _, *others = inspect.signature(rate).parameters.values()
    setattr(made, "__signature__", inspect.Signature([optimizer, *others]))  # noqa: B010
    return made


class ReduceLROnPlateau:
    """Times `factor` after more than `patience` epochs in which the number given to `step` was no
    better than the best so far.
    """

    def __init__(
        self,
        optimizer: RanvierOptimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Rates = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if mode not in ("min", "max"):
            raise unknown_name("mode", mode, ("min", "max"))
        if threshold_mode not in ("rel", "abs"):
            raise unknown_name("threshold_mode", threshold_mode, ("rel", "abs"))
        if factor >= 1:
            raise ArgumentError(f"ReduceLROnPlateau: factor={factor}; expected less than 1")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown = threshold, threshold_mode, cooldown
        self.min_lr, self.eps = min_lr, eps
        self.best = float("inf") if mode == "min" else -float("inf")
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def is_better(self, number: float, best: float) -> bool:
        """Whether `number` is better than the best by more than the threshold."""
        if best in (float("inf"), -float("inf")):
            return number != best
        part = abs(best) if self.threshold_mode == "rel" else 1.0
        gain = best - number if self.mode == "min" else number - best
        return gain > self.threshold * part

    def step(self, metrics: SupportsFloat) -> None:
        """One epoch more, with the number that is watched."""
        number = float(metrics)
        self.last_epoch += 1
        if self.is_better(number, self.best):
            self.best, self.num_bad_epochs = number, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for i, group in enumerate(param_groups(self.optimizer)):
                before = group["lr"]
                after = max(before * self.factor, _of_group(self.min_lr, i))
                if before - after > self.eps:
                    group["lr"] = after
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def get_last_lr(self) -> list[float]:
        """The rates in force, one for each group."""
        return [group["lr"] for group in param_groups(self.optimizer)]

    def state_dict(self) -> dict[str, Any]:
        """Where it stands."""
        return {k: v for k, v in vars(self).items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where another one ended."""
        vars(self).update(state_dict)


__all__, __getattr__ = fill(
    globals(),
    "torch.optim.lr_scheduler",
    {name: _scheduler(name, rate) for name, rate in _RATES.items()},
)
