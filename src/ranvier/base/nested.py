"""Nested structures: lists, tuples, named tuples and dicts of anything, to any depth.

What is none of these is a leaf. Leaves are visited in order, the values of a dict in the order of
its keys, and a structure is rebuilt with its own kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

_SEQUENCES = (list, tuple)


def leaves(value: object) -> list[Any]:
    """Every leaf, in order.

    >>> leaves({"a": [1, (2, 3)], "b": None})
    [1, 2, 3, None]
    """
    if isinstance(value, _SEQUENCES):
        return [leaf for v in value for leaf in leaves(v)]
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in leaves(v)]
    return [value]


def map_leaves(function: Callable[..., Any], value: object, *others: Any) -> Any:
    """The same structure with `function(leaf)` in place of each leaf.

    With `others` of the same structure, `function(leaf, its counterpart in each of them)`.

    >>> map_leaves(lambda x: 10 * x, {"a": [1, (2, 3)]})
    {'a': [10, (20, 30)]}
    >>> map_leaves(max, (1, [5]), (2, [4]))
    (2, [5])
    """
    if isinstance(value, _SEQUENCES):
        parts = [map_leaves(function, *column) for column in zip(value, *others, strict=True)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {k: map_leaves(function, v, *(o[k] for o in others)) for k, v in value.items()}
    return function(value, *others)


def structure_key(value: object, leaf_key: Callable[[Any], Hashable]) -> Hashable:
    """What equal structures have in common, to look them up by: `leaf_key(leaf)` for each leaf.

    >>> structure_key((1, [2.0]), type) == structure_key((3, [4.0]), type)
    True
    >>> structure_key((1, [2.0]), type) == structure_key((1, (2.0,)), type)
    False
    """
    if isinstance(value, _SEQUENCES):
        return (type(value), *[structure_key(v, leaf_key) for v in value])
    if isinstance(value, dict):
        return (dict, *[(k, structure_key(v, leaf_key)) for k, v in value.items()])
    return leaf_key(value)
