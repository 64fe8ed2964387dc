"""Configurations: the constructor arguments of an object as plain data.

The rule: a layer, initializer, optimizer or loss keeps every constructor argument under the
argument's own name. So its configuration is read off its signature, and `cls(**configuration)`
makes an equal object. It holds numbers, text, lists and dicts only; no code ever goes into a file.
"""

from __future__ import annotations

import importlib
import inspect
import threading
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..base.missing import saved_arguments
from ..base.temporary import temporarily
from ..errors import ArgumentError, StateError, unknown_name

if TYPE_CHECKING:
    from ..base.temporary import Temporary


def arguments(cls: type) -> list[str]:
    """The constructor's argument names, with those of base classes behind `**options`."""
    names: list[str] = []
    for owner in cls.__mro__:
        init = owner.__dict__.get("__init__")
        if init is None or owner is object:
            continue
        parameters = list(inspect.signature(init).parameters.values())[1:]
        names += [
            p.name
            for p in parameters
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name not in names
        ]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return names


def configuration(thing: object, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """The constructor arguments of `thing` as JSON-able data; StateError for one not kept."""
    values = {}
    for name in arguments(type(thing)):
        if name in skip:
            continue
        try:
            value = getattr(thing, name)
        except AttributeError:
            raise StateError(
                f"{type(thing).__name__}: argument {name!r} cannot be saved: it is not "
                f"kept under that name; write `self.{name} = {name}` in __init__, or get_config()"
            ) from None
        values[name] = plain(value, f"{type(thing).__name__}.{name}")
    return values


def plain(value: object, what: str) -> Any:
    """`value` as numbers, text, lists and dicts; objects become {"class", "config"}."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, list | tuple):
        return [plain(v, what) for v in value]
    if isinstance(value, Mapping):
        return {str(k): plain(v, what) for k, v in value.items()}
    describe = getattr(value, "get_config", None)
    if describe is not None and not isinstance(value, type):
        return {"class": type(value).__name__, "config": describe()}
    raise StateError(
        f"{what}: {value!r} cannot be saved, because files hold no code. "
        "Use a name from Ranvier, or write the code as a layer of its own"
    )


T = TypeVar("T")  # what the classes of a list have in common


class Registry(MutableMapping[str, type[Any]]):
    """A closed list of classes by name.

    The modules `more`, which few programs need, enter theirs when a name is first asked for that is
    not known, and when somebody looks at all names.
    """

    def __init__(self, more: Sequence[str] = ()) -> None:
        self._classes: dict[str, type[Any]] = {}
        self._more = more

    def complete(self) -> None:
        """Import the modules that enter further classes."""
        for module in self._more:
            importlib.import_module(module)

    def known(self, name: str) -> type[Any] | None:
        """The class of this name, if it has been entered so far."""
        return self._classes.get(name)

    def __getitem__(self, name: str) -> type[Any]:
        if name not in self._classes:
            self.complete()
        return self._classes[name]

    def __setitem__(self, name: str, cls: type[Any]) -> None:
        self._classes[name] = cls

    def __delitem__(self, name: str) -> None:
        del self._classes[name]

    def __iter__(self) -> Iterator[str]:
        self.complete()
        return iter(self._classes)

    def __len__(self) -> int:
        self.complete()
        return len(self._classes)


class _Substitutes(threading.local):
    """The classes that `restore` makes in this thread instead of those described."""

    by_class: Mapping[type, type] = {}


_substitutes = _Substitutes()


def restored_as(by_class: Mapping[type, type]) -> Temporary:
    """Inside, in this thread, `restore` makes objects of the class that stands here for theirs."""
    return temporarily(_substitutes, "by_class", by_class)


def restore(what: str, described: Mapping[str, Any], classes: Mapping[str, type[T]]) -> T:
    """The object described by {"class", "config"}; its class must be in the list `classes`."""
    if not isinstance(described, Mapping):
        raise ArgumentError(f"{what}: expected a class and its config, got {described!r:.80}")
    name = described.get("class", described.get("class_name"))
    if not isinstance(name, str) or name not in classes:
        raise unknown_name(what, name, classes)
    config = described.get("config") or {}
    if not isinstance(config, Mapping):
        raise ArgumentError(f"{what} {name!r}: its config is a {type(config).__name__}, not a dict")
    cls: Any = classes[name]
    cls = _substitutes.by_class.get(cls, cls)
    config = saved_arguments(cls, config)
    build = getattr(cls, "from_config", None)
    restored: T = build(config) if build is not None else cls(**config)
    return restored
