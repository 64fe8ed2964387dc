"""Modules of another framework, made from tables of names.

A table says which function or class of Ranvier stands for which name. Three kinds of rows:

    names(activations, "relu elu gelu")                          the same name and arguments
    names(activations, "swish=silu")                             another name
    argmax=lambda input, axis=0: reduce.argmax(input, axis)      other arguments

`fill` enters the rows into a module. What `inspect.signature` and `help` say of a row is what the
other framework's users expect: its own names of arguments and defaults, which a lambda states.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from ..base.missing import ADVICE, module_getattr
from ..base.spelling import nearest
from ..errors import MissingNameError

Rows = Mapping[str, Any]
Filled = tuple[list[str], Callable[[str], Any]]  # __all__ and __getattr__ of a module

_MAX_LISTED = 60  # a longer list of names would hide the message


def names(source: object, listed: str) -> dict[str, Any]:
    """Rows for attributes of a module or class: `ours`, or `theirs=ours` under another name.

    >>> import math
    >>> names(math, "pi e circle=tau")["circle"]
    6.283185307179586
    """
    words = [word.partition("=") for word in listed.split()]
    return {name: getattr(source, ours or name) for name, _, ours in words}


def fill(space: dict[str, Any], where: str, /, *tables: Rows, **rows: Any) -> Filled:
    """Enter the rows into a module with the globals `space`: `__all__, __getattr__ = fill(...)`.

    Functions and classes that are written out in the module are public too. A name that is missing
    is an error that calls the module `where`.
    """
    module = space["__name__"]
    public = {n for n, x in space.items() if _is_written_here(n, x, module)}
    for table in (*tables, rows):
        for name, value in table.items():
            space[name] = described(name, value, module)
            public.add(name)
    return sorted(public), module_getattr(where, space, missing)


def _is_written_here(name: str, value: object, module: str) -> bool:
    is_code = isinstance(value, FunctionType | type) and value.__module__ == module
    return is_code and not name.startswith("_")


def submodule(parent: str, where: str, /, *tables: Rows, **rows: Any) -> ModuleType:
    """A module that is nothing but a table: `import parent.name` finds it once parent is there."""
    name = where.rpartition(".")[2]
    made = ModuleType(f"{parent}.{name}", f"`{where}`.")
    sys.modules[made.__name__] = made
    space = vars(made)
    space["__all__"], space["__getattr__"] = fill(space, where, *tables, **rows)
    return made


def described(name: str, value: Any, module: str, called: object = None) -> Any:
    """A row's value; a lambda with its own name, and the words of what it calls."""
    if isinstance(value, FunctionType) and value.__name__ in ("<lambda>", f"_{name.strip('_')}"):
        value.__name__ = value.__qualname__ = name
        value.__module__ = module
        words = value.__doc__ or first_paragraph(called or _called(value))
        value.__doc__ = words or f"`{name}` by Ranvier's operators."
    return value


def _called(function: FunctionType) -> object:
    """The first function that a lambda names: `reduce.argmax`."""
    space, used = function.__globals__, [n for n in function.__code__.co_names if n[0] != "_"]
    for i, name in enumerate(used):
        thing = space.get(name)
        if isinstance(thing, ModuleType) and i + 1 < len(used):
            thing = getattr(thing, used[i + 1], None)
        if callable(thing) and getattr(thing, "__doc__", None):
            return thing
    return None


def first_paragraph(thing: object) -> str:
    """The first paragraph of a docstring."""
    return (getattr(thing, "__doc__", None) or "").partition("\n\n")[0]


# --- constructors ---------------------------------------------------------------------------------


def signature_of(takes: str) -> inspect.Signature:
    """The signature that a text describes.

    >>> signature_of("size, bias=True")
    <Signature (size, bias=True)>
    """
    return inspect.signature(eval(f"lambda {takes}: None", {"__builtins__": {}, "inf": math.inf}))


class Row:
    """Base of classes whose constructor is a row: `takes` says its arguments, as in `def`."""

    takes = ""
    __signature__: inspect.Signature | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "takes" in vars(cls):
            cls.__signature__ = cls.signature = signature_of(cls.takes)
        elif "__init__" in vars(cls):  # a user's own
            cls.__signature__ = None

    @classmethod
    def arguments(cls, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
        """Every argument by name; a TypeError says which is missing or too many."""
        try:
            bound = cls.signature.bind(*args, **options)
        except TypeError as problem:
            raise TypeError(f"{cls.__name__}: {problem}; it takes ({cls.takes})") from None
        bound.apply_defaults()
        return bound.arguments

    signature: inspect.Signature


# --- names that are not there ---------------------------------------------------------------------


def missing(where: str, name: str, known: Iterable[str]) -> MissingNameError:
    """The error for `where.name`, with the nearest name that is there.

    >>> print(missing("torch.nn", "Linaer", ["Linear", "ReLU"]))
    torch.nn.Linaer is not in Ranvier's compatibility layer; did you mean Linear? It has: ...
    """

    def words() -> str:
        public = sorted({n for n in known if not n.startswith("_")})
        likely = nearest(name, public)
        hint = f"; did you mean {likely}?" if likely else "."
        hint = f"; {ADVICE[name]}." if name in ADVICE else hint
        listed = f" It has: {', '.join(public)}" if len(public) <= _MAX_LISTED else ""
        return f"{where}.{name} is not in Ranvier's compatibility layer{hint}{listed}"

    return MissingNameError(words)
