"""Members before they are trained: models of one form, and the optimizer of each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Self, cast, overload

import numpy as np

from ... import optim
from ...base.arguments import as_integer
from ...base.config import switches
from ...base.missing import spelled
from ...errors import ArgumentError, ShapeError, StateError
from ...tensors.tensor import Tensor
from ...typing import Array, ArrayLike
from ..intake.heads import LossLike, MetricsLike, WeightsLike
from ..models.model import Augment, Model, OptimizerLike
from ..steps.step import Step
from .members import Members, RandomStates, check_seeds, need_models
from .members_sums import MembersSums
from .score import Score


class CompiledMembers:
    """Models of one form, each with its seed, its random state, and its own optimizer."""

    name = "ensemble"

    def __init__(
        self,
        make_model: Callable[..., Model],
        members: int,
        seeds: Sequence[int] | None = None,
    ) -> None:
        members = as_integer("ensemble", "members", members, 1)
        if not callable(make_model) or isinstance(make_model, Model):
            raise ArgumentError(
                f"ensemble: make_model is a {type(make_model).__name__}; give a function that "
                "makes a new model each time it is called"
            )
        seeds = check_seeds(members, None if seeds is None else list(seeds))
        states = RandomStates(seeds)
        numbered = _takes_number(make_model)
        models = []
        for member in range(members):
            with states.of(member):
                models.append(make_model(member) if numbered else make_model())
        self._take(models, seeds, states)

    def _take(self, models: Sequence[Model], seeds: Sequence[int], states: RandomStates) -> None:
        need_models(models, Model)
        if len({id(model) for model in models}) < len(models):
            raise ArgumentError(
                "ensemble: make_model gave the same model twice; it must make a new one each time"
            )
        self._models = tuple(models)
        self.members = MembersView(self)
        self.seeds = list(seeds)
        self.stop_training = False
        self._states = states
        self._tensors: Members | None = None
        self._optimizers_seen: list[Any] = []
        # Members whose optimizer is not made yet: it is when somebody looks at the member.
        self._waiting: set[int] = set()
        self._how: dict[str, Any] = {}  # the arguments of `compile`
        self._rates: Array | None = None  # the learning rates that were set
        self._predicts: dict[Any, Step] = {}
        self._sums: dict[int, MembersSums] = {}
        self._score: Score | None = None

    @classmethod
    def of(cls, models: Sequence[Model], seeds: Sequence[int], states: Array) -> Self:
        """An ensemble of models that are there, such as those of a file."""
        made = cls.__new__(cls)
        random_states = RandomStates(seeds)
        random_states.numbers[...] = states
        made._take(models, seeds, random_states)
        return made

    def part(self, members: Sequence[int]) -> Self:
        """An ensemble of some of the members, which go on from where they are.

        They are the same models, with the optimizers they have; only their random numbers are
        counted by each of the two ensembles for itself, so go on with one of them.
        """
        count = len(self._models)
        numbers = [as_integer("part", "members", number) for number in members]
        if not numbers or len(set(numbers)) < len(numbers) or not set(numbers) <= {*range(count)}:
            raise ArgumentError(
                f"part: members={list(members)}; expected numbers of members, each once, from 0 to "
                f"{count - 1}"
            )
        models = [self.members[number] for number in numbers]
        seeds = [self.seeds[number] for number in numbers]
        return type(self).of(models, seeds, self.random_states[numbers])

    def __len__(self) -> int:
        return len(self._models)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._models)} members, {self.first!r})"

    @property
    def random_states(self) -> Array:
        """Where each member is in its random numbers: (members, 2), seed and draws."""
        return self._states.numbers

    @property
    def first(self) -> Model:
        """The first member; what is the same for all members is asked of it."""
        return self._models[0]

    @property
    def engine(self) -> str:
        """The engine that runs the steps."""
        return self.first.engine or switches.engine

    @property
    def classes(self) -> Array | None:
        """The labels in order when the targets are text."""
        return self.first.classes

    # -- compile -----------------------------------------------------------------------------------

    @spelled
    def compile(
        self,
        optimizer: OptimizerLike | Sequence[OptimizerLike] = "rmsprop",
        loss: LossLike = None,
        metrics: MetricsLike = None,
        engine: str | None = None,
        loss_weights: WeightsLike = None,
        weighted_metrics: MetricsLike = None,
        learning_rate: ArrayLike | None = None,
        augment: Augment | None = None,
    ) -> None:
        """As `Model.compile`, for all members. Each member has an optimizer of its own.

        Args:
            learning_rate: one for all members, or one for each.
        """
        self._how = {
            "loss": loss, "metrics": metrics, "engine": engine, "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics, "augment": augment,
        }  # fmt: skip
        self._forget()
        self._rates = None
        own = self._optimizers(optimizer)
        self._waiting = set(range(len(own), len(self._models)))
        for member, one in zip(self._models, own, strict=False):
            member.compile(one, **self._how)
        if learning_rate is not None:
            self.set_learning_rates(learning_rate)

    def _optimizers(
        self, optimizer: OptimizerLike | Sequence[OptimizerLike]
    ) -> list[optim.Optimizer]:
        """An optimizer for each member; one, where the others are like that of the first."""
        count = len(self._models)
        if isinstance(optimizer, list | tuple):
            if len(optimizer) != count:
                raise ArgumentError(
                    f"ensemble: {len(optimizer)} optimizers for {count} members; give one for each"
                )
            made = [optim.get(one) for one in optimizer]
            for member, one in enumerate(made):
                if _rule(one) != _rule(made[0]):
                    raise ArgumentError(
                        f"ensemble: the optimizer of member {member}, {one!r}, is not that of "
                        f"member 0, {made[0]!r}; members may differ in their learning rates, not "
                        "in the rule"
                    )
            return made
        own = optim.get(cast("str", optimizer))
        if own is optimizer:  # of the user; members are not to share it with other models
            own = another(own)
        return [own]

    def complete(self, number: int) -> Model:
        """A member with an optimizer of its own, which is where training has left it."""
        member = self._models[number]
        if not number and self._waiting and (self._tensors is None or not self._tensors.gathered):
            # It is about to be looked at, and the others begin with what its optimizer holds now.
            for other in sorted(self._waiting):
                self.complete(other)
        if number in self._waiting:
            self._waiting.discard(number)
            member.compile(another(self.first.optimizer), **self._how)
            if self._rates is not None:
                member.optimizer.learning_rate = float(self._rates[number])
            if self._tensors is not None:
                self._tensors.adopt(number, member)
                self._optimizers_seen[number] = member.optimizer
        return member

    def set_learning_rates(self, rates: ArrayLike) -> None:
        """Another learning rate for all members, or one for each."""
        if not isinstance(self.first.optimizer.learning_rate, Tensor):
            for number in sorted(self._waiting):
                self.complete(number)
        asked = np.asarray(rates, np.float64)
        if asked.shape not in ((), (len(self._models),)):
            raise ArgumentError(
                f"ensemble: learning rates of shape {asked.shape}; expected one number, or one for "
                f"each of the {len(self._models)} members"
            )
        self._rates = np.broadcast_to(asked, (len(self._models),)).copy()
        for number, rate in enumerate(self._rates.tolist()):
            if number not in self._waiting:
                self._models[number].optimizer.learning_rate = rate
        self._set_waiting_rates()

    def _set_waiting_rates(self) -> None:
        """Put the learning rates of members without an optimizer where the step reads them."""
        if self._rates is not None and self._waiting and self._tensors is not None:
            self._tensors.gather()
            self._tensors.fill("optimizer/learning_rate", sorted(self._waiting), self._rates)

    def learning_rates(self) -> Array:
        """The learning rate of each member."""
        first = self.first.optimizer.learning_rate
        if not isinstance(first, Tensor):
            raise StateError("ensemble: the optimizers have schedules; their rates cannot be set")
        rates = np.full(len(self._models), float(first.item()))
        if self._rates is not None:
            rates = self._rates.copy()
        for number, member in enumerate(self._models):
            if number not in self._waiting:
                rates[number] = member.optimizer.learning_rate.item()
        return rates

    @property
    def optimizer(self) -> Any:
        """What callbacks change the learning rate by: all rates in proportion to the first."""
        return None if self.first.optimizer is None else _Rates(self)

    def _compiled(self, call: str) -> None:
        self.first._compiled(call)

    def _forget(self) -> None:
        self._tensors, self._score = None, None
        self._predicts.clear()
        self._sums.clear()

    # -- weights -------------------------------------------------------------------------

    def get_weights(self) -> list[Array]:
        """Copies of all tensors, (members, ...), in the order of `named_tensors` of a member."""
        each = [member.get_weights() for member in self._models]
        return [np.stack(arrays) for arrays in zip(*each, strict=True)]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Replace all tensors by arrays of the same shapes, as `get_weights` gives them."""
        arrays = [np.asarray(w) for w in weights]
        for array in arrays:
            if array.shape[:1] != (len(self._models),):
                raise ShapeError(
                    f"ensemble: set_weights got an array of shape {array.shape}; expected "
                    f"{len(self._models)} members in front"
                )
        for number, member in enumerate(self._models):
            member.set_weights([array[number] for array in arrays])

    def state_tensors(self) -> list[Tensor]:
        """Every tensor of every member."""
        return [t for member in self._models for t in member.state_tensors()]

    @property
    def built(self) -> bool:
        """Whether the members have their tensors."""
        return all(member.built for member in self._models)

    def named_tensors(self) -> dict[str, Array]:
        """The tensors of all members as arrays, (members, ...), by their path in a member."""
        names = self.first.named_tensors()
        return dict(zip(names, self.get_weights(), strict=True))


