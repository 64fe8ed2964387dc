"""Plain data with arrays in it, as JSON and arrays: exact, also for NaN and infinity.

{"best": inf, "weights": [array]}  ->  {"best": {"float": "inf"}, "weights": [{"array": "0"}]}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..typing import Array


def is_plain(value: object) -> bool:
    """Whether `pack` takes it: numbers, text, bools, None, arrays, and lists, tuples and dicts by
    text or integers of such.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return True
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "biuf"
    if isinstance(value, list | tuple):
        return type(value) in (list, tuple) and all(map(is_plain, value))
    if type(value) is dict:
        return all(type(k) in (str, int) for k in value) and all(map(is_plain, value.values()))
    return False


def pack(
    value: object,
    name: str,
    arrays: dict[str, Array],
    as_plain: Callable[[Any], object] | None = None,
    where: str = "",
) -> object:
    """`value` as JSON; its arrays go into `arrays` under names that begin with `name`.

    ArgumentError for anything that is no plain data, with its keys after `where`. `as_plain` may
    give the array of a value that has one.

    >>> arrays = {}
    >>> packed = pack({"best": float("inf"), 3: (1, np.ones(2))}, "state", arrays)
    >>> packed
    {'dict': [['best', {'float': 'inf'}], [3, {'tuple': [1, {'array': 'state/1/1'}]}]]}
    >>> unpack(packed, arrays)
    {'best': inf, 3: (1, array([1., 1.]))}
    """
    value = value if as_plain is None else as_plain(value)

    def part(i: int, key: object, inner: object) -> object:
        return pack(inner, f"{name}/{i}", arrays, as_plain, f"{where}/{key}".lstrip("/"))

    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        arrays[name] = np.asarray(value)
        return {"scalar" if isinstance(value, np.generic) else "array": name}
    if isinstance(value, list) and len(value) > 1 and all(type(v) is float for v in value):
        arrays[name] = np.array(value, np.float64)
        return {"floats": name}
    if isinstance(value, list | tuple):
        parts = [part(i, i, v) for i, v in enumerate(value)]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, Mapping) and all(isinstance(k, str | int) for k in value):
        return {"dict": [[k, part(i, k, v)] for i, (k, v) in enumerate(value.items())]}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise ArgumentError(
        f"{where or 'the object'} is a {type(value).__name__}; files hold arrays, numbers and "
        "texts in dictionaries, lists and tuples, and never code"
    )


def unpack(
    value: object, arrays: Mapping[str, Array], as_array: Callable[[Array], Any] = np.array
) -> Any:
    """The value that `pack` was called with, its arrays through `as_array`.

    What is no result of `pack` gives KeyError, TypeError, ValueError or AttributeError.
    """
    if isinstance(value, list):
        return [unpack(v, arrays, as_array) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "float":
        return float(held)
    if kind in ("array", "tensor"):  # the latter in files of torch.save until November 2026
        return as_array(arrays[held])
    if kind == "scalar":
        if arrays[held].ndim:
            raise ValueError(f"{held} is no single number")
        return arrays[held][()]
    if kind == "floats":
        return arrays[held].tolist()
    if kind == "tuple":
        return tuple(unpack(v, arrays, as_array) for v in held)
    pairs = held.items() if isinstance(held, dict) else held  # a dict likewise
    return {k: unpack(v, arrays, as_array) for k, v in pairs}
