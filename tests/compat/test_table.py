"""The engine of the tables: what a row becomes, and what a table says of itself."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from compat import names_page
from ranvier.compat import table, torch
from ranvier.compat import tensorflow as tf
from ranvier.errors import KeywordError, MissingNameError
from ranvier.ops import reduce


def made(**rows: Any) -> dict[str, Any]:
    """A module's globals, filled from a table."""
    space: dict[str, Any] = {"__name__": "peer"}
    space["__all__"], space["__getattr__"] = table.fill(space, "peer", **rows)
    return space


def test_a_row_has_the_name_arguments_and_words_of_what_it_stands_for() -> None:
    space = made(total=lambda x, dim=None: reduce.sum(x, dim), all=reduce.all)
    assert space["__all__"] == ["all", "total"] and space["all"] is reduce.all
    total = space["total"]
    assert (total.__name__, total.__module__) == ("total", "peer")
    assert str(inspect.signature(total)) == "(x, dim=None)"
    assert total.__doc__.startswith("The sum over `axis`")
    with pytest.raises(TypeError, match=r"total\(\) got an unexpected keyword argument 'dmi'"):
        total([1.0], dmi=0)


def test_a_name_that_is_not_in_the_table_is_reported() -> None:
    with pytest.raises(MissingNameError, match="peer.totl is not in .* did you mean total"):
        made(total=reduce.sum)["__getattr__"]("totl")


def test_rows_are_named_and_described_everywhere() -> None:
    for module in (
        tf,
        tf.math,
        tf.nn,
        tf.linalg,
        tf.random,
        tf.keras.ops,
        tf.keras.random,
        torch,
        torch.nn.functional,
    ):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing):
                assert thing.__name__ != "<lambda>" and thing.__doc__, f"{module.__name__}.{name}"


def test_the_page_lists_every_name_of_the_tables() -> None:
    """If this fails, a table has changed: run tests/compat/names_page.py."""
    assert names_page.PAGE.read_text(encoding="utf-8") == names_page.page()


def test_a_constructor_is_a_row() -> None:
    assert str(inspect.signature(torch.nn.Linear)).startswith(
        "(in_features, out_features, bias=True"
    )
    with pytest.raises(TypeError, match="Linear: missing a required argument: 'out_features'"):
        torch.nn.Linear(3)
    with pytest.raises(KeywordError, match="did you mean 'out_features'"):
        torch.nn.Linear(3, out_featurs=2)

    class Wide(torch.nn.Linear):  # type: ignore[name-defined, misc]
        def __init__(self, size: int) -> None:
            super().__init__(size, 2 * size)

    assert list(inspect.signature(Wide).parameters) == ["size"]
    assert Wide(3)(torch.ones(1, 3)).shape == (1, 6)
