"""What is in layers and other things at one time, to be compared with what is in them later."""

from __future__ import annotations

import enum
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from operator import is_
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from ..base.changes import changes
from ..base.missing import PACKAGE
from ..tensors.tensor import Tensor
from ..typing import Array
from .watched import NOTHING, Watched

MAX_PLAIN_OBJECTS = 10_000  # objects of a user's classes that one trace looks at
MIN_LARGE = 1000  # elements of a container that is compared with a copy of it, in one go
MAX_ARRAY_BYTES = 1 << 16  # of the arrays whose numbers are compared at each call

Container: TypeAlias = list[Any] | dict[Any, Any] | set[Any] | deque[Any]
Attribute = tuple[int, str]  # the id of an object, and the name

_END = object()  # stands behind all values, so that one more is seen too
_GAP = (object(),)  # stands between two containers, so that nothing moves from one to the other
_AGAIN = object()  # stands before the number of a container that was met before


class Snapshot:
    """What is in some things at one time.

    `tokens` say it in order: equal ones, by identity or as plain values, make equal snapshots. All
    else serves to see quickly that nothing was touched.
    """

    def __init__(
        self, things: Iterable[Any], own_attributes: set[Attribute], own_contents: set[int]
    ) -> None:
        self.mark: object = changes.last
        self.flags = changes.flags
        self.tokens: list[Any] = []
        self.watched: list[dict[str, Any]] = []
        self.lists: list[Any] = []  # whose `==` tells all there is to tell
        self._mixed: list[Iterable[Any]] = []  # of which each element is looked at
        self._large: list[Iterable[Any]] = []  # of many plain values
        self.skipped = ""  # the class of an object that was one too many
        self._arrays: list[np.ndarray[Any, Any]] = []
        self._met: dict[int, int] = {}
        self._own_attributes, self._own_contents = own_attributes, own_contents
        self._objects = 0
        self._fill(things)
        self.lists_then = [copy(c) for c in self.lists]
        self._large_then = [list(c) for c in self._large]
        self._mixed_then = [*chain.from_iterable(self._mixed), _END]
        self._arrays_then = [a.tobytes() for a in self._arrays]
        self._sizes = list(map(len, self.watched))
        self._names: list[Any] = [*chain.from_iterable(self.watched), _END]
        self._values = [*chain.from_iterable(map(_values, self.watched)), _END]
        self.holds_always = not self.tokens
        self.loose = bool(self._mixed or self._large or self._arrays)

    # -- comparing --------------------------------------------------------------------------------

    def is_untouched(self) -> bool:
        """Whether all is the same by identity."""
        return (
            self.flags == changes.flags
            and self.same_lists()
            and (not self.loose or self.same_parts())
            and list(map(len, self.watched)) == self._sizes
            and _all_same(self.watched, self._names)
            and _all_same(map(_values, self.watched), self._values)
        )

    def same_lists(self) -> bool:
        """Whether `lists` hold what they held."""
        try:
            return self.lists == self.lists_then
        except Exception:  # something is in them now whose `==` gives no bool, such as an array
            return False

    def same_parts(self) -> bool:
        """Whether the same objects are in what only a look at each of them tells apart."""
        return (
            _all_same(self._mixed, self._mixed_then)
            and (not self._arrays or [a.tobytes() for a in self._arrays] == self._arrays_then)
            and (not self._large or self._same_large())
        )

    def _same_large(self) -> bool:
        # Lists compare their elements by identity first, several times as fast as Python does.
        try:
            return [list(c) for c in self._large] == self._large_then
        except Exception:  # as in `same_lists`
            return False

    def equals(self, other: Snapshot) -> bool:
        """Whether the same is in both."""
        return len(self.tokens) == len(other.tokens) and all(map(_same, self.tokens, other.tokens))

    def difference(self) -> str:
        """The first watched attribute that is another now."""
        names, values = iter(self._names), iter(self._values)
        for held, size in zip(self.watched, self._sizes, strict=True):
            owner = held.get("name", "an object")
            for _ in range(size):
                name, value = next(names), next(values)
                if not _same(held.get(name, NOTHING), value):
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

    def _token(self, value: object) -> Iterable[Any] | None:
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
            if is_small(value) and self._is_new(value):
                self._arrays.append(value)
                add(value.tobytes())
            return None
        if is_container(value):
            if not self._is_new(value):
                self.tokens += (_AGAIN, self._met[id(value)])
                return None
            return self._container_in(value)
        if isinstance(value, types.MethodType):
            self.tokens += (types.MethodType, value.__func__)
            return (value.__self__,)
        add(value)
        if _is_open(value) and self._is_new(value):
            if self._objects < MAX_PLAIN_OBJECTS:
                self._objects += 1
                return self._object_in(value)
            self.skipped = type(value).__name__
        return None

    def _is_new(self, value: object) -> bool:
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
            inside.append(part)
        return inside

    def _container_in(self, value: Container) -> Iterable[Any]:
        if id(value) in self._own_contents:
            self.tokens.append(type(value))
            return ()
        parts = list(_parts(value))
        self.tokens += (type(value), len(parts))
        if _is_exact(value, parts):
            self.lists.append(value)
        elif len(value) > MIN_LARGE and set(map(type, parts)) <= _PLAIN_TYPES:
            self._large += (value, value.values()) if isinstance(value, dict) else (value,)
        else:
            self._mixed += (value, _GAP)
            if isinstance(value, dict):
                self._mixed += (value.values(), _GAP)
        return parts

    def _object_in(self, value: object) -> Iterable[Any]:
        inside: list[Any] = []
        held = getattr(value, "__dict__", None)
        if held is not None:
            self._mixed += (held, _GAP, held.values(), _GAP)
            self.tokens += list(held)
            inside += held.values()
        slots = _Slots(value)
        if slots.names:
            self._mixed.append(slots)
            inside += slots
        return inside


