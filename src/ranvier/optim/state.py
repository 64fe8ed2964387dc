"""What an optimizer remembers, and by which names a file knows it.

    slots      of each parameter: `0.kernel.m`, `0.kernel.v`
    scalars    of all parameters together: `mu_product`
    others     `iterations`, `learning_rate`, `groups.0.learning_rate`

Slots come after the path of their parameter in the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias, cast

import numpy as np

from .. import dtypes
from ..base.aligned import aligned
from ..base.missing import saved_arguments
from ..nn.configuration import configuration
from ..tensors.mode import no_trace
from ..tensors.tensor import Tensor
from ..typing import Array, DType
from .arguments import precision_of

if TYPE_CHECKING:
    from .groups import Group, Selection
    from .rates import Rate
    from .wrappers.wrapper import Wrapper

Slots: TypeAlias = dict[str, Tensor]
FirstValue: TypeAlias = "float | Array"


class Memory:
    """The slots of each parameter."""

    def __init__(self) -> None:
        self._slots: dict[int, tuple[Tensor, Slots]] = {}

    def get(self, p: Tensor) -> Slots | None:
        """The slots of p, if it has any."""
        held = self._slots.get(id(p))
        return None if held is None else held[1]

    def add(self, p: Tensor, first: Mapping[str, FirstValue]) -> Slots:
        """More slots for p, with these first values; float32 where p is float16."""
        slots = self._slots.setdefault(id(p), (p, {}))[1]
        dtype = slot_dtype(p)
        for slot, value in first.items():
            name = f"{p.name}.{slot}" if p.name else slot
            values = aligned(np.full(p.shape, value, dtype))
            slots[slot] = Tensor(values, name=name, copy=False)
        return slots

    def __iter__(self) -> Iterator[tuple[Tensor, Slots]]:
        return iter(self._slots.values())

    def __len__(self) -> int:
        return len(self._slots)

    def __getstate__(self) -> dict[str, list[tuple[Tensor, Slots]]]:
        # Tensors have other ids in a copy.
        return {"slots": list(self)}

    def __setstate__(self, state: dict[str, list[tuple[Tensor, Slots]]]) -> None:
        self._slots = {id(p): (p, slots) for p, slots in state["slots"]}


class Scalars:
    """Numbers that all parameters of a rule share and that change at each step."""

    def __init__(self) -> None:
        self.held: Slots = {}

    def get(self, first: Mapping[str, float], precision: DType) -> Slots:
        """The numbers in this precision, made at the first call."""
        for name, value in first.items():
            now = self.held.get(name)
            if now is None or now.dtype != precision:
                number = value if now is None else now._array()
                self.held[name] = Tensor(number, precision, name=name)
        return self.held


def slot_dtype(p: Tensor) -> DType:
    """In which the slots of p are kept and its step is computed."""
    return dtypes.float32 if p.dtype == dtypes.float16 else p.dtype


class Remembering:
    """The part of an optimizer that holds its state and knows it by name."""

    iterations: Tensor
    precision: DType
    memory: Memory
    rate_in_use: Rate
    scalar_values: ClassVar[Mapping[str, float]]
    _scalars: Scalars
    _undecayed: Selection

    if TYPE_CHECKING:  # of the other parts

        @property
        def groups(self) -> list[Group]: ...
        def first_values(self) -> Mapping[str, float]: ...
        def group_of(self, p: Tensor) -> Group | None: ...
        def chain(self) -> list[Wrapper]: ...
        def wrapper_options(self) -> tuple[str, ...]: ...

    def widen(self, parameters: Iterable[Tensor]) -> None:
        """Compute in float64 from now on if one of the parameters is float64."""
        parameters = list(parameters)
        if self.precision == dtypes.float64 or precision_of(parameters) != dtypes.float64:
            return
        with no_trace():  # once for all, not by the step that is traced
            self.precision = dtypes.float64
            for group in self.groups:
                group.rule.widen(parameters)
            self.rate_in_use.widen()

    def slots(self, p: Tensor) -> Slots:
        """What is remembered for the parameter `p`, made at the first call."""
        slots = self.memory.get(p)
        if slots is None:
            self.complete([p])
            slots = self.memory.add(p, {})
        return slots

    def complete(self, parameters: Iterable[Tensor]) -> None:
        """The slots that options ask for which were set after the first step."""
        chain = self.chain()
        of_chain = {wrapper.slot for wrapper in chain if wrapper.slot}
        wanted: dict[Group | None, set[str]] = {}
        for p in parameters:
            group = self.group_of(p)
            rule = self if group is None else group.rule
            if group not in wanted:
                wanted[group] = of_chain | rule.first_values().keys()
            slots = self.memory.get(p)
            if slots is None:
                self.widen([p])
                slots = self.memory.add(p, {})
            if not wanted[group] <= slots.keys():
                first: dict[str, FirstValue] = {**rule.first_values()}
                for wrapper in chain:
                    first |= wrapper.first_values(p)
                self.memory.add(p, {slot: x for slot, x in first.items() if slot not in slots})

    def scalars(self) -> Slots:
        """State of the rule that belongs to no single parameter."""
        return self._scalars.get(self.scalar_values, self.precision)

    def all_scalars(self) -> Slots:
        """`scalars` of the rule and of the groups' rules."""
        scalars = dict(self.scalars())
        for i, group in enumerate(self.groups):
            scalars |= {f"groups.{i}.{name}": t for name, t in group.rule.scalars().items()}
        return scalars

    def named_tensors(self, parameters: Mapping[str, Tensor] | Sequence[Tensor]) -> Slots:
        """All state by name, slots under the names (or positions) of `parameters`."""
        if not isinstance(parameters, Mapping):
            parameters = {str(i): p for i, p in enumerate(parameters)}
        self.widen(parameters.values())
        tensors: Slots = {"iterations": self.iterations, **self.all_scalars()}
        if isinstance(self.rate_in_use.value, Tensor):
            tensors["learning_rate"] = self.rate_in_use.value
        for i, group in enumerate(self.groups):
            if group.has_own_rate and isinstance(group.learning_rate, Tensor):
                tensors[f"groups.{i}.learning_rate"] = group.learning_rate
        self.complete(parameters.values())
        for path, p in parameters.items():
            tensors |= {f"{path}.{slot}": t for slot, t in self.slots(p).items()}
        return tensors

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as JSON-able data, without the parameters."""
        skipped = ("parameters", "lr", "learning_rate", "groups", *self.wrapper_options())
        config = configuration(self, skipped)
        config["learning_rate"] = self.rate_in_use.get_config()
        if self.groups:
            config["groups"] = [group.get_config() for group in self.groups]
        if patterns := self._undecayed.names():
            config["undecayed"] = patterns
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """A new optimizer from what `get_config` gave; its state is that before the first step."""
        arguments = dict(config)
        undecayed = arguments.pop("undecayed", None)
        if "groups" in arguments:
            arguments["groups"] = [saved_arguments(cls, g) for g in arguments["groups"]]
        optimizer: Any = cls(**arguments)
        if undecayed:
            optimizer.exclude_from_weight_decay(var_names=undecayed)
        return cast("Self", optimizer)
