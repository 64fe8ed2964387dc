"""What is watched: objects whose attributes a trace may read; a change of one moves a mark."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from ..base.changes import changes
from ..base.locks import ProcessLock
from ..base.missing import Spelled, is_ours
from ..errors import ArgumentError, MissingNameError
from ..graph.node import Value
from ..tensors.mode import state

# Held while other tensors stand in for a layer's own (nn/policy.py): nobody may look at those.
standing = ProcessLock()

_DATA = (np.ndarray, Value)

NOTHING = object()  # stands for an attribute that is not there


class Watched(Spelled):
    """Base of what a trace reads attributes of: layers, losses, metrics, optimizers."""

    __slots__ = ()

    # Attributes that no graph depends on.
    _unwatched: ClassVar[frozenset[str]] = frozenset()

    # How an object of the class is called, where that is what it is made for: "x".
    _called_with: ClassVar[str] = ""

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        if args and cls._called_with and isinstance(args[0], _DATA) and is_ours(cls):
            kind, inputs = cls.__name__, cls._called_with
            raise ArgumentError(
                f"{kind}({inputs}) makes a {kind}, it does not call one: write "
                f"{kind}()({inputs}), with arguments of its own, if any, between the first brackets"
            )
        return super().__new__(cls, *args, **kwargs)

    def __setattr__(self, attribute: str, value: object) -> None:
        held = vars(self)
        before = held.get(attribute, NOTHING)
        try:
            object.__setattr__(self, attribute, value)
        except AttributeError:
            known = [vars(k)[attribute] for k in type(self).__mro__ if attribute in vars(k)]
            if known and isinstance(known[0], property) and known[0].fset is None:
                raise _read_only(self, attribute) from None
            raise
        # NOTE: a property keeps its value elsewhere, under a name that comes this way too.
        if held.get(attribute, NOTHING) is before or attribute in self._unwatched:
            return
        changes.last = object()
        if state.trace is not None:
            state.trace.attribute_set(self, attribute, before is NOTHING or before is None)

    def __delattr__(self, attribute: str) -> None:
        object.__delattr__(self, attribute)
        changes.last = object()


def _read_only(thing: object, attribute: str) -> Exception:
    kind = type(thing).__name__
    return MissingNameError(
        f"{kind}.{attribute} cannot be set: it follows from other attributes. Set those, or make "
        f"a new {kind} with the arguments that give it"
    )


def entered(*things: Watched) -> None:
    """What is compiled now depends on these (and on what is in them)."""
    if state.trace is not None:
        for thing in things:
            state.trace.enter(thing)
