"""Sizes made from a number of rows that is not known, against the same with numbers."""

from __future__ import annotations

import math
import operator
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.errors import ArgumentError, UnknownSizeError
from ranvier.graph.row_count import NOTED, ROWS, RowCount, computed
from ranvier.graph.sizes import divides, exceeds, float_of, negative, rows_for, same, with_rows

COUNTS = range(1, 40)
OPERATIONS: list[Callable[[Any, Any], Any]] = [
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod,
    operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge, divmod,
    same, exceeds, divides, max, min,
]  # fmt: skip


def expression(chance: random.Random, depth: int) -> Any:
    """A random size: a function of the number of rows."""
    if depth == 0:
        c = chance.randint(-6, 12)
        return chance.choice([lambda n: n, lambda n: c])
    left, right = expression(chance, depth - 1), expression(chance, depth - 1)
    f = chance.choice(OPERATIONS[:3])
    return lambda n: f(left(n), right(n))


@pytest.mark.parametrize("seed", range(200))
def test_an_answer_is_that_of_every_number_of_rows(seed: int) -> None:
    chance = random.Random(seed)
    left, right = expression(chance, 2), expression(chance, 2)
    assert [with_rows(left(ROWS), n) for n in COUNTS] == [left(n) for n in COUNTS]
    for f in OPERATIONS:
        try:
            answer = f(left(ROWS), right(ROWS))
        except (UnknownSizeError, ZeroDivisionError):
            continue
        for n in COUNTS:
            if f in (same, exceeds, divides):  # True says that it is so for all
                assert not answer or f(left(n), right(n))
            elif right(n) or f not in (operator.floordiv, operator.mod, divmod):
                assert with_rows(answer, n) == f(left(n), right(n)), (f, n)


@pytest.mark.parametrize("seed", range(50))
def test_what_depends_on_the_rows_is_not_answered(seed: int) -> None:
    chance = random.Random(seed)
    left, right = expression(chance, 1), expression(chance, 1)
    for f in OPERATIONS[5:11]:
        answers = {f(left(n), right(n)) for n in range(1, 200)}
        if len(answers) > 1:
            with pytest.raises(UnknownSizeError, match="has no answer"):
                f(left(ROWS), right(ROWS))


QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "float": float,
    "index": operator.index,
    "complex": complex,
    "bool of a difference": lambda n: bool(n - 1),
    "if": lambda n: 1 if n > 3 else 2,
    "if equal": lambda n: 1 if n == 1 else 2,
    "if in": lambda n: n in (1, 2, 3),
    "range": range,
    "list": lambda n: [0] * n,
    "iteration": iter,
    "round": round,
    "math.sqrt": math.sqrt,
    "math.floor": math.floor,
    "slice of a list": lambda n: [1, 2][:n],
    "max": lambda n: max(n, 4),
    "np.zeros": lambda n: np.zeros((n, 3)),
    "np.arange": lambda n: np.arange(0, n),
    "np.full": lambda n: np.full((), n, np.float32),
    "np.reshape": lambda n: np.reshape(np.ones(3), (n, -1)),
    "np.array": lambda n: np.asarray(n, np.float32),
    "array * rows": lambda n: np.ones(3) * n,
    "rows * array": lambda n: n * np.ones(3),
    "np.prod": lambda n: np.prod((n, 3), dtype=np.int64),
    "random": lambda n: np.random.default_rng(0).normal(size=(n, 2)),
    "half": lambda n: n // 2,
    "odd": lambda n: n % 2,
    "float compared": lambda n: 1.0 / n > 0.5,
    "float as a number": lambda n: float(1.0 / n),
    "float in if": lambda n: 1 if 1.0 / n else 2,
    "%d": lambda n: "%d" % n,  # noqa: UP031
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_way_to_ask_gives_a_number(name: str) -> None:
    with pytest.raises(UnknownSizeError, match="the number of rows is not known while a model"):
        QUESTIONS[name](ROWS)
    with pytest.raises(UnknownSizeError):
        QUESTIONS[name](ranvier.Input((4,)).shape[0])


@pytest.mark.parametrize(
    "make",
    [
        lambda n: 1.0 / n,
        lambda n: n / 3,
        lambda n: 0.1 * n * 0.3 - 7,
        lambda n: n**0.5 / (n + 0.25),
        lambda n: 2.0**n,
        lambda n: -(0.5 - n) + 1.0,
        lambda n: float_of(n),
    ],
)
def test_numbers_are_computed_to_the_same_bits(make: Callable[[Any], Any]) -> None:
    noted = make(ROWS)
    for n in (1, 3, 7, 10):
        assert with_rows(noted, n) == make(n)
        assert type(with_rows(noted, n)) is float
    assert pickle.loads(pickle.dumps(noted)).at(5) == make(5)


def test_sizes_print_as_they_are_written() -> None:
    sizes = ROWS, 3 * ROWS, ROWS - 1, -ROWS + 2, ROWS * ROWS * 2 - 5 * ROWS, 1.0 / (ROWS + 1)
    text = "rows|3*rows|rows - 1|-rows + 2|2*rows**2 - 5*rows|1.0 / rows + 1"
    assert "|".join(map(str, sizes)) == text
    assert f"{ROWS} {ROWS:,}" == "rows rows"


def test_sizes_are_values() -> None:
    assert ROWS * 2 == ROWS + ROWS and hash(ROWS * 2) == hash(ROWS + ROWS)
    assert (ROWS, 3) == (ROWS, 3) and ROWS != "rows" and ROWS is not None
    assert pickle.loads(pickle.dumps((ROWS, 4))) == (ROWS, 4)
    assert np.int64(3) * ROWS == 3 * ROWS and ROWS - np.int32(1) == ROWS - 1
    assert isinstance(ROWS - ROWS + 4, int) and ROWS - 0 == ROWS


def test_what_shape_rules_ask() -> None:
    assert negative((ROWS, -1)) and not negative((ROWS - 5, 0)) and not negative(())
    assert rows_for(2 * ROWS + 1, 9) == 4 and rows_for(3, 9) == 9
    with pytest.raises(ZeroDivisionError):
        ROWS // 0


@pytest.mark.parametrize("parts", [("?", 1, 2), ("+", 1), ("float", 1, 2), ("+", "a", 2)])
def test_only_noted_operations_are_read_from_files(parts: tuple[Any, ...]) -> None:
    with pytest.raises(ArgumentError):
        computed(*parts)
    assert set(NOTED) == {"+", "-", "*", "/", "**", "float"}
    assert isinstance(ROWS, RowCount)
