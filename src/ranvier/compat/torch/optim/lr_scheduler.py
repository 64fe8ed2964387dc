"""`torch.optim.lr_scheduler`: each `scheduler.step()` sets the optimizer's learning rate.

The rates come from Ranvier's schedules. In a compiled step the rate is a tensor, so changing it
compiles nothing again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ....errors import ArgumentError, unknown_name
from ....optim import schedules
from ...names import module_getattr


class LRScheduler:
    """Base: `rate(epoch)` is the learning rate after so many calls of `step`."""

    def __init__(self, optimizer: Any, rate: Callable[[int], Any]) -> None:
        self.optimizer = optimizer
        self.rate = rate
        self.last_epoch = 0
        optimizer.learning_rate = float(rate(0))

    def step(self) -> None:
        """One epoch more."""
        self.last_epoch += 1
        self.optimizer.learning_rate = float(self.rate(self.last_epoch))

    def get_last_lr(self) -> list[float]:
        """The rate in force, in a list."""
        return [float(str(self.optimizer.learning_rate.numpy()))]

    def state_dict(self) -> dict[str, Any]:
        """How many epochs have passed."""
        return {"last_epoch": self.last_epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where another scheduler ended."""
        self.last_epoch = state_dict["last_epoch"]
        self.optimizer.learning_rate = float(self.rate(self.last_epoch))


def _first(optimizer: Any) -> float:
    return float(str(optimizer.learning_rate.numpy()))


class StepLR(LRScheduler):
    """Times `gamma` every `step_size` epochs."""

    def __init__(self, optimizer: Any, step_size: int, gamma: float = 0.1) -> None:
        super().__init__(optimizer, schedules.StepDecay(_first(optimizer), step_size, gamma))


class MultiStepLR(LRScheduler):
    """Times `gamma` at each of the epochs `milestones`."""

    def __init__(self, optimizer: Any, milestones: Sequence[int], gamma: float = 0.1) -> None:
        first = _first(optimizer)
        values = [first * gamma**i for i in range(len(milestones) + 1)]
        before = [n - 1 for n in milestones]
        super().__init__(optimizer, schedules.PiecewiseConstant(before, values))


class ExponentialLR(LRScheduler):
    """Times `gamma` every epoch."""

    def __init__(self, optimizer: Any, gamma: float) -> None:
        super().__init__(optimizer, schedules.ExponentialDecay(_first(optimizer), 1, gamma))


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate down to `eta_min` in `T_max` epochs, and up again."""

    def __init__(self, optimizer: Any, T_max: int, eta_min: float = 0.0) -> None:
        first = _first(optimizer)
        half = schedules.CosineDecay(first, T_max, eta_min / first)
        super().__init__(optimizer, lambda epoch: half(T_max - abs(epoch % (2 * T_max) - T_max)))


class OneCycleLR(LRScheduler):
    """Up to `max_lr`, then down to almost nothing, in `total_steps` or `epochs * steps_per_epoch`
    steps.
    """

    def __init__(
        self,
        optimizer: Any,
        max_lr: float,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        **options: Any,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ArgumentError("OneCycleLR: give total_steps, or epochs and steps_per_epoch")
            total_steps = epochs * steps_per_epoch
        super().__init__(optimizer, schedules.OneCycle(max_lr, total_steps, **options))


class ConstantLR(LRScheduler):
    """Times `factor` for the first `total_iters` epochs."""

    def __init__(self, optimizer: Any, factor: float = 1 / 3, total_iters: int = 5) -> None:
        first = _first(optimizer)
        both = [first * factor, first]
        super().__init__(optimizer, schedules.PiecewiseConstant([total_iters - 1], both))


class LinearLR(LRScheduler):
    """From `start_factor` to `end_factor` times the first rate in `total_iters` epochs."""

    def __init__(
        self,
        optimizer: Any,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        first = _first(optimizer)
        begin, end = first * start_factor, first * end_factor
        super().__init__(optimizer, schedules.PolynomialDecay(begin, total_iters, end))


class PolynomialLR(LRScheduler):
    """Down to 0 in `total_iters` epochs along `(1 - epoch / total_iters) ** power`."""

    def __init__(self, optimizer: Any, total_iters: int = 5, power: float = 1.0) -> None:
        first = _first(optimizer)
        super().__init__(optimizer, schedules.PolynomialDecay(first, total_iters, 0.0, power))


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half cosines one after another, of T_0, T_0 T_mult, T_0 T_mult^2 ... epochs."""

    def __init__(self, optimizer: Any, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        first = _first(optimizer)
        waves = schedules.CosineDecayRestarts(first, T_0, T_mult, 1.0, eta_min / first)
        super().__init__(optimizer, waves)


class CyclicLR(LRScheduler):
    """Up and down between two rates; momentum stays as it is (`cycle_momentum=False`)."""

    def __init__(
        self,
        optimizer: Any,
        base_lr: float,
        max_lr: float,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        cycle_momentum: bool = False,
    ) -> None:
        if cycle_momentum:
            raise ArgumentError("CyclicLR: cycle_momentum=True is not supported; write False")
        up, down = step_size_up, step_size_down
        super().__init__(optimizer, schedules.Cyclic(base_lr, max_lr, up, down, mode, gamma))


class LambdaLR(LRScheduler):
    """The first rate times `lr_lambda(epoch)`."""

    def __init__(self, optimizer: Any, lr_lambda: Callable[[int], float]) -> None:
        first = _first(optimizer)
        super().__init__(optimizer, lambda epoch: first * lr_lambda(epoch))


class SequentialLR(LRScheduler):
    """One scheduler after another: the next takes over at each of the epochs `milestones`."""

    def __init__(
        self, optimizer: Any, schedulers: Sequence[LRScheduler], milestones: Sequence[int]
    ) -> None:
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedulers take {len(schedulers) - 1} "
                f"milestones, one where each but the first begins; got {len(milestones)}"
            )

        def rate(epoch: int) -> Any:
            which = sum(epoch >= m for m in milestones)
            return schedulers[which].rate(epoch - (milestones[which - 1] if which else 0))

        super().__init__(optimizer, rate)


class ReduceLROnPlateau:
    """Times `factor` after more than `patience` epochs in which the number given to `step` was no
    better than the best so far.
    """

    def __init__(
        self,
        optimizer: Any,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
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

    def step(self, metrics: Any) -> None:
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
            before = _first(self.optimizer)
            after = max(before * self.factor, self.min_lr)
            if before - after > self.eps:
                self.optimizer.learning_rate = after
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def get_last_lr(self) -> list[float]:
        """The rate in force, in a list."""
        return [_first(self.optimizer)]

    def state_dict(self) -> dict[str, Any]:
        """Where it stands."""
        return {k: v for k, v in vars(self).items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up where another one ended."""
        vars(self).update(state_dict)


__getattr__ = module_getattr("torch.optim.lr_scheduler", globals())
