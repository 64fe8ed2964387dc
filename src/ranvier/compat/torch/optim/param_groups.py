"""`optimizer.param_groups`: the optimizer's parameters and options as PyTorch's dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from ....optim import Optimizer as RanvierOptimizer
from ....optim import Schedule
from ....optim.groups import Group

# PyTorch's name of an option -> Ranvier's; betas are two.
OPTIONS = {"lr": "learning_rate", "eps": "epsilon", "alpha": "rho"}


def translated(options: dict[str, Any]) -> dict[str, Any]:
    """Options under PyTorch's names as Ranvier's."""
    ours = {OPTIONS.get(name, name): value for name, value in options.items()}
    if "betas" in ours:
        ours["beta_1"], ours["beta_2"] = ours.pop("betas")
    return ours


class ParamGroup(MutableMapping[str, Any]):
    """One group, live: what is written acts at the next step, and what is read is in force.

    Keys are "params", "lr" and the optimizer's options ("weight_decay", "betas"); other keys are
    kept as they are ("initial_lr", "name").
    """

    def __init__(self, optimizer: RanvierOptimizer, group: Group | None, names: list[str]) -> None:
        self.optimizer, self.group, self.names = optimizer, group, names
        self.other: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        if key == "params":
            return [
                p for p in self.optimizer.parameters if self.optimizer.group_of(p) is self.group
            ]
        if key == "lr":
            rate = (self.optimizer if self.group is None else self.group).learning_rate
            if isinstance(rate, Schedule):
                rate = rate(self.optimizer.iterations)
            return float(str(rate.numpy()))
        if key not in self.names:
            return self.other[key]
        rule = self.optimizer if self.group is None else self.group.rule
        if key == "betas":
            return rule.beta_1, rule.beta_2  # type: ignore[attr-defined]
        return getattr(rule, OPTIONS.get(key, key))

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "lr" and self.group is None:
            self.optimizer.learning_rate = value
        elif key == "params":
            raise TypeError("param_groups: use optimizer.add_param_group for more parameters")
        elif key == "lr" or key in self.names:
            for option, new in translated({key: value}).items():
                self.optimizer.set_option(option, new, self.group)
        else:
            self.other[key] = value

    def __delitem__(self, key: str) -> None:
        del self.other[key]

    def __iter__(self) -> Iterator[str]:
        return iter(["params", "lr", *self.names, *self.other])

    def __len__(self) -> int:
        return 2 + len(self.names) + len(self.other)

    def __repr__(self) -> str:
        return f"ParamGroup({ {k: v for k, v in self.items() if k != 'params'} })"


def param_groups(optimizer: RanvierOptimizer) -> list[Any]:
    """The groups of any optimizer; kept with it where it is PyTorch's."""
    own = getattr(type(optimizer), "param_groups", None)
    if own is not None:
        return optimizer.param_groups  # type: ignore[attr-defined, no-any-return]
    return [ParamGroup(optimizer, group, []) for group in (None, *optimizer.groups)]
