"""The wrappers that an optimizer's arguments ask for, under Keras' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ...errors import ArgumentError
from ...nn.configuration import restore
from ...tracing.watched import Watched
from ..arguments import above_0, at_least_0, at_least_1, at_most_one, from_0_to_1
from ..rates import DecayStrength, LearningRate
from . import WRAPPERS, Accumulation, Averaging, Clipping, ExponentialAverage, LossScale
from .decay import WeightDecay
from .wrapper import Wrapper, in_order


class WrapperOptions(TypedDict, total=False):
    """The arguments that ask for wrappers."""

    clipnorm: float | None
    global_clipnorm: float | None
    clipvalue: float | None
    gradient_accumulation_steps: int | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    wrappers: Sequence[Wrapper | Mapping[str, Any]] | None


class SharedOptions(WrapperOptions, total=False):
    """What every optimizer takes behind its own arguments, apart from `weight_decay`."""

    lr: LearningRate | None
    groups: Sequence[Mapping[str, Any]] | None
    decoupled: bool
    name: str | None


class Options(SharedOptions, total=False):
    """What every optimizer takes behind its own arguments."""

    weight_decay: DecayStrength


class Wrapped(Watched):
    """The part of an optimizer that knows its wrappers; `Optimizer` says what the arguments are."""

    _unwatched = frozenset({"_chain"})

    def __init__(
        self,
        *,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        clipvalue: float | None = None,
        gradient_accumulation_steps: int | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        wrappers: Sequence[Wrapper | Mapping[str, Any]] | None = None,
    ) -> None:
        kind = type(self).__name__
        self.clipnorm = at_least_0(kind, "clipnorm", clipnorm)
        self.global_clipnorm = at_least_0(kind, "global_clipnorm", global_clipnorm)
        self.clipvalue = at_least_0(kind, "clipvalue", clipvalue)
        at_most_one(kind, clipnorm=clipnorm, global_clipnorm=global_clipnorm, clipvalue=clipvalue)
        self.gradient_accumulation_steps = at_least_1(
            kind, "gradient_accumulation_steps", gradient_accumulation_steps
        )
        self.use_ema = use_ema
        self.ema_momentum = from_0_to_1(kind, "ema_momentum", ema_momentum)
        self.ema_overwrite_frequency = at_least_1(
            kind, "ema_overwrite_frequency", ema_overwrite_frequency
        )
        self.loss_scale_factor = above_0(kind, "loss_scale_factor", loss_scale_factor)
        self.wrappers: list[Wrapper] | None = None
        self._chain: tuple[list[Any], list[Wrapper]] = ([], [])  # made for these values of options
        if wrappers is not None:
            if asked := [name for name, default in DEFAULTS.items() if vars(self)[name] != default]:
                raise ArgumentError(
                    f"{kind}: {asked[0]} and wrappers both say what stands around the rule; put "
                    f"it into the list: wrappers=[{', '.join(map(str, self.chain()[:-1]))}, ...]"
                )
            self.wrappers = in_order(kind, [_wrapper(w) for w in wrappers])
            self.use_ema = any(isinstance(w, Averaging) for w in self.wrappers)

    def chain(self) -> list[Wrapper]:
        """What stands around the rule, in the order of a step."""
        asked = [*map(vars(self).get, DEFAULTS), *(self.wrappers or ())]
        if self._chain[0] != asked:
            self._chain = asked, self._new_chain()
        return self._chain[1]

    def _new_chain(self) -> list[Wrapper]:
        if self.wrappers is not None:
            return _with_decay(self.wrappers)
        chain: list[Wrapper] = []
        if self.loss_scale_factor is not None:
            chain.append(LossScale(self.loss_scale_factor))
        if (batches := self.gradient_accumulation_steps or 1) > 1:
            chain.append(Accumulation(batches))
        if not self.clipnorm is self.global_clipnorm is self.clipvalue is None:
            chain.append(Clipping(self.clipnorm, self.global_clipnorm, self.clipvalue))
        chain.append(WeightDecay())
        if self.use_ema:
            chain.append(ExponentialAverage(self.ema_momentum, self.ema_overwrite_frequency))
        return chain

    def wrapper_options(self) -> tuple[str, ...]:
        """The arguments that a file leaves out: the list, or those that it stands for."""
        return ("wrappers",) if self.wrappers is None else tuple(DEFAULTS)


# The arguments that ask for a wrapper, as they are when they ask for none.
DEFAULTS: dict[str, Any] = {
    "clipnorm": None, "global_clipnorm": None, "clipvalue": None,
    "gradient_accumulation_steps": None, "use_ema": False, "ema_momentum": 0.99,
    "ema_overwrite_frequency": None, "loss_scale_factor": None,
}  # fmt: skip


def _with_decay(wrappers: Sequence[Wrapper]) -> list[Wrapper]:
    """The wrappers with weight decay: where the list has it, or right before the rule."""
    if any(isinstance(w, WeightDecay) for w in wrappers):
        return list(wrappers)
    before = [w for w in wrappers if not w.is_last]
    return [*before, WeightDecay(), *[w for w in wrappers if w.is_last]]


def _wrapper(described: Wrapper | Mapping[str, Any]) -> Any:
    """A wrapper, or the one that a configuration describes."""
    if isinstance(described, Mapping):
        return restore("wrapper", described, WRAPPERS)
    return described
