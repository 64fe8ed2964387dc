"""The contract of scalar expressions: what builders offer, and that any builder will do."""

from __future__ import annotations

import ast
import inspect
import math
from pathlib import Path

import numpy as np
import pytest

from ranvier import dtypes, ops
from ranvier.codegen.ir_arithmetic import Machine
from ranvier.graph.node import OPS
from ranvier.ops.counter_rng import RandomBits, random_bits
from ranvier.ops.elementwise.base import Elementwise
from ranvier.ops.elementwise.builder import BitBuilder, ElementBuilder
from ranvier.typing import Array, DType
from syntax import parsed


class NumPyBuilder:
    """Every operation as NumPy has it: a builder that knows nothing of LLVM."""

    # fmt: off
    def const(self, value: float, like: Array) -> Array: return np.asarray(value, like.dtype)
    def cast(self, x: Array, dtype: DType) -> Array: return x.astype(dtype)
    def is_unsigned(self, x: Array) -> bool: return x.dtype.kind == "u"
    def add(self, x: Array, y: Array) -> Array: return x + y
    def sub(self, x: Array, y: Array) -> Array: return x - y
    def mul(self, x: Array, y: Array) -> Array: return x * y
    def div(self, x: Array, y: Array) -> Array: return x / y
    def floor_div(self, x: Array, y: Array) -> Array: return x // y
    def remainder(self, x: Array, y: Array) -> Array: return x % y
    def pow(self, x: Array, y: Array) -> Array: return x**y
    def neg(self, x: Array) -> Array: return -x
    def abs(self, x: Array) -> Array: return np.abs(x)
    def maximum(self, x: Array, y: Array) -> Array: return np.maximum(x, y)
    def minimum(self, x: Array, y: Array) -> Array: return np.minimum(x, y)
    def sqrt(self, x: Array) -> Array: return np.sqrt(x)
    def exp(self, x: Array) -> Array: return np.exp(x)
    def expm1(self, x: Array) -> Array: return np.expm1(x)
    def log(self, x: Array) -> Array: return np.log(x)
    def log1p(self, x: Array) -> Array: return np.log1p(x)
    def sin(self, x: Array) -> Array: return np.sin(x)
    def cos(self, x: Array) -> Array: return np.cos(x)
    def atan2(self, x: Array, y: Array) -> Array: return np.arctan2(x, y)
    def tanh(self, x: Array) -> Array: return np.tanh(x)
    def sigmoid(self, x: Array) -> Array: return 1 / (1 + np.exp(-x))
    def erf(self, x: Array) -> Array: return np.asarray([math.erf(v) for v in x], x.dtype)
    def floor(self, x: Array) -> Array: return np.floor(x)
    def ceil(self, x: Array) -> Array: return np.ceil(x)
    def round(self, x: Array) -> Array: return np.rint(x)
    def trunc(self, x: Array) -> Array: return np.trunc(x)
    def eq(self, x: Array, y: Array) -> Array: return x == y
    def ne(self, x: Array, y: Array) -> Array: return x != y
    def lt(self, x: Array, y: Array) -> Array: return x < y
    def le(self, x: Array, y: Array) -> Array: return x <= y
    def gt(self, x: Array, y: Array) -> Array: return x > y
    def ge(self, x: Array, y: Array) -> Array: return x >= y
    def select(self, c: Array, x: Array, y: Array) -> Array: return np.where(c, x, y)
    def bit_and(self, x: Array, y: Array) -> Array: return x & y
    def bit_or(self, x: Array, y: Array) -> Array: return x | y
    def bit_xor(self, x: Array, y: Array) -> Array: return x ^ y
    def shift_right(self, x: Array, y: Array) -> Array: return x >> y
    def rotate_left(self, x: Array, n: int) -> Array: return (x << n) | (x >> (32 - n))
    # fmt: on


BUILDER: ElementBuilder[Array] = NumPyBuilder()  # which the type checker looks at
FLOATS = np.array([-2.5, -1.0, 0.0, 0.5, 1.0, 3.25, np.nan, np.inf])
NUMBERS = {
    "float": FLOATS,
    "number": FLOATS,
    "any": FLOATS,
    "bool": np.array([True, False, True, True, False, False, True, False]),
}


def operands(op: Elementwise) -> list[Array]:
    """Elements for each operand of an op."""
    names = list(inspect.signature(op.scalar).parameters)[1:]
    if op.name == "shift_right":
        return [np.arange(8, dtype=np.uint32), np.arange(8, dtype=np.uint32) % 3]
    x = NUMBERS[op.accepts]
    given = [np.roll(x, 3 * i) for i, n in enumerate(names) if n not in ("condition", "dtype")]
    return [NUMBERS["bool"], *given] if "condition" in names else given


@pytest.mark.parametrize("name", sorted(n for n, op in OPS.items() if isinstance(op, Elementwise)))
def test_the_scalar_of_an_op_is_its_reference(name: str) -> None:
    op = OPS[name]
    assert isinstance(op, Elementwise)
    params = {"dtype": dtypes.float32} if name == "astype" else {}
    xs = operands(op)
    with np.errstate(all="ignore"):
        got = np.asarray(op.scalar(BUILDER, *xs, **params))
        expected = np.asarray(op.reference(*xs, **params))
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_the_scalar_of_random_bits_is_its_reference() -> None:
    assert isinstance(random_bits, RandomBits)
    key, count = np.array([7, 11], np.uint32), np.arange(20, dtype=np.uint32)
    with np.errstate(over="ignore"):
        got = random_bits.scalar(BUILDER, key[:1], key[1:], count)
    np.testing.assert_array_equal(got, random_bits.reference(key, shape=(20,)))


def test_a_builder_offers_what_ops_ask_for_and_no_more() -> None:
    used = {
        node.func.attr
        for path in Path(ops.__file__).parent.rglob("*.py")
        for node in ast.walk(parsed(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "m"
    }
    offered = {n for kind in (BitBuilder, ElementBuilder) for n in vars(kind) if n[0] != "_"}
    assert offered == used
    assert offered <= set(dir(Machine))
