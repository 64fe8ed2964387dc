"""Members' tensors in one block of memory, and members' random states.

One step serves all members: it is run on the arrays of one member after the other. So that a
member's arrays lie together, and where they lie is known without looking at each, they are put into
one block, a line for each member. The members' own tensors are views of it, so a member is an
ordinary model at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import random
from ...base.aligned import CACHE_LINE, address, aligned_bytes
from ...errors import ArgumentError, StateError
from ...graph.members import MembersArrays
from ...graph.node import Node
from ...tensors.mode import no_trace
from ...tensors.tensor import Tensor
from ...typing import Array
from ..models.saving import optimizer_tensors

if TYPE_CHECKING:
    from ...tracing.trace import Traced
    from ..models.model import Model
    from .sums import MembersSums


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

    def keys(self) -> Array:
        """The 64-bit key of each member's order of rows: one draw, as `Generator.host_key`."""
        seeds, draws = self.numbers.astype(np.uint64).T
        self.numbers[:, 1] += np.uint32(1)
        keys: Array = seeds | draws << np.uint64(32)
        return keys


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
    """The tensors of all members, by name, in one block; the first member's say which they are."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._tensors: list[list[Tensor]] = []  # of each member, in one order
        names: list[str] = []
        for member, model in enumerate(models):
            named = tensors_of(model)
            if not member:
                names, specs = list(named), [t.spec for t in named.values()]
                self._number = {id(t): i for i, t in enumerate(named.values())}
            if list(named) != names or [t.spec for t in named.values()] != specs:
                _refuse(member, dict(zip(names, specs, strict=True)), named)
            self._tensors.append(list(named.values()))
        starts, end = [], 0
        for shape, dtype in specs:
            starts.append(end)
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            end += -(-max(size, 1) // CACHE_LINE) * CACHE_LINE
        self._specs, self._starts = (
            list(zip(starts, specs, strict=True)),
            np.array(starts, np.int64),
        )
        # NOTE: lines of a multiple of 4 KiB would fall on the same sets of the first cache.
        self._line = end + CACHE_LINE if end % 4096 == 0 else end
        self._views: list[list[Array]] = []
        self._arrays: dict[int, tuple[Traced, MembersArrays]] = {}

    def gather(self) -> None:
        """Put the tensors into the block, unless they are there: somebody may have moved one."""
        pairs = zip(chain(*self._tensors), chain(*self._views), strict=False)
        if self._views and all(t._data is view for t, view in pairs):
            return
        self._arrays.clear()
        self._views = []
        self._block = aligned_bytes(len(self._tensors) * self._line)
        for number, tensors in enumerate(self._tensors):
            line = self._block[number * self._line : (number + 1) * self._line]
            views = [_view(line, start, shape, dtype) for start, (shape, dtype) in self._specs]
            for t, view in zip(tensors, views, strict=True):
                view[...] = t._array()
                t._data = view
            self._views.append(views)

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
        of_each = [[of(m) for _, _, of in columns] for m in range(len(self._tensors))]
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


def _view(line: Array, start: int, shape: tuple[int, ...], dtype: Any) -> Array:
    """Numbers of a dtype in a line of bytes."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    view: Array = line[start : start + size].view(dtype).reshape(shape)
    return view


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
