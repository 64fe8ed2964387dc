"""Validity: whether what was compiled is still what tracing it again would give.

A trace runs Python once, so whatever Python reads on the way becomes part of the graph: the rate of
a Dropout, the list of a model's layers, a number that a user's layer keeps in a dict. The numbers
inside tensors do not: the graph reads them where they are. A `Validity` remembers the former, for
one trace, and says at each call whether it is still so:

    guards      questions that the trace asked, with their answers (is there a gradient?)
    watched     the attributes of layers, losses, metrics, optimizers, regularizers and schedules
    plain       the attributes of objects of the user's own classes in them, or given as arguments;
                lists, tuples, dicts and sets in all of these, and small arrays

What is watched was `entered` while tracing, or is an attribute of that, and so on. Attributes of
watched objects move one mark of the process (`changes.last`), so most calls look at nothing but the
mark and at lists, dicts and plain objects, which move none. After that things are compared by
identity, then numbers, texts and tuples by type and value.

Not looked at are:

    what a forward itself sets  a counter, the last output (what it makes once for all is looked at)
    modules, classes, functions; what a function reads from its module or its closure
    large arrays, and objects of Python's library and of other arrays' kind: which one it is, but
                                not what it holds
"""

from __future__ import annotations

import enum
import sys
import types
from argparse import Namespace
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from operator import is_
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from ..base.changes import changes
from ..base.locks import ProcessLock
from ..base.missing import PACKAGE, Spelled
from ..errors import warn
from ..tensors.mode import state
from ..tensors.tensor import Tensor

MAX_PLAIN_OBJECTS = 1000  # objects of a user's classes that one trace looks at
MAX_ARRAY_BYTES = 4096  # of the arrays whose numbers are compared at each call
MAX_VARIANTS = 8  # of what was compiled for the same kind of arguments
_PATIENCE = 100  # looks at what other threads change meanwhile

_NOTHING = object()  # stands for an attribute that is not there
_END = object()  # stands behind all values, so that one more is seen too
_AGAIN = object()  # stands before the number of a container that was met before

# Held while other tensors stand in for a layer's own (nn/policy.py): nobody may look at those.
standing = ProcessLock()

Guard = tuple[Callable[[], Any], Any]
_Attribute = tuple[int, str]  # the id of an object, and the name


class Watched(Spelled):
    """Base of what a trace reads attributes of: layers, losses, metrics, optimizers."""

    __slots__ = ()

    # Attributes that no graph depends on, and those of which only the object itself matters.
    _unwatched: ClassVar[frozenset[str]] = frozenset()
    _unfollowed: ClassVar[frozenset[str]] = frozenset()

    def __setattr__(self, attribute: str, value: Any) -> None:
        held = vars(self)
        before = held.get(attribute, _NOTHING)
        object.__setattr__(self, attribute, value)
        # NOTE: a property keeps its value elsewhere, under a name that comes this way too.
        if held.get(attribute, _NOTHING) is before or attribute in self._unwatched:
            return
        changes.last = object()
        if state.trace is not None:
            state.trace.attribute_set(self, attribute, before is _NOTHING or before is None)

    def __delattr__(self, attribute: str) -> None:
        object.__delattr__(self, attribute)
        changes.last = object()


def entered(*things: Any) -> None:
    """What is compiled now depends on these (and on what is in them)."""
    if state.trace is not None:
        for thing in things:
            state.trace.enter(thing)


