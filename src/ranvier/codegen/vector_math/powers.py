"""Powers. See polynomials.py."""

from __future__ import annotations

import math

from ... import dtypes
from ..ir_builder import V, index
from .coefficients import FLOAT64_SHORT
from .kit import F64, Kit, through_float32

TWO_THIRDS_LOW = 2 / 3 * 2.0**-54  # 2 / 3 minus its float64


class Powers(Kit):
    """x to the power of y for integers and floats."""

    def pow(self, x: V, y: V) -> V:
        """x**y as np.power.

        An integer to a negative power, which NumPy refuses, is 1 / x**-y rounded towards 0.
        """
        if x.dtype.kind != "f":
            return self._integer_power(*self.level(x, y))
        for exponent in (2.0, 3.0, 0.5, -1.0):
            if y.text == self.const(exponent, y).text:
                return self._known_power(x, exponent)
        if x.dtype == dtypes.float64:
            return self._power64(*self.level(x, y))
        return self._power32(x, y)

    def _known_power(self, x: V, y: float) -> V:
        """The exponents that stand in programs as constants."""
        if y > 1:
            square = self.mul(x, x)
            return square if y == 2 else self.mul(square, x)
        if y == -1:
            return self.div(self.const(1, x), x)
        # NOTE: the powers 1/2 of -0 and of -infinity are 0 and infinity, unlike their roots.
        root = self.sqrt(self.add(x, self.const(0, x)))
        least = self.eq(x, self.const(-math.inf, x))
        return self.select(least, self.const(math.inf, x), root)

    # -- integers ---------------------------------------------------------------------------------

    def _integer_power(self, x: V, y: V) -> V:
        """By squaring, an iteration for each bit of y; overflow wraps around."""
        zero, one = self.const(0, x), self.const(1, x)
        iterations = 8 * y.dtype.itemsize
        if y.text.isdigit():
            iterations = int(y.text).bit_length()
        with self.f.loop(index(0), index(iterations), 1, [one, x, y]) as (_, loop):
            out, square, left = loop.values
            odd = self.ne(self.bit_and(left, one), zero)
            out = self.select(odd, self.mul(out, square), out)
            left = self.shift_right(left, one)
            loop.next = [out, self.mul(square, square), left]
        out = loop.values[0]
        if x.dtype.kind == "u":
            return out
        # NOTE: the bits of y < 0 stand for an exponent of the same parity: right for x = 1 and -1.
        unit = self.eq(self.abs(x), one)
        return self.select(self.lt(y, zero), self.select(unit, out, zero), out)

    # -- floats -----------------------------------------------------------------------------------

    @through_float32
    def _power32(self, x: V, y: V) -> V:
        """exp(y log |x|) in float64, with polynomials just long enough."""
        size = self.cast(self.abs(x), dtypes.float64)
        e, m = self.split(size)
        one = self.const(1, size)
        f = self.sub(m, one)
        s = self.div(f, self.add(m, one))
        square = self.mul(s, s)
        q = self.polynomial(square, (2.0, *FLOAT64_SHORT["atanh"]))
        log = self.fma(self.cast(e, size.dtype), self.const(math.log(2), size), self.mul(s, q))
        # NOTE: nothing changes beyond 2**70, but infinity times the logarithm of 1 would be NaN.
        z = self.mul(self.cast(self.clamp(y, -(2.0**70), 2.0**70), size.dtype), log)
        z = self.clamp(z, -200.0, 200.0)
        k, t = self.nearest(z, 1 / math.log(2))
        r = self.fma(k, self.const(-math.log(2), z), z)
        p = self.polynomial(r, (1.0, 1.0, *FLOAT64_SHORT["expm1"]))
        out = self.cast(self.mul(p, self.power_of_two(t)), x.dtype)
        return self._power_cases(out, x, y)

    def _power64(self, x: V, y: V) -> V:
        """exp(y log |x|) with the logarithm and the product as sums of two float64."""
        y_ = self.clamp(y, -(2.0**70), 2.0**70)
        high, low = self._log_pair(self.abs(x))
        z = self.mul(y_, high)
        rest = self.fma(y_, low, self.lost(y_, high, z))
        # NOTE: where z is clamped the rest would be beyond all bounds too.
        usual = self.lt(self.abs(z), self.const(1024, z))
        rest = self.select(usual, rest, self.const(0, z))
        return self._power_cases(self.exp_of_sum(z, rest), x, y)

    def lost(self, x: V, y: V, product: V) -> V:
        """What rounding took from x * y, exactly."""
        if self.has_fma:
            return self.fma(x, y, self.neg(product))
        x_high, y_high = self._upper(x), self._upper(y)
        x_low, y_low = self.sub(x, x_high), self.sub(y, y_high)
        out = self.sub(self.mul(x_high, y_high), product)
        out = self.add(self.add(out, self.mul(x_high, y_low)), self.mul(x_low, y_high))
        return self.add(out, self.mul(x_low, y_low))

    def _upper(self, x: V) -> V:
        """The upper half of the bits of a float64."""
        raw = self.bits(x, dtypes.int64)
        return self.bits(self.bit_and(raw, self.const(-1 << 27, raw)), x.dtype)

    def _log_pair(self, x: V) -> tuple[V, V]:
        """log x as high + low with about 68 bits: log of 2**e (1 + s) / (1 - s), s in two parts.

        In e ln 2 + 2 s + 2/3 s^3 + s^5 Q(s^2) all but the last term need more than one float64.
        """
        small, grown, shift = self.grow(x)
        e, m = self.split(grown)
        e = self.select(small, self.sub(e, self.const(shift, e)), e)
        e = self.cast(e, x.dtype)
        one, two = self.const(1, x), self.const(2, x)
        f, d = self.sub(m, one), self.add(m, one)
        d_low = self.sub(m, self.sub(d, one))
        inverse = self.div(one, d)
        s = self.mul(f, inverse)
        product = self.mul(s, d)
        left = self.sub(self.sub(f, product), self.lost(s, d, product))
        s_low = self.mul(self.sub(left, self.mul(s, d_low)), inverse)

        square = self.mul(s, s)
        square_low = self.fma(self.mul(two, s), s_low, self.lost(s, s, square))
        cube = self.mul(s, square)
        cube_low = self.fma(s_low, square, self.fma(s, square_low, self.lost(s, square, cube)))
        tail = self.mul(square, self.polynomial(square, F64.table["atanh_rest"]))
        third = self.const(2 / 3, x)
        c = self.add(third, tail)
        c_low = self.add(self.add(self.sub(third, c), tail), self.const(TWO_THIRDS_LOW, x))
        term = self.mul(cube, c)
        term_low = self.fma(cube, c_low, self.fma(cube_low, c, self.lost(cube, c, term)))

        low = self.fma(e, self.const(F64.ln2_low, x), term_low)
        low = self.fma(two, s_low, low)
        high = self.const(0, x)
        for part in (self.mul(e, self.const(F64.ln2_high, x)), self.mul(two, s), term):
            total = self.add(high, part)
            low = self.add(low, self.sub(part, self.sub(total, high)))
            high = total
        total = self.add(high, low)
        return total, self.sub(low, self.sub(total, high))

    def _power_cases(self, out: V, x: V, y: V) -> V:
        """`out`, the power of |x|, with the cases of IEEE 754 put right."""
        zero, one = self.const(0, x), self.const(1, x)
        endless = self.const(math.inf, x)
        size, sign = self.signed(x)
        # 0 and infinity
        none = self.eq(size, zero)
        up = self.bit_xor(none, self.gt(y, zero))
        extreme = self.bit_or(none, self.eq(size, endless))
        out = self.select(extreme, self.select(up, endless, zero), out)
        # the sign of x, if y is odd; NaN for a negative x, if y is not whole
        half = self.mul(y, self.const(0.5, y))
        whole = self.eq(self.trunc(y), y)
        odd = self.bit_and(whole, self.ne(self.trunc(half), half))
        out = self.resign(out, self.select(odd, sign, self.const(0, sign)))
        negative = self.bit_and(self.lt(x, zero), self.lt(size, endless))
        broken = self.bit_and(negative, self.ne(self.trunc(y), y))
        broken = self.bit_or(broken, self.bit_or(self.ne(x, x), self.ne(y, y)))
        out = self.select(broken, self.const(math.nan, x), out)
        # x**0 and 1**y, even of NaN
        sure = self.bit_or(self.eq(y, zero), self.eq(x, one))
        return self.select(sure, one, out)
