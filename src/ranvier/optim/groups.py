"""Parameter groups: parameters with options of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import dtypes
from ..errors import ArgumentError, StateError
from ..nn.config import plain
from ..ops.elementwise import astype
from ..tensors.tensor import Tensor
from ..tracing.validity import Watched
from .schedules import Schedule
from .transform import Slots

if TYPE_CHECKING:
    from .optimizer import Optimizer


class Selection(Watched):
    """Parameters: these tensors, and those in whose name a pattern is found.

    In a file they are all patterns, since the name of a layer's tensor ("dense_1.bias") is saved
    with the layer.
    """

    def __init__(self, call: str, tensors_argument: str, names_argument: str) -> None:
        self.call, self.arguments = call, (tensors_argument, names_argument)
        self.tensors: list[Tensor] = []
        self.patterns: list[str] = []

    def add(self, tensors: Iterable[Tensor] | None, patterns: Iterable[str] | None) -> None:
        """These too."""
        tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors or ())
        patterns = [patterns] if isinstance(patterns, str) else list(patterns or ())
        by_tensor, by_name = self.arguments
        if not tensors and not patterns:
            raise ArgumentError(
                f"{self.call}: give parameters, {by_tensor}=[layer.bias], or parts of "
                f"their names, {by_name}=['bias', 'gamma']"
            )
        for t in tensors:
            if not isinstance(t, Tensor):
                raise ArgumentError(
                    f"{self.call}: {by_tensor} holds a {type(t).__name__}; expected parameters "
                    f"such as layer.bias (build the model first); names go into {by_name}"
                )
        self.tensors += tensors
        self.patterns += patterns

    def __contains__(self, p: Tensor) -> bool:
        return any(t is p for t in self.tensors) or any(re.search(n, p.name) for n in self.patterns)

    def names(self) -> list[str]:
        """All as patterns."""
        for t in self.tensors:
            if not t.name:
                raise StateError(
                    f"{self.call}: a parameter of shape {t.shape} has no name by "
                    "which a file could tell it; weights that a layer makes have one"
                )
        return [*self.patterns, *[f"^{re.escape(t.name)}$" for t in self.tensors]]


class Group(Watched):
    """Some parameters of an optimizer, with options of their own.

    Without a `learning_rate` among the options the group follows the optimizer's.
    """

    def __init__(
        self, owner: Optimizer, members: Selection, options: Mapping[str, Any], rule: Optimizer
    ) -> None:
        self.owner, self.members, self.options = owner, members, dict(options)
        # Of the optimizer's class, with these options. It takes no steps itself: the optimizer
        # asks it for its factors and its updates.
        self.rule = rule

    @property
    def learning_rate(self) -> Tensor | Schedule:
        """A scalar tensor or the schedule; set it to a number at any time between steps."""
        own = "learning_rate" in self.options
        return (self.rule if own else self.owner).learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.set("learning_rate", value)

    def set(self, option: str, value: Any) -> None:
        """Another value from now on."""
        setattr(self.rule, option, value)
        if option != "learning_rate" or option not in self.options:  # else the rule alone has it
            self.options[option] = value

    def get_config(self) -> dict[str, Any]:
        """The group as JSON-able data; StateError for a parameter without a name."""
        options = dict(self.options)
        if "learning_rate" in options:
            options["learning_rate"] = rate_config(self.rule.learning_rate)
        return {"names": self.members.names(), **plain(options, "groups")}

    def __repr__(self) -> str:
        said = [f"{len(self.members.tensors)} parameters"] if self.members.tensors else []
        said += [f"names={self.members.patterns}"] if self.members.patterns else []
        for name, value in self.options.items():
            rate = name == "learning_rate"
            said.append(f"{name}={rate_config(self.rule.learning_rate) if rate else value!r}")
        return f"Group({', '.join(said)})"


class RuleStep:
    """A rule in one step: its factors and its decay, once for all parameters of a dtype."""

    def __init__(self, rule: Optimizer, rate: Tensor, number: Tensor) -> None:
        self.rule, self.rate = rule, rate
        self.decay = rule.decay()
        self.factors = rule.factors(rate, number)
        self.shared = {rule.precision: (self.factors, self._kept(rate))}

    def _kept(self, rate: Tensor) -> Tensor | None:
        return None if self.decay is None else self.decay.kept(rate)

    def update(self, p: Tensor, g: Tensor, slots: Slots, decays: bool) -> tuple[Tensor, Slots]:
        """The new parameter and the new slots."""
        dtype = dtypes.promote(p.dtype, dtypes.float32)
        if dtype not in self.shared:  # float32 beside parameters of float64
            kept = self._kept(astype(self.rate, dtype))
            self.shared[dtype] = _cast(self.factors, dtype), kept
        factors, kept = self.shared[dtype]
        w = p
        if self.decay is not None and decays:
            w, g = self.decay.before(p, g, kept)
        return self.rule.update(w, g, slots, factors)


def rate_config(rate: Tensor | Schedule) -> Any:
    """A learning rate as JSON-able data."""
    if isinstance(rate, Schedule):
        return {"class": type(rate).__name__, "config": rate.get_config()}
    return float(str(rate.numpy()))


def _cast(value: Any, dtype: Any) -> Any:
    """A tensor, or those in a tuple, in another dtype."""
    if isinstance(value, tuple):
        return tuple(_cast(v, dtype) for v in value)
    return astype(value, dtype) if isinstance(value, Tensor) else value
