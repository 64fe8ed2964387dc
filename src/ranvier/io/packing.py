"""Plain data with arrays in it, as JSON and arrays: exact, also for NaN and infinity.

{"best": inf, "weights": [array]}  ->  {"best": {"float": "inf"}, "weights": [{"array": "0"}]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

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


def pack(value: object, name: str, arrays: dict[str, Array]) -> object:
    """`value` as JSON; its arrays go into `arrays` under names that begin with `name`.

    >>> arrays = {}
    >>> packed = pack({"best": float("inf"), 3: (1, np.ones(2))}, "state", arrays)
    >>> packed
    {'dict': [['best', {'float': 'inf'}], [3, {'tuple': [1, {'array': 'state/1/1'}]}]]}
    >>> unpack(packed, arrays)
    {'best': inf, 3: (1, array([1., 1.]))}
    """
    if isinstance(value, float) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, np.ndarray | np.generic):
        arrays[name] = np.asarray(value)
        return {"scalar" if isinstance(value, np.generic) else "array": name}
    if isinstance(value, list) and len(value) > 1 and all(type(v) is float for v in value):
        arrays[name] = np.array(value, np.float64)
        return {"floats": name}
    if isinstance(value, list | tuple):
        parts = [pack(v, f"{name}/{i}", arrays) for i, v in enumerate(value)]
        return {"tuple": parts} if isinstance(value, tuple) else parts
    if isinstance(value, dict):
        parts = [[k, pack(v, f"{name}/{i}", arrays)] for i, (k, v) in enumerate(value.items())]
        return {"dict": parts}
    return value


def unpack(value: object, arrays: Mapping[str, Array]) -> Any:
    """The value that `pack` was called with."""
    if isinstance(value, list):
        return [unpack(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "float":
        return float(held)
    if kind == "array":
        return np.array(arrays[held])
    if kind == "scalar":
        if arrays[held].ndim:
            raise ValueError(f"{held} is no single number")
        return arrays[held][()]
    if kind == "floats":
        return arrays[held].tolist()
    if kind == "tuple":
        return tuple(unpack(v, arrays) for v in held)
    return {k: unpack(v, arrays) for k, v in held}