class Reads:
    """What a trace has read of the outside: what it entered, and what it set itself."""

    def __init__(self, arguments: Iterable[Any] = ()) -> None:
        self._arguments = list(arguments)
        self._entered: dict[int, Any] = {}
        self._set: set[_Attribute] = set()
        self._made: set[_Attribute] = set()  # not there before, or None: perhaps once for all
        self._before: list[tuple[Any, dict[str, Any]]] = []  # attributes as they were when entered
        self._contents: list[tuple[Any, list[Any]]] = []  # and what their lists and dicts held

    def enter(self, thing: Any) -> None:
        """The graph depends on this thing."""
        if id(thing) not in self._entered:
            self._entered[id(thing)] = thing
            held = dict(vars(thing))
            self._before.append((thing, held))
            self._contents += [(v, _contents(v)) for v in held.values() if _is_container(v)]

    def attribute_set(self, thing: Any, attribute: str, made: bool) -> None:
        """The function that is traced set an attribute; `made`: there was none, or None."""
        (self._made if made else self._set).add((id(thing), attribute))

    @property
    def things(self) -> list[Any]:
        """What the graph depends on."""
        return [*self._arguments, *self._entered.values()]

    def own_attributes(self) -> set[_Attribute]:
        """The attributes that the function sets at every call."""
        return self._set

    def own_contents(self) -> set[int]:
        """The ids of lists and dicts whose contents the function changes.

        Those that were empty may have been filled once for all.
        """
        return {
            id(value)
            for value, before in self._contents
            if before and not _same_objects(_contents(value), before)
        }

    def were_disturbed(self) -> bool:
        """Whether another thread has set an attribute meanwhile: who knows which value was read."""
        return any(
            value is not vars(thing).get(name, _NOTHING)
            for thing, before in self._before
            for name, value in before.items()
            if name not in thing._unwatched
            and (id(thing), name) not in self._set
            and (id(thing), name) not in self._made
        )


class Validity:
    """Whether one trace still holds."""

    def __init__(
        self, things: Iterable[Any] = (), guards: Sequence[Guard] = (), reads: Reads | None = None
    ) -> None:
        self.guards = list(guards)
        self._things = list(things)
        self._own = (
            (set(), set()) if reads is None else (reads.own_attributes(), reads.own_contents())
        )
        if reads is not None and reads.were_disturbed():
            self.guards.append((lambda: False, True))
        self.seen = self._look()

    def _look(self) -> _Snapshot:
        with standing:
            for _ in range(_PATIENCE):
                try:
                    return _Snapshot(self._things, *self._own)
                except RuntimeError:  # another thread added an attribute just now
                    continue
            return _Snapshot(self._things, *self._own)

    def holds(self) -> bool:
        """Whether everything is what it was."""
        if self.guards and not all(question() == answer for question, answer in self.guards):
            return False
        seen = self.seen
        if seen.mark is changes.last and not seen.loose and seen.lists == seen.lists_then:
            return True
        return self._compared(seen)

    def _compared(self, seen: _Snapshot) -> bool:
        mark = changes.last
        try:
            if seen.is_untouched():
                seen.mark = mark
                return True
        except RuntimeError:  # another thread added an attribute just now
            pass
        now = self._look()
        if not seen.equals(now):
            return False
        self.seen = now
        return True

    def difference(self) -> str:
        """What has changed, in words."""
        if any(question() != answer for question, answer in self.guards):
            return "what it asked while it was traced"
        return self.seen.difference()


class Compiled(Protocol):
    """What was traced and built."""

    @property
    def validity(self) -> Validity:
        """Whether it still holds."""


_C = TypeVar("_C", bound=Compiled)


