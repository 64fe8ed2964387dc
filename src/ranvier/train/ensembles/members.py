"""Members' tensors in one block of memory, and members' random states.

One step serves all members: it is run on the arrays of one member after the other. So that a
member's arrays lie together, and where they lie is known without looking at each, they are put into
one block, a line for each member. The members' own tensors are views of it, so a member is an
ordinary model at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ... import random
from ...base.aligned import CACHE_LINE, address, aligned_bytes
from ...errors import ArgumentError, StateError
from ...graph.member_arrays import MembersArrays
from ...graph.node import Node
from ...tensors.mode import no_trace
from ...tensors.tensor import Tensor
from ...typing import Array
from ..models.saving import optimizer_tensors

if TYPE_CHECKING:
    from ...tracing.trace import Traced
    from ..models.model import Model
    from .members_sums import MembersSums

_OPTIMIZER = "optimizer/"  # before the names of an optimizer's tensors


class RandomStates:
    """Where each member is in its random numbers, (members, 2); `ranvier.seed` is not touched."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self.numbers = np.zeros((len(seeds), 2), np.uint32)
        for member, seed in enumerate(seeds):
            if 0 <= seed < 1 << 32:
                self.numbers[member, 0] = seed
                continue
            with self.of(member):  # which hashes it
                random.generator.seed(seed)

    @contextmanager
    def of(self, member: int) -> Iterator[None]:
        """Random numbers drawn inside are those of a member."""
        state = random.generator.state._array()
        before = state.copy()
        state[...] = self.numbers[member]
        try:
            yield
        finally:
            state = random.generator.state._array()
            self.numbers[member] = state
            state[...] = before

    def keys(self) -> Array:
        """The 64-bit key of each member's order of rows: one draw, as `Generator.host_key`."""
        seeds, draws = self.numbers.astype(np.uint64).T
        self.numbers[:, 1] += np.uint32(1)
        keys: Array = seeds | draws << np.uint64(32)
        return keys


def tensors_of(model: Model) -> dict[str, Tensor]:
    """Every tensor of a model that training reads or changes: its own, and its generators'."""
    tensors = dict(model.named_tensors())
    for number, layer in enumerate(model.sublayers()):
        for name, value in vars(layer).items():
            if isinstance(value, random.Generator) and value is not random.generator:
                tensors[f"random/{number}.{name}"] = value.state
    return tensors


def optimizer_of(model: Model) -> dict[str, Tensor]:
    """Every tensor of a model's optimizer."""
    if model.optimizer is None:
        return {}
    with no_trace():
        slots = optimizer_tensors(model)
    return {f"{_OPTIMIZER}{name}": t for name, t in slots.items()}


