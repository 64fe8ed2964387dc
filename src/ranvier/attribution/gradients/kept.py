"""What was compiled to look inside a network: kept with its model as long as it is valid."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ...base.config import switches
from ...nn.modes import training_mode
from ...tensors.mode import no_trace
from ...tracing.validity import Compiled, Variants
from ...train.models.model import Model

_MAX_KINDS = 16  # of rows, layers and outputs, for which one model keeps what was compiled

_C = TypeVar("_C", bound=Compiled)


def kept(network: object, kind: tuple[Hashable, ...], make: Callable[[], _C]) -> _C:
    """What `make` gives, or gave before for this kind if it still holds (tracing/validity.py).

    A function that is no model is traced at every call: what it reads from outside may change, and
    nobody would see it.
    """
    if not isinstance(network, Model):
        return make()
    if network._explained is None:
        network._explained = {}
    made: dict[Any, Variants[Any]] = network._explained
    key = (*kind, engine_of(network))
    variants = made.get(key)
    if variants is None:
        while len(made) >= _MAX_KINDS:
            made.pop(next(iter(made)), None)
        name = f"{network.name}: what explains it"
        variants = made.setdefault(key, Variants(name))
    with no_trace(), training_mode(False):  # as it was traced
        one: _C | None = variants.valid()
        return variants.add(make()) if one is None else one


def engine_of(network: object) -> str:
    """The name of the engine that a network runs on."""
    own = network.engine if isinstance(network, Model) else None
    return own or switches.engine