class _Rates:
    """The learning rates of all members as that of one optimizer."""

    def __init__(self, of: CompiledMembers) -> None:
        self._of = of

    @property
    def learning_rate(self) -> Any:
        """That of the first member."""
        return self._of.first.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        held = self._of.learning_rates()
        same = bool((held == held[0]).all())
        self._of.set_learning_rates(value if same else held * (float(value) / held[0]))


class MembersView(Sequence[Model]):
    """The members, each of them complete when it is looked at."""

    def __init__(self, of: CompiledMembers) -> None:
        self._of = of

    def __len__(self) -> int:
        return len(self._of)

    @overload
    def __getitem__(self, number: int) -> Model: ...
    @overload
    def __getitem__(self, number: slice) -> list[Model]: ...
    def __getitem__(self, number: int | slice) -> Model | list[Model]:
        numbers = range(len(self))[number]
        if isinstance(numbers, range):
            return [self._of.complete(n) for n in numbers]
        return self._of.complete(numbers)

    def __repr__(self) -> str:
        return f"<{len(self)} members>"


def another(optimizer: optim.Optimizer) -> optim.Optimizer:
    """An optimizer like this one, before its first step."""
    config = optimizer.get_config()
    if isinstance(optimizer, optim.LossScaleOptimizer):
        config["inner_optimizer"] = another(optimizer.inner_optimizer)
        return optim.LossScaleOptimizer(**config)
    return type(optimizer).from_config(config)


def _takes_number(make_model: Callable[..., Model]) -> bool:
    """Whether a function takes the number of the member."""
    try:
        inspect.signature(make_model).bind()
    except TypeError:
        return True
    except ValueError:
        return False
    return False


def _rule(optimizer: optim.Optimizer) -> tuple[Any, ...]:
    """What must be the same for the optimizers of all members."""
    config = optimizer.get_config()
    if isinstance(config.get("learning_rate"), float):
        del config["learning_rate"]
    return type(optimizer), config
