"""`torch.optim.lr_scheduler`: each `scheduler.step()` sets the optimizer's learning rate.

The rates come from Ranvier's schedules. In a compiled step the rate is a tensor, so changing it
compiles nothing again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, SupportsFloat, TypeAlias, TypeVar, cast

from ....errors import ArgumentError, unknown_name
from ....optim import Optimizer as RanvierOptimizer
from ....optim import schedules
from ....tensors.tensor import Tensor as RanvierTensor
from ...table import missing, module_getattr
from .groups import param_groups

T = TypeVar("T")
EpochRate: TypeAlias = Callable[[int], SupportsFloat]  # the rate after so many epochs
GroupRate: TypeAlias = Callable[[float, int], EpochRate]  # of a group's first rate and its number


class LRScheduler:
    """Base: `rates[i](epoch)` is the learning rate of group i after so many calls of `step`.

    `rate` makes them: it is given each group's first learning rate, and the group's number.
    """

    def __init__(self, optimizer: RanvierOptimizer, rate: GroupRate) -> None:
        self.optimizer = optimizer
        self.groups = param_groups(optimizer)
        self.base_lrs = [group.setdefault("initial_lr", group["lr"]) for group in self.groups]
        self.rates = [rate(first, i) for i, first in enumerate(self.base_lrs)]
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


class StepLR(LRScheduler):
    """Times `gamma` every `step_size` epochs."""

    def __init__(self, optimizer: RanvierOptimizer, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer, lambda lr, _: schedules.StepDecay(lr, step_size, gamma))


class MultiStepLR(LRScheduler):
    """Times `gamma` at each of the epochs `milestones`."""

    def __init__(
        self, optimizer: RanvierOptimizer, milestones: Sequence[int], gamma: float = 0.1
    ) -> None:
        before = [n - 1 for n in milestones]

        def rate(lr: float, _: int) -> EpochRate:
            values = [lr * gamma**i for i in range(len(milestones) + 1)]
            return schedules.PiecewiseConstant(before, values)

        super().__init__(optimizer, rate)


class ExponentialLR(LRScheduler):
    """Times `gamma` every epoch."""

    def __init__(self, optimizer: RanvierOptimizer, gamma: float) -> None:
        super().__init__(optimizer, lambda lr, _: schedules.ExponentialDecay(lr, 1, gamma))


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate down to `eta_min` in `T_max` epochs, and up again."""

    def __init__(self, optimizer: RanvierOptimizer, T_max: int, eta_min: float = 0.0) -> None:
        def rate(lr: float, _: int) -> EpochRate:
            half = schedules.CosineDecay(lr, T_max, eta_min / lr if lr else 0.0)
            return lambda epoch: half(T_max - abs(epoch % (2 * T_max) - T_max))

        super().__init__(optimizer, rate)


class OneCycleLR(LRScheduler):
    """Up to `max_lr`, then down to almost nothing, in `total_steps` or `epochs * steps_per_epoch`
    steps.
    """

    def __init__(
        self,
        optimizer: RanvierOptimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        **options: Any,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        steps = total_steps
        super().__init__(
            optimizer, lambda _, i: schedules.OneCycle(_of_group(max_lr, i), steps, **options)
        )


class ConstantLR(LRScheduler):
    """Times `factor` for the first `total_iters` epochs."""

    def __init__(
        self, optimizer: RanvierOptimizer, factor: float = 1 / 3, total_iters: int = 5
    ) -> None:
        def rate(lr: float, _: int) -> EpochRate:
            return schedules.PiecewiseConstant([total_iters - 1], [lr * factor, lr])

        super().__init__(optimizer, rate)


class LinearLR(LRScheduler):
    """From `start_factor` to `end_factor` times the first rate in `total_iters` epochs."""

    def __init__(
        self,
        optimizer: RanvierOptimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        def rate(lr: float, _: int) -> EpochRate:
            return schedules.PolynomialDecay(lr * start_factor, total_iters, lr * end_factor)

        super().__init__(optimizer, rate)


class PolynomialLR(LRScheduler):
    """Down to 0 in `total_iters` epochs along `(1 - epoch / total_iters) ** power`."""

    def __init__(
        self, optimizer: RanvierOptimizer, total_iters: int = 5, power: float = 1.0
    ) -> None:
        super().__init__(
            optimizer, lambda lr, _: schedules.PolynomialDecay(lr, total_iters, 0.0, power)
        )


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half cosines one after another, of T_0, T_0 T_mult, T_0 T_mult^2 ... epochs."""

    def __init__(
        self, optimizer: RanvierOptimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0
    ) -> None:
        def rate(lr: float, _: int) -> EpochRate:
            alpha = eta_min / lr if lr else 0.0
            return schedules.CosineDecayRestarts(lr, T_0, T_mult, 1.0, alpha)

        super().__init__(optimizer, rate)


class CyclicLR(LRScheduler):
    """Up and down between two rates; momentum stays as it is (`cycle_momentum=False`)."""

    def __init__(
        self,
        optimizer: RanvierOptimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        cycle_momentum: bool = False,
    ) -> None:
        if cycle_momentum:
            raise ArgumentError("CyclicLR: cycle_momentum=True is not supported; write False")

        def rate(_: float, i: int) -> EpochRate:
            both = _of_group(base_lr, i), _of_group(max_lr, i)
            return schedules.Cyclic(*both, step_size_up, step_size_down, mode, gamma)

        super().__init__(optimizer, rate)


class LambdaLR(LRScheduler):
    """The first rate times `lr_lambda(epoch)`."""

    def __init__(
        self,
        optimizer: RanvierOptimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
    ) -> None:
        def rate(lr: float, i: int) -> EpochRate:
            factor = _of_group(lr_lambda, i)
            return lambda epoch: lr * factor(epoch)

        super().__init__(optimizer, rate)


class SequentialLR(LRScheduler):
    """One scheduler after another: the next takes over at each of the epochs `milestones`."""

    def __init__(
        self,
        optimizer: RanvierOptimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedulers take {len(schedulers) - 1} "
                f"milestones, one where each but the first begins; got {len(milestones)}"
            )

        def rate(_: float, i: int) -> EpochRate:
            def at(epoch: int) -> SupportsFloat:
                which = sum(epoch >= m for m in milestones)
                return schedulers[which].rates[i](epoch - (milestones[which - 1] if which else 0))

            return at

        super().__init__(optimizer, rate)


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
        min_lr: float | Sequence[float] = 0.0,
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


__getattr__ = module_getattr("torch.optim.lr_scheduler", globals(), missing)
