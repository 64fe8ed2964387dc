"""What an op's scalar expression is written in, and the ops that have one.

`scalar(m, x, ...)` of an op says what one element of its result is in the operations of a builder
`m`. What an element is, E, is the builder's own affair: a value of LLVM IR
(codegen/ir_arithmetic.py), or a whole array (ops/counter_rng.py). So the compiler never needs to
know an op.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol, TypeVar

from ...typing import DType
from ..op import Op

E = TypeVar("E")


class BitBuilder(Protocol[E]):
    """The arithmetic of unsigned integers that random bits are made with."""

    def const(self, value: int, like: E, /) -> E:
        """A constant of the dtype of `like`."""

    def add(self, x: E, y: E, /) -> E:
        """`x + y`."""

    def bit_xor(self, x: E, y: E, /) -> E:
        """The bits that are set in one of the two."""

    def rotate_left(self, x: E, count: int, /) -> E:
        """The bits moved left; those that fall out come in on the right."""


class ElementBuilder(BitBuilder[E], Protocol[E]):
    """Arithmetic on elements of one dtype: numbers, or bools where it is said."""

    # fmt: off
    def const(self, value: float, like: E, /) -> E: """A constant of the dtype of `like`."""
    def cast(self, x: E, dtype: DType, /) -> E: """x in another dtype; to integers towards 0."""
    def is_unsigned(self, x: E, /) -> bool: """Whether x is an unsigned integer."""

    # arithmetic
    def sub(self, x: E, y: E, /) -> E: """`x - y`."""
    def mul(self, x: E, y: E, /) -> E: """`x * y`."""
    def div(self, x: E, y: E, /) -> E: """`x / y` of floats."""
    def floor_div(self, x: E, y: E, /) -> E: """The largest integer that is at most `x / y`."""
    def remainder(self, x: E, y: E, /) -> E: """`x - y * floor(x / y)`, with the sign of y."""
    def pow(self, x: E, y: E, /) -> E: """`x ** y`."""
    def neg(self, x: E, /) -> E: """`-x`."""
    def abs(self, x: E, /) -> E: """`|x|`."""
    def maximum(self, x: E, y: E, /) -> E: """The larger; NaN where one is NaN."""
    def minimum(self, x: E, y: E, /) -> E: """The smaller; NaN where one is NaN."""

    # functions of floats
    def sqrt(self, x: E, /) -> E: """The square root."""
    def exp(self, x: E, /) -> E: """`e ** x`."""
    def expm1(self, x: E, /) -> E: """`e ** x - 1`, exact near 0."""
    def log(self, x: E, /) -> E: """The natural logarithm."""
    def log1p(self, x: E, /) -> E: """`log(1 + x)`, exact near 0."""
    def sin(self, x: E, /) -> E: """The sine of x radians."""
    def cos(self, x: E, /) -> E: """The cosine of x radians."""
    def atan2(self, x: E, y: E, /) -> E: """The angle whose tangent is `x / y`."""
    def tanh(self, x: E, /) -> E: """The hyperbolic tangent."""
    def sigmoid(self, x: E, /) -> E: """`1 / (1 + e ** -x)`."""
    def erf(self, x: E, /) -> E: """The error function."""
    def floor(self, x: E, /) -> E: """The largest integer not above x."""
    def ceil(self, x: E, /) -> E: """The smallest integer not below x."""
    def round(self, x: E, /) -> E: """The nearest integer, halves to even."""
    def trunc(self, x: E, /) -> E: """The integer part, towards 0."""

    # comparisons, which give bools, and the choice by one
    def eq(self, x: E, y: E, /) -> E: """`x == y`."""
    def ne(self, x: E, y: E, /) -> E: """`x != y`; true where one is NaN."""
    def lt(self, x: E, y: E, /) -> E: """`x < y`."""
    def le(self, x: E, y: E, /) -> E: """`x <= y`."""
    def gt(self, x: E, y: E, /) -> E: """`x > y`."""
    def ge(self, x: E, y: E, /) -> E: """`x >= y`."""
    def select(self, condition: E, x: E, y: E, /) -> E: """x where the bool is true, else y."""

    # bits, also of bools
    def bit_and(self, x: E, y: E, /) -> E: """The bits that are set in both."""
    def bit_or(self, x: E, y: E, /) -> E: """The bits that are set in at least one."""
    def shift_right(self, x: E, y: E, /) -> E: """The bits moved y to the right."""
    # fmt: on


class ElementOp(Op):
    """An op each element of whose result is an expression of elements."""

    @abstractmethod
    def scalar(self, m: ElementBuilder[E], *xs: Any, **params: Any) -> E:
        """One element of the result, written in the operations of the builder `m`."""
