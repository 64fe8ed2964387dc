"""The machine that an op's scalar expression is written for: arithmetic on V values.

Mixing a scalar with a vector splats the scalar. The special functions are in vector_math/.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from .ir_builder import Function, Memory, V, constant
from .vector_math.polynomials import SpecialFunctions


class Machine(SpecialFunctions):
    """Arithmetic, comparisons, selection and casts on scalars and vectors."""

    def __init__(self, f: Function, fma: bool = True) -> None:
        self.f = f
        self.memory = Memory(f)
        self.has_fma = fma

    # -- helpers -----------------------------------------------------------------------------------

    def level(self, *xs: V) -> tuple[V, ...]:
        """All values with the same number of lanes."""
        lanes = max(x.lanes for x in xs)
        return tuple(x if x.lanes == lanes else self.memory.splat(x, lanes) for x in xs)

    def const(self, value: float | int | bool, like: V) -> V:
        """A constant with the dtype and lanes of `like`."""
        return constant(value, like.dtype, like.lanes)

    def is_float(self, x: V) -> bool:
        """Whether x is a float."""
        return x.dtype.kind == "f"

    def is_unsigned(self, x: V) -> bool:
        """Whether x is an unsigned integer."""
        return x.dtype.kind == "u"

    def _two(self, instruction: str, x: V, y: V) -> V:
        x, y = self.level(x, y)
        return self.f.let(f"{instruction} {x}, {y.text}", x.dtype, x.lanes)

    def intrinsic(self, name: str, *xs: V) -> V:
        """A call of `llvm.<name>` on values of one type."""
        xs = self.level(*xs)
        x = xs[0]
        element = {"half": "f16", "float": "f32", "double": "f64"}.get(
            x.type.strip("<>").split()[-1], x.type.strip("<>").split()[-1]
        )
        suffix = element if x.lanes == 1 else f"v{x.lanes}{element}"
        call = self.f.call(f"llvm.{name}.{suffix}", x.type, *[str(v) for v in xs])
        return self.f.let(call, x.dtype, x.lanes)

    # -- arithmetic --------------------------------------------------------------------------------

    def add(self, x: V, y: V) -> V:
        """x + y."""
        return self._two("fadd" if self.is_float(x) else "add", x, y)

    def sub(self, x: V, y: V) -> V:
        """x - y."""
        return self._two("fsub" if self.is_float(x) else "sub", x, y)

    def mul(self, x: V, y: V) -> V:
        """x * y."""
        return self._two("fmul" if self.is_float(x) else "mul", x, y)

    def div(self, x: V, y: V) -> V:
        """x / y for floats."""
        return self._two("fdiv", x, y)

    def fma(self, x: V, y: V, z: V) -> V:
        """x * y + z, rounded once where the processor can."""
        if x.dtype == dtypes.float16:
            return self.add(self.mul(x, y), z)
        return self.intrinsic("fma" if self.has_fma else "fmuladd", x, y, z)

    def neg(self, x: V) -> V:
        """-x."""
        if self.is_float(x):
            return self.f.let(f"fneg {x}", x.dtype, x.lanes)
        return self.sub(self.const(0, x), x)

    def abs(self, x: V) -> V:
        """|x|."""
        if self.is_float(x):
            return self.intrinsic("fabs", x)
        if self.is_unsigned(x):
            return x
        return self.select(self.lt(x, self.const(0, x)), self.neg(x), x)

    def sqrt(self, x: V) -> V:
        """The square root."""
        return self.intrinsic("sqrt", x)

    def floor(self, x: V) -> V:
        """The largest integer not above x."""
        return self.intrinsic("floor", x)

    def ceil(self, x: V) -> V:
        """The smallest integer not below x."""
        return self.intrinsic("ceil", x)

    def round(self, x: V) -> V:
        """The nearest integer, halves to even."""
        return self.intrinsic("roundeven", x)

    def trunc(self, x: V) -> V:
        """The whole part."""
        return self.intrinsic("trunc", x)

    def maximum(self, x: V, y: V) -> V:
        """The larger; NaN if either is NaN."""
        if not self.is_float(x):
            return self.select(self.gt(x, y), x, y)
        larger = self.select(self.gt(x, y), x, y)
        return self.select(self.ne(x, x), x, larger)

    def minimum(self, x: V, y: V) -> V:
        """The smaller; NaN if either is NaN."""
        if not self.is_float(x):
            return self.select(self.lt(x, y), x, y)
        smaller = self.select(self.lt(x, y), x, y)
        return self.select(self.ne(x, x), x, smaller)

    def floor_div(self, x: V, y: V) -> V:
        """x // y; of integers 0 where y is 0."""
        x, y = self.level(x, y)
        if self.is_float(x):
            return self._floor_div_float(x, y)
        zero, one = self.const(0, x), self.const(1, x)
        none = self.eq(y, zero)
        safe = self.select(none, one, y)
        if self.is_unsigned(x):
            return self.select(none, zero, self._two("udiv", x, safe))
        # NOTE: the smallest integer over -1 overflows and traps; it is its own negative, so divide
        # by 1 instead.
        lone = self.bit_and(self.eq(safe, self.const(-1, x)), self.eq(x, self.neg(x)))
        safe = self.select(lone, one, safe)
        quotient = self._two("sdiv", x, safe)
        rest = self.sub(x, self.mul(quotient, safe))
        apart = self.lt(self.bit_xor(x, safe), zero)
        lower = self.bit_and(self.ne(rest, zero), apart)
        return self.select(none, zero, self.select(lower, self.sub(quotient, one), quotient))

    def _floor_div_float(self, x: V, y: V) -> V:
        """(x - remainder) / y, which is an integer but for rounding; x / y where y is 0."""
        wide = x.dtype
        if wide == dtypes.float16:
            x, y = self.cast(x, dtypes.float32), self.cast(y, dtypes.float32)
        zero, one = self.const(0, x), self.const(1, x)
        rest = self._two("frem", x, y)
        whole = self.div(self.sub(x, rest), y)
        apart = self.bit_and(
            self.ne(rest, zero), self.bit_xor(self.lt(rest, zero), self.lt(y, zero))
        )
        whole = self.select(apart, self.sub(whole, one), whole)
        below = self.floor(whole)
        round_up = self.lt(self.const(0.5, x), self.sub(whole, below))
        below = self.select(round_up, self.add(below, one), below)
        quotient = self.div(x, y)
        signed = self.select(
            self.eq(whole, zero), self.intrinsic("copysign", zero, quotient), below
        )
        return self.cast(self.select(self.eq(y, zero), quotient, signed), wide)

    def remainder(self, x: V, y: V) -> V:
        """x - y * floor(x / y), with the sign of y; NaN (integers: 0) where y is 0."""
        x, y = self.level(x, y)
        zero = self.const(0, x)
        if not self.is_float(x):
            rest = self.sub(x, self.mul(self.floor_div(x, y), y))
            return self.select(self.eq(y, zero), zero, rest)
        wide = x.dtype
        if wide == dtypes.float16:
            x, y = self.cast(x, dtypes.float32), self.cast(y, dtypes.float32)
            zero = self.const(0, x)
        rest = self._two("frem", x, y)
        apart = self.bit_xor(self.lt(rest, zero), self.lt(y, zero))
        moved = self.select(self.bit_and(self.ne(rest, zero), apart), self.add(rest, y), rest)
        # NOTE: an exact division leaves a zero with the sign of y, as NumPy's remainder does.
        signed = self.intrinsic("copysign", zero, y)
        return self.cast(self.select(self.eq(moved, zero), signed, moved), wide)

    # -- comparisons and selection -----------------------------------------------------------------

    def _compare(self, float_: str, signed: str, unsigned: str, x: V, y: V) -> V:
        x, y = self.level(x, y)
        if self.is_float(x):
            text = f"fcmp {float_} {x}, {y.text}"
        else:
            text = f"icmp {unsigned if x.dtype.kind in 'ub' else signed} {x}, {y.text}"
        return self.f.let(text, dtypes.bool_, x.lanes)

    def eq(self, x: V, y: V) -> V:
        """x == y."""
        return self._compare("oeq", "eq", "eq", x, y)

    def ne(self, x: V, y: V) -> V:
        """x != y; true where one is NaN."""
        return self._compare("une", "ne", "ne", x, y)

    def lt(self, x: V, y: V) -> V:
        """x < y."""
        return self._compare("olt", "slt", "ult", x, y)

    def le(self, x: V, y: V) -> V:
        """x <= y."""
        return self._compare("ole", "sle", "ule", x, y)

    def gt(self, x: V, y: V) -> V:
        """x > y."""
        return self._compare("ogt", "sgt", "ugt", x, y)

    def ge(self, x: V, y: V) -> V:
        """x >= y."""
        return self._compare("oge", "sge", "uge", x, y)

    def select(self, condition: V, x: V, y: V) -> V:
        """x where the condition is true, else y."""
        condition, x, y = self.level(condition, x, y)
        return self.f.let(f"select {condition}, {x}, {y}", x.dtype, x.lanes)

    # -- bits --------------------------------------------------------------------------------------

    def bit_and(self, x: V, y: V) -> V:
        """x & y."""
        return self._two("and", x, y)

    def bit_or(self, x: V, y: V) -> V:
        """x | y."""
        return self._two("or", x, y)

    def bit_xor(self, x: V, y: V) -> V:
        """x ^ y."""
        return self._two("xor", x, y)

    def shift_right(self, x: V, y: V) -> V:
        """x >> y (zeros come in for unsigned, the sign otherwise)."""
        return self._two("lshr" if self.is_unsigned(x) else "ashr", x, y)

    def shift_left(self, x: V, y: V) -> V:
        """x << y."""
        return self._two("shl", x, y)

    def rotate_left(self, x: V, count: int) -> V:
        """The bits of x moved left, those falling out coming in on the right."""
        return self.intrinsic("fshl", x, x, self.const(count, x))

    def bits(self, x: V, dtype: np.dtype[Any]) -> V:
        """The bits of x read as another dtype of the same size."""
        to = V("", dtype, x.lanes).type
        return self.f.let(f"bitcast {x} to {to}", dtype, x.lanes)

    # -- casts -------------------------------------------------------------------------------------

    def cast(self, x: V, dtype: np.dtype[Any]) -> V:
        """x in another dtype; floats become integers towards 0, anything but 0 becomes True."""
        if x.dtype == dtype:
            return x
        if dtype == dtypes.bool_:
            return self.ne(x, self.const(0, x))
        # NOTE: other ways to and from float16 are calls of a library that may not be there.
        if dtypes.float16 in (x.dtype, dtype) and dtypes.float32 not in (x.dtype, dtype):
            middle = self._odd_float32(x) if x.dtype == dtypes.float64 else x
            return self.cast(self.cast(middle, dtypes.float32), dtype)
        to = V("", dtype, x.lanes).type
        source, target = x.dtype, dtype
        if source.kind == "f" and target.kind == "f":
            instruction = "fpext" if target.itemsize > source.itemsize else "fptrunc"
        elif source.kind == "f":
            return self._to_integer(x, dtype)
        elif target.kind == "f":
            instruction = "uitofp" if source.kind in "ub" else "sitofp"
        elif target.itemsize > source.itemsize or source == dtypes.bool_:
            instruction = "zext" if source.kind in "ub" else "sext"
        elif target.itemsize < source.itemsize:
            instruction = "trunc"
        else:
            return V(x.text, dtype, x.lanes)
        return self.f.let(f"{instruction} {x} to {to}", dtype, x.lanes)

    def _odd_float32(self, x: V) -> V:
        """float64 as float32 rounded to the odd neighbour: rounded once more to float16 it is
        exact."""
        nearest = self.cast(x, dtypes.float32)
        back = self.cast(nearest, x.dtype)
        bits = self.bits(nearest, dtypes.int32)
        one = self.const(1, bits)
        below = self.select(self.gt(self.abs(back), self.abs(x)), self.sub(bits, one), bits)
        odd = self.select(self.ne(back, x), self.bit_or(below, one), bits)
        return self.bits(odd, dtypes.float32)

    def _to_integer(self, x: V, dtype: np.dtype[Any]) -> V:
        """Saturating where the number does not fit, 0 for NaN: never undefined."""
        if dtype.itemsize < 8 and dtype != dtypes.int32:
            wide = self._to_integer(x, dtypes.int64)
            return self.cast(wide, dtype)
        name = "fptosi.sat"
        to = V("", dtype, x.lanes).type
        element = {"half": "f16", "float": "f32", "double": "f64"}[V("", x.dtype).type]
        bits = f"i{8 * dtype.itemsize}"
        lanes = "" if x.lanes == 1 else f"v{x.lanes}"
        call = self.f.call(f"llvm.{name}.{lanes}{bits}.{lanes}{element}", to, str(x))
        return self.f.let(call, dtype, x.lanes)

    def lane_numbers(self, lanes: int, dtype: np.dtype[Any]) -> V:
        """The vector 0, 1, 2, ..."""
        if lanes == 1:
            return constant(0, dtype)
        numbers = ", ".join(str(constant(i, dtype)) for i in range(lanes))
        return V(f"<{numbers}>", dtype, lanes)