class _Slots:
    """The attributes of an object that are no part of its `__dict__`."""

    def __init__(self, value: object) -> None:
        self._value = value
        self.names = [
            name
            for kind in type(value).__mro__
            for name in _names_of(vars(kind).get("__slots__", ()))
            if name not in ("__dict__", "__weakref__")
        ]

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self._value, name, NOTHING) for name in self.names)


def _names_of(slots: str | Iterable[str]) -> Iterable[str]:
    return (slots,) if isinstance(slots, str) else slots


def is_container(value: object) -> TypeGuard[Container]:
    return isinstance(value, list | dict | set | deque)


def is_small(array: Array) -> bool:
    """Whether the numbers of an array are compared at each call."""
    return array.nbytes <= MAX_ARRAY_BYTES and not array.dtype.hasobject


def contents(container: Iterable[Any]) -> list[Any]:
    """All that is in it and in the containers in it."""
    parts: list[Any] = []
    stack, met = [container], {id(container)}
    while stack:
        for part in _parts(stack.pop()):
            parts.append(part)
            if (is_container(part) or isinstance(part, tuple)) and id(part) not in met:
                met.add(id(part))
                stack.append(part)
    return parts


def _values(container: Mapping[Any, Any]) -> Iterable[Any]:
    return container.values()


def _parts(container: Iterable[Any]) -> Iterable[Any]:
    """All that is in it: of a dict the keys and the values."""
    return chain(container, container.values()) if isinstance(container, dict) else container


def _is_exact(container: object, parts: Sequence[Any]) -> bool:
    """Whether `==` of it and a copy says that nothing has changed: no numbers, since 1 == 1.0 ==
    True, and no dict that could be put in another order.
    """
    if type(container) is dict:
        return not parts
    return type(container) is list and all(
        v is None or type(v) is str or (isinstance(v, Watched) and type(v).__eq__ is object.__eq__)
        for v in parts
    )


def _is_open(value: object) -> bool:
    """Whether it is an object of a class that a user may have written to keep attributes in."""
    kind = type(value)
    if kind.__name__ in ("SimpleNamespace", "Namespace"):  # of types and of argparse
        return True
    home = kind.__module__.partition(".")[0]
    return not (
        home in (PACKAGE, "numpy")
        or home in sys.stdlib_module_names
        or isinstance(value, type | types.ModuleType | enum.Enum)
        or hasattr(kind, "__array__")
    )


_QUICK = {bool, int, float, str, type(None), types.FunctionType}
_PLAIN_TYPES = {bool, int, float, str, bytes, type(None)}
_PLAIN = (bool, int, float, complex, str, bytes, type(None), range, np.generic, np.dtype)


def _same(a: object, b: object) -> bool:
    """Whether these are the same object, or plain values of one type that are equal."""
    if a is b:
        return True
    if type(a) is not type(b) or not isinstance(a, _PLAIN):
        return False
    # 0.0 == -0.0, but 1 / 0.0 is not 1 / -0.0.
    return bool(a == b) and (bool(a) or repr(a) == repr(b))


def same_objects(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(map(is_, a, b))


def _all_same(now: Iterable[Iterable[Any]], then: Sequence[Any]) -> bool:
    """Whether these have the same objects in them as before."""
    return all(map(is_, chain(chain.from_iterable(now), (_END,)), then))
