"""What is watched: objects whose attributes a trace may read; a change of one moves a mark."""

from __future__ import annotations

from typing import ClassVar

from ..base.changes import changes
from ..base.locks import ProcessLock
from ..base.missing import Spelled
from ..tensors.mode import state

# Held while other tensors stand in for a layer's own (nn/policy.py): nobody may look at those.
standing = ProcessLock()

NOTHING = object()  # stands for an attribute that is not there


class Watched(Spelled):
    """Base of what a trace reads attributes of: layers, losses, metrics, optimizers."""

    __slots__ = ()

    # Attributes that no graph depends on.
    _unwatched: ClassVar[frozenset[str]] = frozenset()

    def __setattr__(self, attribute: str, value: object) -> None:
        held = vars(self)
        before = held.get(attribute, NOTHING)
        object.__setattr__(self, attribute, value)
        # NOTE: a property keeps its value elsewhere, under a name that comes this way too.
        if held.get(attribute, NOTHING) is before or attribute in self._unwatched:
            return
        changes.last = object()
        if state.trace is not None:
            state.trace.attribute_set(self, attribute, before is NOTHING or before is None)

    def __delattr__(self, attribute: str) -> None:
        object.__delattr__(self, attribute)
        changes.last = object()


def entered(*things: Watched) -> None:
    """What is compiled now depends on these (and on what is in them)."""
    if state.trace is not None:
        for thing in things:
            state.trace.enter(thing)
