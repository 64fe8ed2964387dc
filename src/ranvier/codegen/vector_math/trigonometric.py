"""sin, cos and atan2. See polynomials.py."""

from __future__ import annotations

import functools
import math

from ... import dtypes
from ..ir_builder import V
from .kit import Kit, through_float32

# 1 / (2 pi) in parts of 29 bits: the product of each with a float32 is exact in float64.
INVERSE_TWO_PI = (
    0.15915494272485375,
    3.6704158115630214e-10,
    5.690025167992954e-19,
    1.4703036846932608e-27,
    2.5867171752090537e-36,
    9.458140877728297e-46,
    9.301187196294348e-54,
)
# pi / 2 in three parts; the first two times integers up to 2**20 are exact in float64.
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21)
HALF_PI_LOW = 6.123233995736766e-17  # pi / 2 minus its float64


class Trigonometry(Kit):
    """sin, cos and atan2."""

    @through_float32
    def sin(self, x: V) -> V:
        """The sine."""
        size, sign = self.signed(x)
        return self.resign(self._sine(size, 0), sign)

    @through_float32
    def cos(self, x: V) -> V:
        """The cosine: the sine a quarter of a period later."""
        return self._sine(self.abs(x), 1)

    def _sine(self, x: V, later: int) -> V:
        """The sine of x >= 0 and `later` quarters of a period, from r = x - q pi / 2 in +-pi /
        4."""
        r, q = self._reduce(x) if x.dtype == dtypes.float32 else self._reduce64(x)
        q = self.add(q, self.const(later, q))
        table = self.format(x).table
        one = self.const(1, x)
        square = self.mul(r, r)
        cubic = self.mul(square, r)
        sine = self.fma(cubic, self.polynomial(square, table["sin"]), r)
        cosine = self.polynomial(square, (-0.5, *table["cos"]))
        cosine = self.fma(square, cosine, one)
        odd = self.ne(self.bit_and(q, self.const(1, q)), self.const(0, q))
        top = 8 * x.dtype.itemsize - 1
        flip = self.shift_left(self.shift_right(q, self.const(1, q)), self.const(top, q))
        return self.resign(self.select(odd, cosine, sine), flip)

    def _reduce(self, x: V) -> tuple[V, V]:
        """r and q for any finite float32, in float64.

        x / (2 pi) is a sum of exact partial products; whole periods drop out of each of them.
        """
        wide = self.cast(x, dtypes.float64)
        products = [self.mul(wide, self.const(part, wide)) for part in INVERSE_TWO_PI]
        parts = [self.sub(product, self.round(product)) for product in products]
        q, t = self.nearest(functools.reduce(self.add, parts), 4.0)
        # NOTE: q comes off first, so that the small parts are added to what is left, not to q.
        parts[0] = self.fma(q, self.const(-0.25, q), parts[0])
        r = self.mul(functools.reduce(self.add, parts), self.const(2 * math.pi, q))
        return self.cast(r, x.dtype), self.cast(self.bits(t, dtypes.int64), dtypes.int32)

    def _reduce64(self, x: V) -> tuple[V, V]:
        """r and q for float64 below 2**50 (2**20 without fma); beyond, only sure to be in range."""
        q, t = self.nearest(x, 2 / math.pi)
        first, second, third = (self.const(part, x) for part in HALF_PI)
        x = self.fma(self.neg(q), first, x)
        part = self.mul(q, second)
        r = self.sub(x, part)
        lost = self.sub(self.sub(x, r), part)
        lost = self.sub(lost, self.fma(q, second, self.neg(part)))
        r = self.add(r, self.fma(self.neg(q), third, lost))
        return self.clamp(r, -1.0, 1.0), self.bits(t, dtypes.int64)

    @through_float32
    def atan2(self, y: V, x: V) -> V:
        """The angle of the point (x, y), from atan(z) with z = smaller / larger of |x| and |y|."""
        form = self.format(x)
        across, left = self.signed(x)
        up, sign = self.signed(y)
        steep = self.lt(across, up)
        small = self.select(steep, across, up)
        large = self.select(steep, up, across)
        zero, one = self.const(0, x), self.const(1, x)
        # NOTE: 0 / 0 and infinity / infinity are NaN; the angles meant are those of 0 and of 1.
        same = self.select(self.eq(large, zero), zero, one)
        z = self.select(self.eq(small, large), same, self.div(small, large))
        square = self.mul(z, z)
        cubic = self.mul(square, z)
        angle = self.fma(cubic, self.polynomial(square, form.table["atan"]), z)
        angle = self._away(steep, math.pi / 2, HALF_PI_LOW, angle)
        behind = self.lt(left, self.const(0, left))
        angle = self._away(behind, math.pi, 2 * HALF_PI_LOW, angle)
        return self.resign(angle, sign)

    def _away(self, condition: V, high: float, low: float, angle: V) -> V:
        """high + low - angle where the condition holds."""
        rounded = float(angle.dtype.type(high))
        low += high - rounded
        complement = self.add(self.sub(self.const(rounded, angle), angle), self.const(low, angle))
        return self.select(condition, complement, angle)
