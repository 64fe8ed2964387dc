"""The error for a name that a compatibility layer does not have."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from ..errors import MissingNameError, nearest

_MANY = 60  # a longer list of names would hide the message


def missing(where: str, name: str, known: Iterable[str]) -> MissingNameError:
    """The error for `where.name`, with the nearest name that is there.

    >>> print(missing("torch.nn", "Linaer", ["Linear", "ReLU"]))
    torch.nn.Linaer is not in Ranvier's compatibility layer; did you mean Linear? It has: ...
    """
    names = sorted({n for n in known if not n.startswith("_")})
    near = nearest(name, names)
    hint = f"; did you mean {near}?" if near else "."
    listed = f" It has: {', '.join(names)}" if len(names) <= _MANY else ""
    return MissingNameError(f"{where}.{name} is not in Ranvier's compatibility layer{hint}{listed}")


def module_getattr(where: str, names: dict[str, Any]) -> Callable[[str], Any]:
    """A module's `__getattr__`, called for what it does not have; `names` are its globals."""

    def __getattr__(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"{where} has no {name}")
        offered = [n for n, thing in names.items() if _offered(n, thing)]
        error = missing(where, name, names.get("__all__", offered))
        # NOTE: `from module import name` hides the text of an AttributeError, but not of an
        # ImportError. Which of the two asks is seen from the instruction of the caller.
        frame = sys._getframe(1)
        if dis.opname[frame.f_code.co_code[frame.f_lasti]] == "IMPORT_FROM":
            raise ImportError(str(error))
        raise error

    return __getattr__


def _offered(name: str, thing: Any) -> bool:
    """Whether a global of a module here is meant for users."""
    if isinstance(thing, ModuleType):
        return thing.__name__.startswith(__package__)
    return name not in ("annotations", "Any", "missing", "module_getattr")
