"""Members' tensors in one array each, and members' random states.

A step of all members reads and changes one array for each tensor of a member, with the axis of
members in front. The members' own tensors are views of it, so a member is an ordinary model at any
time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ... import random
from ...base.aligned import aligned
from ...errors import ArgumentError, StateError
from ...tensors.mode import no_trace
from ...tensors.tensor import Tensor
from ...typing import Array
from ..models.saving import optimizer_tensors

if TYPE_CHECKING:
    from ..models.model import Model


class RandomStates:
    """Where each member is in its random numbers, (members, 2); `ranvier.seed` is not touched."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self.numbers = np.zeros((len(seeds), 2), np.uint32)
        for member, seed in enumerate(seeds):
            with self.of(member):
                random.generator.seed(seed)

    @contextmanager
    def of(self, member: int) -> Iterator[None]:
        """Random numbers drawn inside are those of a member."""
        state = random.generator.state
        before = state.numpy().copy()
        state.assign(self.numbers[member])
        try:
            yield
        finally:
            self.numbers[member] = state.numpy()
            state.assign(before)


def tensors_of(model: Model) -> dict[str, Tensor]:
    """Every tensor that training reads or changes: of the model, its optimizer and generators."""
    tensors = dict(model.named_tensors())
    if model.optimizer is not None:
        with no_trace():
            slots = optimizer_tensors(model)
        tensors |= {f"optimizer/{name}": t for name, t in slots.items()}
    for number, layer in enumerate(model.sublayers()):
        for name, value in vars(layer).items():
            if isinstance(value, random.Generator) and value is not random.generator:
                tensors[f"random/{number}.{name}"] = value.state
    return tensors


class Members:
    """The tensors of all members, by name; the first member's say which they are."""

    def __init__(self, models: Sequence[Model]) -> None:
        self.models = models
        self._named = [tensors_of(model) for model in models]
        self._names = {id(t): name for name, t in self._named[0].items()}
        self._stacks: dict[str, tuple[Array, list[Array]]] = {}  # and the members' views of it
        self._check()

    def _check(self) -> None:
        """All members have the tensors of the first one."""
        first = {name: t.spec for name, t in self._named[0].items()}
        for member, named in enumerate(self._named):
            specs = {name: t.spec for name, t in named.items()}
            if specs == first:
                continue
            different = sorted(first.items() ^ specs.items())[0][0]
            raise ArgumentError(
                f"ensemble: member {member} has {different} as {specs.get(different, 'nothing')}, "
                f"member 0 as {first.get(different, 'nothing')}; members are of one form. For "
                "layers of several widths give all the largest one, and mask the rest"
            )

    def name_of(self, t: Tensor) -> str | None:
        """The name of a tensor of the first member; None: it is none of its."""
        return self._names.get(id(t))

    def of(self, name: str) -> list[Tensor]:
        """The tensor of this name of every member."""
        return [named[name] for named in self._named]

    def alike(self, name: str) -> bool:
        """Whether all members have the same numbers in it."""
        first, *others = (t._array() for t in self.of(name))
        return all(np.array_equal(first, a, equal_nan=True) for a in others)

    def stacked(self, name: str) -> Array:
        """The numbers of all members in one array; the members' tensors are views of it."""
        tensors = self.of(name)
        known = self._stacks.get(name)
        if known is not None:
            stack, views = known
            if all(t._data is view for t, view in zip(tensors, views, strict=True)):
                return stack
        stack = aligned(np.stack([t._array() for t in tensors]))
        views = [stack[m : m + 1].reshape(t.shape) for m, t in enumerate(tensors)]
        self._stacks[name] = stack, views
        for t, view in zip(tensors, views, strict=True):
            t._data = view
        return stack

    def note_changes(self, names: Sequence[str]) -> None:
        """Note that the numbers of these have been replaced."""
        for name in names:
            for t in self.of(name):
                t._touch()


def check_seeds(members: int, seeds: Sequence[int] | None) -> list[int]:
    """A seed for each member; None: drawn from the generator that `ranvier.seed` sets."""
    if seeds is None:
        drawn = random.generator.host().integers(0, 1 << 32, members)
        return [int(seed) for seed in drawn]
    if len(seeds) != members:
        raise ArgumentError(
            f"ensemble: {len(seeds)} seeds for {members} members; give one for each"
        )
    return [int(seed) for seed in seeds]


def need_models(models: Sequence[object], kind: type) -> None:
    """StateError for what is no model."""
    for member, model in enumerate(models):
        if not isinstance(model, kind):
            raise StateError(
                f"ensemble: make_model gave a {type(model).__name__} for member {member}; expected "
                "a ranvier.Model that is not compiled, such as ranvier.Sequential([...])"
            )
