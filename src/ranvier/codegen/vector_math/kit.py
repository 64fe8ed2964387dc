"""What the special functions share: constants of each dtype, polynomials, rounding, signs."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ..ir_builder import Function, V
from .coefficients import FLOAT32, FLOAT64


class Format(NamedTuple):
    """What the functions need to know about a float dtype."""

    integer: np.dtype[Any]  # of the same size
    mantissa: int  # bits after the point
    magic: float  # 1.5 * 2**mantissa: adding it leaves the nearest integer in the lowest bits
    one: int  # the bits of 1.0
    ln2_high: float  # with so few bits that its product with any exponent is exact
    ln2_low: float
    table: dict[str, tuple[float, ...]]
    exp_range: tuple[float, float]  # beyond, exp is infinite or rounds to 0
    saturated: float  # 1 + exp(-saturated) rounds to 1
    erf_end: float  # erf rounds to 1 beyond
    tiny: float  # x + x * x rounds to x below it


LN2_LOW = 2.3190468138462996e-17  # ln 2 minus its float64

F32 = Format(
    integer=dtypes.int32,
    mantissa=23,
    magic=1.5 * 2**23,
    one=0x3F800000,
    ln2_high=math.floor(math.log(2) * 2**15) / 2**15,
    ln2_low=math.log(2) - math.floor(math.log(2) * 2**15) / 2**15,
    table=FLOAT32,
    exp_range=(-104.0, 89.0),
    saturated=18.0,
    erf_end=3.9375,
    tiny=2.0**-26,
)
F64 = Format(
    integer=dtypes.int64,
    mantissa=52,
    magic=1.5 * 2**52,
    one=0x3FF0000000000000,
    ln2_high=math.floor(math.log(2) * 2**40) / 2**40,
    ln2_low=math.log(2) - math.floor(math.log(2) * 2**40) / 2**40 + LN2_LOW,
    table=FLOAT64,
    exp_range=(-746.0, 710.0),
    saturated=38.0,
    erf_end=5.9375,
    tiny=2.0**-55,
)


def through_float32(method: Callable[..., V]) -> Callable[..., V]:
    """float16 is widened to float32 and the result narrowed."""

    @functools.wraps(method)
    def wide(self: Kit, *xs: V) -> V:
        xs = self.level(*xs)
        if xs[0].dtype != dtypes.float16:
            return method(self, *xs)
        out = method(self, *[self.cast(x, dtypes.float32) for x in xs])
        return self.cast(out, dtypes.float16)

    return wide


class Kit:
    """Helpers of the special functions on top of the machine's arithmetic."""

    # What the machine supplies.
    f: Function
    has_fma: bool
    add: Callable[[V, V], V]
    sub: Callable[[V, V], V]
    mul: Callable[[V, V], V]
    div: Callable[[V, V], V]
    fma: Callable[[V, V, V], V]
    neg: Callable[[V], V]
    abs: Callable[[V], V]
    sqrt: Callable[[V], V]
    round: Callable[[V], V]
    trunc: Callable[[V], V]
    eq: Callable[[V, V], V]
    ne: Callable[[V, V], V]
    lt: Callable[[V, V], V]
    le: Callable[[V, V], V]
    gt: Callable[[V, V], V]
    ge: Callable[[V, V], V]
    select: Callable[[V, V, V], V]
    bit_and: Callable[[V, V], V]
    bit_or: Callable[[V, V], V]
    bit_xor: Callable[[V, V], V]
    shift_left: Callable[[V, V], V]
    shift_right: Callable[[V, V], V]
    bits: Callable[[V, np.dtype[Any]], V]
    cast: Callable[[V, np.dtype[Any]], V]
    const: Callable[[float, V], V]
    level: Callable[..., tuple[V, ...]]

    def format(self, x: V) -> Format:
        """The constants for the dtype of x."""
        return F32 if x.dtype == dtypes.float32 else F64

    def polynomial(self, x: V, coefficients: Sequence[float]) -> V:
        """c[0] + c[1] x + c[2] x^2 + ... by Horner's rule."""
        *rest, last = coefficients
        out = self.const(last, x)
        for c in reversed(rest):
            out = self.fma(out, x, self.const(c, x))
        return out

    def clamp(self, x: V, low: float | None, high: float) -> V:
        """x within [low, high]; NaN stays."""
        if low is not None:
            bound = self.const(low, x)
            x = self.select(self.lt(x, bound), bound, x)
        bound = self.const(high, x)
        return self.select(self.gt(x, bound), bound, x)

    def nearest(self, x: V, factor: float) -> tuple[V, V]:
        """The integer nearest to x * factor; and a float that holds it in its lowest bits."""
        magic = self.const(self.format(x).magic, x)
        t = self.fma(x, self.const(factor, x), magic)
        return self.sub(t, magic), t

    def power_of_two(self, t: V, sign: int = 1, shift: int = 0) -> V:
        """2**(k + shift), or 2**(shift - k) with sign -1, for the k in the lowest bits of t."""
        form = self.format(t)
        k = self.bits(t, form.integer)
        k = self.shift_left(k, self.const(form.mantissa, k))
        one = self.const(form.one + (shift << form.mantissa), k)
        return self.bits(self.add(one, k) if sign > 0 else self.sub(one, k), t.dtype)

    def signed(self, x: V) -> tuple[V, V]:
        """|x|, and the sign of x as bits for `resign`."""
        form = self.format(x)
        raw = self.bits(x, form.integer)
        sign = self.bit_and(raw, self.const(-1 << (8 * x.dtype.itemsize - 1), raw))
        return self.bits(self.bit_xor(raw, sign), x.dtype), sign

    def resign(self, x: V, sign: V) -> V:
        """x, negated where the sign bits are set."""
        return self.bits(self.bit_xor(self.bits(x, sign.dtype), sign), x.dtype)

    def split(self, x: V) -> tuple[V, V]:
        """Integer e and m in [sqrt(1/2), sqrt(2)) with x = 2**e m, for x > 0 and normal."""
        form = self.format(x)
        root = np.asarray(math.sqrt(0.5), x.dtype).view(form.integer)
        raw = self.bits(x, form.integer)
        base = self.const(int(root), raw)
        shifted = self.sub(raw, base)
        e = self.shift_right(shifted, self.const(form.mantissa, raw))
        m = self.add(self.bit_and(shifted, self.const((1 << form.mantissa) - 1, raw)), base)
        return e, self.bits(m, x.dtype)

    def grow(self, x: V) -> tuple[V, V, int]:
        """Where x > 0 is subnormal, x made normal there, and the exponent of the factor."""
        small = self.lt(x, self.const(np.finfo(x.dtype).smallest_normal, x))
        shift = self.format(x).mantissa + 2
        return small, self.select(small, self.mul(x, self.const(2.0**shift, x)), x), shift

    def exp_of_sum(self, x: V, low: V | None = None) -> V:
        """e**(x + low) as (exp(r) 2**j) 2**j, where x + low = 2 j ln 2 + r.

        Two factors reach infinity and the subnormal numbers, each with one rounding.
        """
        form = self.format(x)
        x = self.clamp(x, *form.exp_range)
        j, t = self.nearest(x, 0.5 / math.log(2))
        r = self.fma(j, self.const(-2 * form.ln2_high, x), x)
        part = self.const(-2 * form.ln2_low, x)
        r = self.fma(j, part, r) if low is None else self.add(r, self.fma(j, part, low))
        p = self.polynomial(r, (1.0, 1.0, *form.table["exp"]))
        scale = self.power_of_two(t)
        return self.mul(self.mul(p, scale), scale)
