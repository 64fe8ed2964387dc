"""How PyTorch says which axes: `dim=`, `keepdim=`, and NumPy's names for both."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from ...typing import Axes

Method = Callable[..., Any]


class Extreme(NamedTuple):
    """What `x.max(dim)` gives."""

    values: Any
    indices: Any


def by_dim(method: Any) -> Method:
    """A method of a tensor with an argument `dim`, as PyTorch takes it.

    `axis=` and `keepdims=` are taken too, and a single number (a tensor without axes) has, for
    `dim`, the one axis 0.
    """
    code, defaults = method.__code__, method.__defaults__ or ()
    parameters = code.co_varnames[: code.co_argcount]
    index = parameters.index("dim")
    has_default = index >= len(parameters) - len(defaults)
    usual = defaults[index - len(parameters)] if has_default else None

    @functools.wraps(method)
    def called(self: Any, *args: Any, **options: Any) -> Any:
        if options:
            for numpy, torch in (("axis", "dim"), ("keepdims", "keepdim")):
                if numpy in options:
                    options[torch] = options.pop(numpy)
            if options.get("out", 0) is None:  # numpy.mean(tensor)
                del options["out"]
        if not self.shape:
            dim = args[index - 1] if index <= len(args) else options.get("dim", usual)
            if _is_first_axis(dim):
                return _single(method(self.reshape(1), *args, **options))
        return method(self, *args, **options)

    return called


def _is_first_axis(dim: object) -> bool:
    """Whether `dim` means the one axis that PyTorch gives to a single number."""
    axes = dim if isinstance(dim, tuple | list) else (dim,)
    return len(axes) == 1 and type(axes[0]) is int and axes[0] in (0, -1)


def _single(out: Any) -> Any:
    if isinstance(out, Extreme):
        return Extreme(*map(_single, out))
    if isinstance(out, tuple):
        return tuple(map(_single, out))
    return out.reshape(()) if out.ndim else out


def all_axes(dim: Axes) -> Axes:
    """`dim` with None, all axes, for an empty list, which means that in PyTorch."""
    return None if isinstance(dim, tuple | list) and not dim else dim