class Variants(Generic[_C]):
    """What was compiled for one kind of arguments: that used last, and a few before it, so that an
    attribute that goes to and fro (a network frozen at every other step) compiles nothing again.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.made: list[_C] = []
        self._said: set[str] = set()

    def valid(self) -> _C | None:
        """The one that holds now."""
        made = self.made
        if made and made[0].validity.holds():
            return made[0]
        for i, one in enumerate(made[1:], 1):
            if one.validity.holds():
                self.made = [one, *made[:i], *made[i + 1 :]]
                return one
        return None

    def add(self, one: _C) -> _C:
        """Keep this one too."""
        if len(self.made) >= MAX_VARIANTS:
            warn(
                f"{self._what} has been compiled more than {MAX_VARIANTS} times for the same kind "
                f"of rows, since {self.made[0].validity.difference()} changes from call to call. "
                "Put a number that changes into a tensor, which compiled code reads at each call: "
                "self.by = ranvier.tensor(1.0), then self.by.assign(2.0)",
                self._said,
                "variants",
            )
        self.made = [one, *self.made[: MAX_VARIANTS - 1]]
        return one


class _Snapshot:
    """What is in some things at one time.

    `tokens` say it in order: equal ones, by identity or as plain values, make equal snapshots. All
    else serves to see quickly that nothing was touched.
    """

    def __init__(
        self, things: Iterable[Any], own_attributes: set[_Attribute], own_contents: set[int]
    ) -> None:
        self.mark: object = changes.last
        self.flags = changes.flags
        self.tokens: list[Any] = []
        self.watched: list[dict[str, Any]] = []
        self.lists: list[Any] = []  # whose `==` tells all there is to tell
        self._mixed: list[Iterable[Any]] = []  # of which each element is looked at
        self._arrays: list[np.ndarray[Any, Any]] = []
        self._met: dict[int, int] = {}
        self._own_attributes, self._own_contents = own_attributes, own_contents
        self._objects = 0
        self._fill(things)
        self.lists_then = [copy(c) for c in self.lists]
        self._mixed_then = [*chain.from_iterable(self._mixed), _END]
        self._arrays_then = [a.tobytes() for a in self._arrays]
        self._sizes = list(map(len, self.watched))
        self._names: list[Any] = [*chain.from_iterable(self.watched), _END]
        self._values = [*chain.from_iterable(map(_values, self.watched)), _END]
        self.loose = bool(self._mixed or self._arrays)

    # -- comparing --------------------------------------------------------------------------------

    def is_untouched(self) -> bool:
        """Whether all is the same by identity."""
        return (
            self.flags == changes.flags
            and self.lists == self.lists_then
            and _all_same(self._mixed, self._mixed_then)
            and [a.tobytes() for a in self._arrays] == self._arrays_then
            and list(map(len, self.watched)) == self._sizes
            and _all_same(self.watched, self._names)
            and _all_same(map(_values, self.watched), self._values)
        )

    def equals(self, other: _Snapshot) -> bool:
        """Whether the same is in both."""
        return len(self.tokens) == len(other.tokens) and all(map(_same, self.tokens, other.tokens))

    def difference(self) -> str:
        """The first watched attribute that is another now."""
        names, values = iter(self._names), iter(self._values)
        for held, size in zip(self.watched, self._sizes, strict=True):
            owner = held.get("name", "an object")
            for _ in range(size):
                name, value = next(names), next(values)
                if not _same(held.get(name, _NOTHING), value):
                    return f"{owner}.{name}"
        return "a list, a dict or a plain object"

    # -- looking ----------------------------------------------------------------------------------

    def _fill(self, things: Iterable[Any]) -> None:
        stack = [*things][::-1]
        while stack:
            value = stack.pop()
            inside = self._token(value)
            if inside is not None:
                stack += [*inside][::-1]

    def _token(self, value: Any) -> Iterable[Any] | None:
        """Add a token for the value itself; what is in it comes next."""
        add = self.tokens.append
        if type(value) in _QUICK:
            add(value)
            return None
        if isinstance(value, Tensor):
            self.tokens += (value, value._requires_grad, value.op is None)
            return None
        if isinstance(value, Watched):
            add(value)
            return self._watched_in(value) if self._is_new(value) else None
        if isinstance(value, tuple):
            self.tokens += (type(value), len(value))
            return value
        if isinstance(value, np.ndarray):
            add(value)
            if (
                value.nbytes <= MAX_ARRAY_BYTES
                and self._is_new(value)
                and not value.dtype.hasobject
            ):
                self._arrays.append(value)
                add(value.tobytes())
            return None
        if _is_container(value):
            if not self._is_new(value):
                self.tokens += (_AGAIN, self._met[id(value)])
                return None
            return self._container_in(value)
        if isinstance(value, types.MethodType):
            self.tokens += (types.MethodType, value.__func__)
            return (value.__self__,)
        add(value)
        if _is_open(value) and self._is_new(value) and self._objects < MAX_PLAIN_OBJECTS:
            self._objects += 1
            return self._object_in(value)
        return None

    def _is_new(self, value: Any) -> bool:
        if id(value) in self._met:
            return False
        self._met[id(value)] = len(self._met)
        return True

    def _watched_in(self, value: Watched) -> Iterable[Any]:
        held = vars(value)
        self.watched.append(held)
        inside = []
        for name, part in list(held.items()):
            if name in value._unwatched or (id(value), name) in self._own_attributes:
                continue
            self.tokens.append(name)
            if name in value._unfollowed:
                self.tokens.append(part)
            else:
                inside.append(part)
        return inside

    def _container_in(self, value: Any) -> Iterable[Any]:
        if id(value) in self._own_contents:
            self.tokens.append(type(value))
            return ()
        parts = list(_parts(value))
        self.tokens += (type(value), len(parts))
        if _is_exact(value, parts):
            self.lists.append(value)
        else:
            self._mixed.append(value)
            if isinstance(value, dict):
                self._mixed.append(value.values())
        return parts

    def _object_in(self, value: Any) -> Iterable[Any]:
        inside: list[Any] = []
        held = getattr(value, "__dict__", None)
        if held is not None:
            self._mixed += (held, held.values())
            self.tokens += list(held)
            inside += held.values()
        slots = _Slots(value)
        if slots.names:
            self._mixed.append(slots)
            inside += slots
        return inside


class _Slots:
    """The attributes of an object that are no part of its `__dict__`."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self.names = [
            name
            for kind in type(value).__mro__
            for name in _names_of(vars(kind).get("__slots__", ()))
            if name not in ("__dict__", "__weakref__")
        ]

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self._value, name, _NOTHING) for name in self.names)


