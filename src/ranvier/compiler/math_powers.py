"""Powers. See math.py."""

from __future__ import annotations

import math

from .. import dtypes
from .emit import V, index
from .math_kit import Kit, through_float32


class Powers(Kit):
    """x to the power of y for integers and floats."""

    def pow(self, x: V, y: V) -> V:
        """x**y as np.power.

        An integer to a negative power, which NumPy refuses, is 1 / x**-y rounded towards 0.
        """
        x, y = self.level(x, y)
        if x.dtype.kind != "f":
            return self._integer_power(x, y)
        return self._float_power(x, y)

    # -- integers ---------------------------------------------------------------------------------

    def _integer_power(self, x: V, y: V) -> V:
        """By squaring, one turn of the loop for each bit of y; overflow wraps around."""
        zero, one = self.const(0, x), self.const(1, x)
        turns = 8 * y.dtype.itemsize
        with self.f.loop(index(0), index(turns), 1, [one, x, y]) as (_, loop):
            out, square, left = loop.values
            odd = self.ne(self.bit_and(left, one), zero)
            out = self.select(odd, self.mul(out, square), out)
            loop.next = [out, self.mul(square, square), self._halve(left)]
        out = loop.values[0]
        if x.dtype.kind == "u":
            return out
        # NOTE: the bits of y < 0 stand for an exponent of the same parity: right for x = 1 and -1.
        unit = self.eq(self.mul(x, x), one)
        unit = self.bit_and(unit, self.le(self.abs(x), one))
        return self.select(self.lt(y, zero), self.select(unit, out, zero), out)

    def _halve(self, y: V) -> V:
        return self.shift_right(y, self.const(1, y))

    # -- floats -----------------------------------------------------------------------------------

    @through_float32
    def _float_power(self, x: V, y: V) -> V:
        """exp(y log |x|), for float32 in float64; then the sign and the cases of IEEE 754."""
        size = self.abs(x)
        if x.dtype == dtypes.float32:
            size = self.cast(size, dtypes.float64)
        exponent = self.cast(y, size.dtype)
        # NOTE: with y finite 1**infinity comes out as exp(0); no result changes beyond 2**70.
        bound = 2.0**70
        exponent = self.clamp(exponent, -bound, bound)
        out = self.exp(self.mul(exponent, self.log(size)))
        out = self.cast(out, x.dtype)
        return self._power_cases(out, x, y)

    def _power_cases(self, out: V, x: V, y: V) -> V:
        """The sign of a negative x, NaN for its broken powers, 1 for x**0 and 1**y."""
        zero, one = self.const(0, x), self.const(1, x)
        half = self.mul(y, self.const(0.5, y))
        whole = self.eq(self.trunc(y), y)
        odd = self.bit_and(whole, self.ne(self.trunc(half), half))
        form = self.format(x)
        raw = self.bits(x, form.integer)
        sign = self.bit_and(raw, self.const(-1 << (8 * x.dtype.itemsize - 1), raw))
        out = self.resign(out, self.select(odd, sign, self.const(0, sign)))
        below = self.bit_and(self.lt(x, zero), self.gt(x, self.const(-math.inf, x)))
        broken = self.bit_and(below, self.bit_and(self.eq(y, y), self.ne(self.trunc(y), y)))
        out = self.select(broken, self.const(math.nan, x), out)
        sure = self.bit_or(self.eq(y, zero), self.eq(x, one))
        return self.select(sure, one, out)