class Members:
    """The tensors of all members, by name, in one block; the first member's say which they are.

    Members that are `waiting` have no optimizer yet; its numbers are in the block all the same, at
    first those of the first member's.
    """

    def __init__(self, models: Sequence[Model], waiting: Collection[int] = ()) -> None:
        first = {**tensors_of(models[0]), **optimizer_of(models[0])}
        self.names, specs = list(first), [t.spec for t in first.values()]
        self._number = {id(t): i for i, t in enumerate(first.values())}
        own = [name for name in self.names if not name.startswith(_OPTIMIZER)]
        later: list[Tensor | None] = [None] * (len(self.names) - len(own))
        self._tensors: list[list[Tensor | None]] = [list(first.values())]  # in one order
        for member, model in enumerate(models):
            if not member:
                continue
            named = tensors_of(model)
            if member not in waiting:
                named |= optimizer_of(model)
            count = len(own) if member in waiting else len(self.names)
            if (
                list(named) != self.names[:count]
                or [t.spec for t in named.values()] != specs[:count]
            ):
                known = dict(zip(self.names[:count], specs, strict=False))
                _refuse(member, known, named)
            self._tensors.append([*named.values(), *(later if member in waiting else ())])
        starts, end = [], 0
        for shape, dtype in specs:
            starts.append(end)
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            end += -(-max(size, 1) // CACHE_LINE) * CACHE_LINE
        self._specs = list(zip(starts, specs, strict=True))
        self._starts = np.array(starts, np.int64)
        # NOTE: lines of a multiple of 4 KiB would fall on the same sets of the first cache.
        self._line = end + CACHE_LINE if end % 4096 == 0 else end
        self._views: list[list[Array]] = []
        self._arrays: dict[int, tuple[Traced, MembersArrays]] = {}

    @property
    def gathered(self) -> bool:
        """Whether the block holds the tensors."""
        return bool(self._views)

    def gather(self) -> None:
        """Put the tensors into the block, unless they are there: somebody may have moved one."""
        pairs = zip(chain(*self._tensors), chain(*self._views), strict=False)
        if self._views and all(t is None or t._data is view for t, view in pairs):
            return
        self._arrays.clear()
        before, self._views = self._views, []
        first = [cast("Tensor", t)._array() for t in self._tensors[0]]
        count = len(self._tensors)
        self._block = aligned_bytes(count * self._line)
        lines = self._block[: count * self._line].reshape(count, self._line)
        columns = []
        for array, (start, (shape, dtype)) in zip(first, self._specs, strict=True):
            column = lines[:, start : start + array.nbytes].view(dtype).reshape(count, *shape)
            column[...] = array
            columns.append([column[m, ...] for m in range(count)])
        self._views = [list(views) for views in zip(*columns, strict=True)]
        for number, tensors in enumerate(self._tensors):
            for i, (t, view) in enumerate(zip(tensors, self._views[number], strict=True)):
                if t is not None:
                    if number:
                        view[...] = t._data
                    t._data = view
                elif before:
                    view[...] = before[number][i]

    def adopt(self, member: int, model: Model) -> None:
        """The optimizer of a member is there now: it takes the numbers of the block."""
        named = optimizer_of(model)
        tensors = self._tensors[member]
        own = len(self.names) - len(named)
        if self.names[own:] != list(named):
            _refuse(member, dict.fromkeys(self.names[own:]), named)
        for i, t in enumerate(named.values(), own):
            tensors[i] = t
            if self._views:
                t._data = self._views[member][i]

    def fill(self, name: str, members: Sequence[int], numbers: Array) -> None:
        """Other numbers in a tensor of these members."""
        column = self.names.index(name)
        for member in members:
            self._views[member][column][...] = numbers[member]

    def arrays(
        self, traced: Traced, states: RandomStates, sums: MembersSums | None
    ) -> MembersArrays:
        """The arrays of every member that a step of the first one reads or changes."""
        self.gather()
        known = self._arrays.get(id(traced))
        if known is not None and known[0] is traced:
            return known[1]
        updated = set(traced.graph.updates)
        inputs = traced.graph.inputs[len(traced.graph.inputs) - len(traced.captured) :]
        columns: list[tuple[int, int, Any]] = []  # first address, step, array of a member's number
        for t, node in zip(traced.captured, inputs, strict=True):
            column = self._column(t, states, {} if sums is None else sums.offsets, sums)
            if column is None:
                if node in updated:
                    raise _shared_change(node)
                array = t._array()
                column = (address(array), 0, _same(array))
            columns.append(column)
        starts = np.array([start for start, _, _ in columns], np.uint64)
        steps = np.array([step for _, step, _ in columns], np.uint64)
        numbers = np.arange(len(self._tensors), dtype=np.uint64)[:, np.newaxis]
        of_each = _Each([of for _, _, of in columns], len(self._tensors))
        made = MembersArrays(of_each, np.ascontiguousarray(starts + numbers * steps))
        self._arrays[id(traced)] = traced, made
        return made

    def _column(
        self, t: Any, states: RandomStates, offsets: Mapping[int, int], sums: MembersSums | None
    ) -> tuple[int, int, Any] | None:
        """Where a tensor of the step lies for member 0, the bytes to the next member, and the array
        of each; None for one that is no member's own."""
        if t is random.generator.state:
            numbers = states.numbers
            return address(numbers), numbers.strides[0], numbers.__getitem__
        if sums is not None and id(t) in offsets:
            flat, at = sums.flat, offsets[id(t)]
            size, shape = t.size, t.shape
            return (
                address(flat) + at * flat.itemsize,
                flat.strides[0],
                lambda m: flat[m, at : at + size].reshape(shape),
            )
        number = self._number.get(id(t))
        if number is None:
            return None
        start = address(self._block) + int(self._starts[number])
        views = self._views
        return start, self._line, lambda m: views[m][number]


class _Each(Sequence[list[Array]]):
    """The arrays of each member, made when they are asked for."""

    def __init__(self, of: Sequence[Callable[[int], Array]], count: int) -> None:
        self._of, self._count = of, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, member: Any) -> Any:
        if not -self._count <= member < self._count:
            raise IndexError(member)
        return [of(member) for of in self._of]


def _same(array: Array) -> Any:
    return lambda m: array


def _shared_change(t: Node) -> StateError:
    return StateError(
        f"ensemble: training changes a tensor ({t.name or t.spec}) that is no member's own, so "
        "each would change it; make it an attribute of a layer"
    )


def _refuse(member: int, first: Mapping[str, Any], named: Mapping[str, Tensor]) -> None:
    """ArgumentError for a member of another form."""
    specs = {name: t.spec for name, t in named.items()}
    different = next(
        name for name in (*first, *specs) if first.get(name) != specs.get(name)
    ) if first != specs else next(iter(first))  # fmt: skip
    raise ArgumentError(
        f"ensemble: member {member} has {different} as {specs.get(different, 'nothing')}, member 0 "
        f"as {first.get(different, 'nothing')}; members are of one form. For layers of several "
        "widths give all the largest one, and mask the rest"
    )


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