def _names_of(slots: Any) -> Iterable[str]:
    return (slots,) if isinstance(slots, str) else slots


def _is_container(value: Any) -> bool:
    return isinstance(value, list | dict | set | deque)


def _contents(container: Any) -> list[Any]:
    """All that is in it and in the containers in it."""
    found: list[Any] = []
    stack, met = [container], {id(container)}
    while stack:
        for part in _parts(stack.pop()):
            found.append(part)
            if (_is_container(part) or isinstance(part, tuple)) and id(part) not in met:
                met.add(id(part))
                stack.append(part)
    return found


def _values(container: Mapping[Any, Any]) -> Iterable[Any]:
    return container.values()


def _parts(container: Any) -> Iterable[Any]:
    """All that is in it: of a dict the keys and the values."""
    return chain(container, container.values()) if isinstance(container, dict) else container


def _is_exact(container: Any, parts: Sequence[Any]) -> bool:
    """Whether `==` of it and a copy says that nothing has changed: no numbers, since 1 == 1.0 ==
    True, and no dict that could be put in another order.
    """
    if type(container) is dict:
        return not parts
    return type(container) is list and all(
        v is None or type(v) is str or (isinstance(v, Watched) and type(v).__eq__ is object.__eq__)
        for v in parts
    )


def _is_open(value: Any) -> bool:
    """Whether it is an object of a class that a user may have written to keep attributes in."""
    kind = type(value)
    if kind in (types.SimpleNamespace, Namespace):
        return True
    home = kind.__module__.partition(".")[0]
    return not (
        home in (PACKAGE, "numpy")
        or home in sys.stdlib_module_names
        or isinstance(value, type | types.ModuleType | enum.Enum)
        or hasattr(kind, "__array__")
    )


_QUICK = {bool, int, float, str, type(None), types.FunctionType}
_PLAIN = (bool, int, float, complex, str, bytes, type(None), range, np.generic, np.dtype)


def _same(a: Any, b: Any) -> bool:
    """Whether these are the same object, or plain values of one type that are equal."""
    if a is b:
        return True
    if type(a) is not type(b) or not isinstance(a, _PLAIN):
        return False
    # 0.0 == -0.0, but 1 / 0.0 is not 1 / -0.0.
    return bool(a == b) and (bool(a) or repr(a) == repr(b))


def _same_objects(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(map(is_, a, b))


def _all_same(now: Iterable[Iterable[Any]], then: Sequence[Any]) -> bool:
    """Whether these have the same objects in them as before."""
    return all(map(is_, chain(chain.from_iterable(now), (_END,)), then))
