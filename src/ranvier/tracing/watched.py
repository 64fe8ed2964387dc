"""What is watched: objects whose attributes a trace may read; a change of one moves a mark."""

from __future__ import annotations

import functools
import sys
from types import FrameType
from typing import Any, ClassVar, Self

import numpy as np

from ..base.changes import changes
from ..base.locks import ProcessLock
from ..base.missing import PACKAGE, Spelled, constructor_arguments, is_ours
from ..base.spelling import slip_of
from ..errors import ArgumentError, MissingNameError, warn
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
        if before is NOTHING and attribute[0] != "_":
            _look_for_slip(self, attribute)
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


def _look_for_slip(thing: Watched, attribute: str) -> None:
    """A word for `layer.trainble = False`: a new attribute, set from outside, almost named as one
    that means something.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_name == "__setattr__":
        frame = frame.f_back
    kind: Any = type(thing)
    if frame is None or _inside(frame, thing) or attribute in dir(kind):
        return
    known = settable(kind)
    meant = slip_of(attribute, known | vars(thing).keys() if is_ours(kind) else known)
    if meant is not None:
        warn(
            f"{kind.__name__} had no attribute {attribute!r} until now; did you mean {meant!r}, "
            "which was not set? An attribute of your own had better get another name"
        )


def _inside(frame: FrameType, thing: object) -> bool:
    """Whether code of Ranvier, or of a method of the object itself, is at work."""
    code = frame.f_code
    if str(frame.f_globals.get("__name__", "")).partition(".")[0] == PACKAGE:
        return True
    return bool(code.co_argcount) and frame.f_locals.get(code.co_varnames[0]) is thing


@functools.lru_cache(maxsize=256)
def settable(kind: Any) -> frozenset[str]:
    """The public attributes of a class and its bases of ours that may be set."""
    names: set[str] = set()
    for owner in kind.__mro__:
        if owner is object or not is_ours(owner):
            continue
        names.update(constructor_arguments(owner) or ())
        for name, value in vars(owner).items():
            if isinstance(value, property):
                if value.fset is not None:
                    names.add(name)
            elif not callable(value) and not isinstance(value, classmethod | staticmethod):
                names.add(name)
    return frozenset(name for name in names if name[0] != "_" and not _follows(kind, name))


def _follows(kind: type, name: str) -> bool:
    """Whether it is a property without a setter."""
    member = next((vars(k)[name] for k in kind.__mro__ if name in vars(k)), None)
    return isinstance(member, property) and member.fset is None


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
