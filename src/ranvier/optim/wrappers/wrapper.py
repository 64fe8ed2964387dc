"""The contract of a wrapper: what stands around an optimizer's rule.

A step goes through the wrappers in order, through the rule, and through the wrappers again:

    before    the gradients, or whether the step is due, are changed
    (rule)    w, g, slots -> new w, new slots, of each group
    after     the parameters have moved

The usual order is that of `wrappers/options.py`:

    LossScale       g / factor
    Accumulation    the mean of n gradients; due at every n-th batch
    Clipping        shorter gradients
    WeightDecay     smaller weights, or gradients of an L2 penalty
    (the rule)
    an average      of the new parameters

What a wrapper remembers is in slots, beside those of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import ArgumentError
from ...nn.configuration import configuration
from ...ops.elementwise import where
from ...tensors.tensor import Tensor
from ...tracing.watched import Watched
from ..state import FirstValue, Slots

if TYPE_CHECKING:
    from ..groups import RuleStep


@dataclass
class Step:
    """One step on its way through the wrappers; the lists have an entry for each parameter."""

    parameters: list[Tensor]
    grads: list[Tensor]
    weights: list[Tensor]  # that the rule gets: the parameters, if nothing changes them
    slots: Callable[[Tensor], Slots]  # of a parameter
    rules: dict[int, RuleStep]  # of each parameter, by its id
    undecayed: Container[Tensor]  # for which weight decay is not
    updates: Tensor  # how many steps the parameters have taken
    due: Tensor | None = None  # whether the parameters move; None: yes

    def move(self, t: Tensor, new: Tensor, old: Tensor) -> None:
        """`new` into t if the step is due, else `old`."""
        t.assign(new if self.due is None else where(self.due, new, old))


class Wrapper(Watched):
    """Base: does nothing."""

    slot: ClassVar[str] = ""  # what it remembers for each parameter; "": nothing
    kind: ClassVar[str] = ""  # of which an optimizer has one only; "": any number
    sets_size: ClassVar[bool] = False  # gradients are of the loss itself from here on
    reads_size: ClassVar[bool] = False  # compares gradients with a length or with the parameters
    is_last: ClassVar[bool] = False  # acts on the new parameters

    def first_values(self, p: Tensor) -> Mapping[str, FirstValue]:
        """What its slot of the parameter p holds before the first step."""
        return {}

    def scale_loss(self, loss: Tensor) -> Tensor:
        """What the gradients that come in are of: the loss, or a multiple of it."""
        return loss

    def before(self, step: Step) -> None:
        """Change the gradients, or whether the step is due."""

    def after(self, step: Step) -> None:
        """The parameters have moved."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return configuration(self)

    def __repr__(self) -> str:
        options = [f"{k}={v}" for k, v in self.get_config().items() if v is not None]
        return f"{type(self).__name__}({', '.join(options)})"


def in_order(optimizer: str, wrappers: Sequence[Wrapper]) -> list[Wrapper]:
    """The wrappers; ArgumentError for an order that makes no sense."""
    for i, later in enumerate(wrappers):
        if not isinstance(later, Wrapper):
            raise ArgumentError(
                f"{optimizer}: wrappers[{i}] is {later!r:.80}; expected a wrapper such as "
                "ranvier.optim.wrappers.Clipping(norm=1.0)"
            )
        for earlier in wrappers[:i]:
            if problem := _problem(earlier, later):
                raise ArgumentError(f"{optimizer}: {later} after {earlier}: {problem}")
    return list(wrappers)


def _problem(earlier: Wrapper, later: Wrapper) -> str:
    """Why `later` may not stand behind `earlier`; "": it may."""
    if later.kind and earlier.kind == later.kind:
        return "an optimizer has one only; leave one of them out"
    if earlier.is_last:
        return f"the average is of the new parameters; put {type(earlier).__name__} last"
    if later.sets_size and earlier.reads_size:
        return (
            f"gradients are of a multiple of the loss until {type(later).__name__}; put it "
            f"before {type(earlier).__name__}"
        )
    return ""
