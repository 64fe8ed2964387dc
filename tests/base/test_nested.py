"""Nested structures: walked by one function, and rebuilt with their own kinds."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.base.nested import leaves, map_leaves, structure_key

SRC = Path(ranvier.__file__).parent

Point = namedtuple("Point", "x y")

STRUCTURES: dict[str, Any] = {
    "a leaf": 3,
    "None": None,
    "a text": "abc",
    "empty": ([], (), {}),
    "a named tuple": Point(1, [2, Point(3, 4)]),
    "keys in their order": {"b": 1, "a": {"z": 2, "c": 3}},
    "deep": [[[[(1,)]]]],
}


@pytest.mark.parametrize("value", STRUCTURES.values(), ids=list(STRUCTURES))
def test_a_structure_is_rebuilt_as_it_was(value: Any) -> None:
    seen: list[Any] = []

    def noted(leaf: Any) -> Any:
        seen.append(leaf)
        return leaf

    again = map_leaves(noted, value)
    assert again == value and repr(again) == repr(value)
    assert seen == leaves(value)
    assert structure_key(value, repr) == structure_key(again, repr)


def test_keys_tell_structures_apart() -> None:
    values = [
        *STRUCTURES.values(),
        (1, 2),
        [1, 2],
        Point(1, 2),
        {"x": 1, "y": 2},
        (1, (2,)),
        ((1, 2),),
    ]
    assert len({structure_key(v, repr) for v in values}) == len(values)


def test_structures_side_by_side_must_be_alike() -> None:
    with pytest.raises(ValueError, match="zip"):
        map_leaves(max, (1, 2), (1, 2, 3))


def test_named_tuples_go_through_compiled_functions_and_scans() -> None:
    point = Point(ranvier.ones((2,)), ranvier.zeros((2,)))
    swapped = ranvier.compile(lambda p: Point(p.y, p.x + 1.0))(point)
    assert type(swapped) is Point and swapped.y.tolist() == [2.0, 2.0]
    carry, _ = ranvier.scan(lambda p, x: (Point(p.y, p.x + x), None), point, ranvier.ones((2, 2)))
    assert type(carry) is Point and carry.x.tolist() == [2.0, 2.0]


class Two(ranvier.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = ranvier.nn.Dense(1)

    def forward(self, x: Any) -> Any:
        return self.dense(x), x * 2.0


def test_a_stream_gives_the_structure_that_arrays_give() -> None:
    model, x = Two(), np.ones((4, 3), "f4")
    whole = model.predict(x)
    streamed = model.predict(iter([(x[:2],), (x[2:],)]))
    assert type(streamed) is type(whole) is tuple
    for a, b in zip(whole, streamed, strict=True):
        np.testing.assert_array_equal(a, b)


ONE_OWNER = {
    '"_fields"': {"base/nested.py"},
    "state.trace = ": set[str](),
    'temporarily(state, "trace"': {"tensors/mode.py"},
    "import compile_object": set[str](),
    "read_entry(": {"native/cache.py", "native/code_cache.py"},
    "write_entry(": {"native/cache.py", "native/code_cache.py"},
}


@pytest.mark.parametrize("words", ONE_OWNER)
def test_what_has_one_owner_stands_nowhere_else(words: str) -> None:
    """Rebuilding a structure, setting a trace aside, keeping machine code."""
    found = {
        path.relative_to(SRC).as_posix()
        for path in SRC.rglob("*.py")
        if words in path.read_text(encoding="utf-8")
    }
    assert found == ONE_OWNER[words]
