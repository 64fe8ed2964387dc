"""The error for a name that a compatibility layer does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from ..base import missing as missing_names
from ..base.missing import ADVICE
from ..base.spelling import nearest
from ..errors import MissingNameError

_MANY = 60  # a longer list of names would hide the message


def missing(where: str, name: str, known: Iterable[str]) -> MissingNameError:
    """The error for `where.name`, with the nearest name that is there.

    >>> print(missing("torch.nn", "Linaer", ["Linear", "ReLU"]))
    torch.nn.Linaer is not in Ranvier's compatibility layer; did you mean Linear? It has: ...
    """

    def words() -> str:
        names = sorted({n for n in known if not n.startswith("_")})
        near = nearest(name, names)
        said = f"; did you mean {near}?" if near else "."
        said = f"; {ADVICE[name]}." if name in ADVICE else said
        listed = f" It has: {', '.join(names)}" if len(names) <= _MANY else ""
        return f"{where}.{name} is not in Ranvier's compatibility layer{said}{listed}"

    return MissingNameError(words)


def module_getattr(where: str, names: dict[str, Any]) -> Callable[[str], Any]:
    """A module's `__getattr__`, called for what it does not have; `names` are its globals."""

    def error(where: str, name: str, known: Iterable[str]) -> MissingNameError:
        return missing(
            where, name, [n for n in known if "__all__" in names or _offered(n, names[n])]
        )

    return missing_names.module_getattr(where, names, error)


def _offered(name: str, thing: Any) -> bool:
    """Whether a global of a module here is meant for users."""
    if isinstance(thing, ModuleType):
        return thing.__name__.startswith(__package__)
    return name not in ("annotations", "Any", "missing", "module_getattr")
