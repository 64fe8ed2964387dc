"""Validity: whether what was compiled is still what tracing it again would give.

A trace runs Python once, so whatever Python reads on the way becomes part of the graph: the rate of
a Dropout, the list of a model's layers, a number that a user's layer keeps in a dict. The numbers
inside tensors do not: the graph reads them where they are. A `Validity` remembers the former, for
one trace, and says at each call whether it is still so:

    guards      questions that the trace asked, with their answers (is there a gradient?)
    watched     the attributes of layers, losses, metrics, optimizers, regularizers and schedules
    plain       the attributes of objects of the user's own classes in them, or given as arguments;
                lists, tuples, dicts and sets in all of these, and arrays that are not large, in
                them or among the operands of an op

What is watched was `entered` while tracing, or is an attribute of that, and so on. Attributes of
watched objects move one mark of the process (`changes.last`), so most calls look at nothing but the
mark and at lists, dicts and plain objects, which move none. After that things are compared by
identity, then numbers, texts and tuples by type and value.

Not looked at are:

    what a forward itself sets  a counter, the last output (what it makes once for all is looked at)
    modules, classes, functions; what a function reads from its module or its closure
    large arrays, and objects of Python's library and of other arrays' kind: which one it is, but
                                not what it holds
    more than 10,000 objects of a user's classes: a warning says so
    an element of a list, set or dict of more than 1,000 plain values that is replaced by an equal
                                one of another type (1 by True or 1.0)

A list, set or dict of 100,000 plain values costs a millisecond at each call; one that does not
change costs nothing as a tuple, a frozenset or a types.MappingProxyType.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar
from weakref import ref

import numpy as np

from ..base.changes import changes
from ..errors import warn
from ..typing import Array
from .snapshot import (
    MAX_PLAIN_OBJECTS,
    Attribute,
    Snapshot,
    contents,
    is_container,
    is_small,
    same_objects,
)
from .watched import NOTHING, Watched, standing

MAX_VARIANTS = 8  # of what was compiled for the same kind of arguments
_many: set[str] = set()  # classes of which too many objects were reported
_PATIENCE = 100  # looks at what other threads change meanwhile

Guard = tuple[Callable[[], Any], Any]


class Reads:
    """What a trace has read of the outside: what it entered, and what it set itself."""

    def __init__(self, arguments: Iterable[Any] = ()) -> None:
        self._arguments = list(arguments)
        self._entered: dict[int, Any] = {}
        self._arrays: list[tuple[ref[Array], bytes]] = []
        self._set: set[Attribute] = set()
        self._made: set[Attribute] = set()  # not there before, or None: perhaps once for all
        self._before: list[tuple[Any, dict[str, Any]]] = []  # attributes as they were when entered
        self.contents: list[tuple[Any, list[Any]]] = []  # and what their lists and dicts held

    def enter(self, thing: Watched) -> None:
        """The graph depends on this thing."""
        if id(thing) not in self._entered:
            self._entered[id(thing)] = thing
            held = dict(vars(thing))
            self._before.append((thing, held))
            self.contents += [(v, contents(v)) for v in held.values() if is_container(v)]

    def attribute_set(self, thing: Watched, attribute: str, made: bool) -> None:
        """The function that is traced set an attribute; `made`: there was none, or None."""
        (self._made if made else self._set).add((id(thing), attribute))

    def array_read(self, array: Array) -> None:
        """The graph has a copy of these numbers."""
        while type(array.base) is np.ndarray:
            array = array.base
        if is_small(array):
            self._arrays.append((ref(array), array.tobytes()))

    @property
    def things(self) -> list[Any]:
        """What the graph depends on."""
        # Nobody can change one that is gone, and one that the function itself has changed since is
        # a buffer that it fills at each call.
        known = [(reference(), numbers) for reference, numbers in self._arrays]
        arrays = [a for a, numbers in known if a is not None and a.tobytes() == numbers]
        return [*self._arguments, *self._entered.values(), *arrays]

    def own_attributes(self) -> set[Attribute]:
        """The attributes that the function sets at every call."""
        return self._set

    def own_contents(self) -> set[int]:
        """The ids of lists and dicts whose contents the function changes.

        Those that were empty may have been filled once for all.
        """
        return {
            id(value)
            for value, before in self.contents
            if before and not same_objects(contents(value), before)
        }

    def were_disturbed(self) -> bool:
        """Whether another thread has set an attribute meanwhile: who knows which value was read."""
        return any(
            value is not vars(thing).get(name, NOTHING)
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
        if self.seen.skipped:
            warn(
                f"compiled code depends on more than {MAX_PLAIN_OBJECTS:,} objects of classes of "
                f"your own, here of {self.seen.skipped}; changes in those beyond that number are "
                "not seen. Keep their numbers in arrays or tensors, or give the layer only those "
                "objects that its forward reads",
                _many,
                self.seen.skipped,
            )

    def _look(self) -> Snapshot:
        with standing:
            for _ in range(_PATIENCE):
                try:
                    return Snapshot(self._things, *self._own)
                except RuntimeError:  # another thread added an attribute just now
                    continue
            return Snapshot(self._things, *self._own)

    def holds(self) -> bool:
        """Whether everything is what it was."""
        seen = self.seen
        if seen.holds_always and not self.guards:
            return True
        try:
            untouched = (
                seen.mark is changes.last
                and seen.lists == seen.lists_then
                and (not seen.loose or seen.same_parts())
            )
        except Exception:  # as in `same_lists`, without another call in each predict
            untouched = False
        if untouched or self._compared(seen):
            return not self.guards or self._answered()
        return False

    def _answered(self) -> bool:
        """Whether the questions are answered as before."""
        return all(question() == answer for question, answer in self.guards)

    def _compared(self, seen: Snapshot) -> bool:
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
        if not self._answered():
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
        self.last: _C | None = None  # that used last
        self.made: list[_C] = []  # it and those before it
        self._warned: set[str] = set()

    def valid(self) -> _C | None:
        """The one that holds now."""
        made = self.made
        for i, one in enumerate(made):
            if one.validity.holds():
                if i:
                    self.made = [one, *made[:i], *made[i + 1 :]]
                    self.last = one
                return one
        return None

    def add(self, one: _C) -> _C:
        """Keep this one too."""
        if len(self.made) >= MAX_VARIANTS:
            warn(
                f"{self._what} has been compiled more than {MAX_VARIANTS} times for the same kind "
                f"of arguments, since {self.made[0].validity.difference()} changes from call to "
                "call. "
                "Put a number that changes into a tensor, which compiled code reads at each call: "
                "self.by = ranvier.tensor(1.0), then self.by.assign(2.0)",
                self._warned,
                "variants",
            )
        self.made = [one, *self.made[: MAX_VARIANTS - 1]]
        self.last = one
        return one
