"""Special functions as polynomials in the machine's own arithmetic.

Every function reduces its argument to a short interval, evaluates a polynomial there
(coefficients.py) and puts the result together. Nothing branches: cases are told apart by `select`,
so the same lines serve one lane or sixteen. There is no call of a maths library and no fast-math,
and NaN, infinities, signed zeros and subnormal numbers come out as in NumPy. float16 is computed
in float32. The largest errors are published in docs/how_it_works/vector_math.md.
"""

from __future__ import annotations

import math

from ... import dtypes
from ..ir_builder import V
from .kit import through_float32
from .powers import Powers
from .trigonometric import Trigonometry


class SpecialFunctions(Trigonometry, Powers):
    """exp, sigmoid, tanh, expm1, log, log1p and erf; sin, cos, atan2 and pow are inherited."""

    # -- exp and its kin --------------------------------------------------------------------------

    @through_float32
    def exp(self, x: V) -> V:
        """e**x."""
        return self.exp_of_sum(x)

    @through_float32
    def sigmoid(self, x: V) -> V:
        """1 / (1 + exp(-x)), which with exp(-x) = (1 + w) / a is a / (1 + a + w).

        Written so, one division serves both signs. Both its parts are 2**n times as large, so that
        the upper one stays a normal number where the result is not.
        """
        form = self.format(x)
        x = self.clamp(x, form.exp_range[0], form.saturated)
        i, t = self.nearest(x, 1 / math.log(2))
        r = self.fma(i, self.const(form.ln2_high, x), self.neg(x))
        r = self.fma(i, self.const(form.ln2_low, x), r)
        w = self.fma(r, self.mul(r, self.polynomial(r, form.table["expm1"])), r)
        n = form.mantissa + 9
        large = self.const(2.0**n, x)
        a = self.power_of_two(t, shift=n)
        return self.div(a, self.add(self.fma(w, large, a), large))

    @through_float32
    def tanh(self, x: V) -> V:
        """x + x^3 P(x^2) below 5/8; above it 1 - 2 / (exp(2 x) + 1), where nothing cancels."""
        form = self.format(x)
        one, two = self.const(1, x), self.const(2, x)
        size, sign = self.signed(x)
        square = self.mul(size, size)
        low = self.polynomial(square, form.table["tanh"])
        low = self.fma(self.mul(square, size), low, size)
        # 2 |x| = k ln 2 + 2 r
        clamped = self.clamp(size, None, form.saturated / 2 + 1)
        k, t = self.nearest(clamped, 2 / math.log(2))
        r = self.fma(k, self.const(-form.ln2_high / 2, x), clamped)
        r = self.fma(k, self.const(-form.ln2_low / 2, x), r)
        powers = enumerate((1.0, 1.0, *form.table["expm1"]))
        p = self.polynomial(r, [c * 2.0**i for i, c in powers])
        high = self.sub(one, self.div(two, self.fma(p, self.power_of_two(t), one)))
        return self.resign(self.select(self.lt(size, self.const(0.625, x)), low, high), sign)

    @through_float32
    def expm1(self, x: V) -> V:
        """exp(x) - 1 as 2 ((a - 1/2) + a w), where exp(x) = 2 a (1 + w)."""
        form = self.format(x)
        clamped = self.clamp(x, -form.saturated, form.exp_range[1])
        k, t = self.nearest(clamped, 1 / math.log(2))
        r = self.fma(k, self.const(-form.ln2_high, x), clamped)
        r = self.fma(k, self.const(-form.ln2_low, x), r)
        w = self.fma(r, self.mul(r, self.polynomial(r, form.table["expm1"])), r)
        half = self.const(0.5, x)
        a = self.power_of_two(t, shift=-1)
        out = self.fma(a, w, self.sub(a, half))
        # NOTE: doubling comes last, for 2**k may be infinite; tiny x would lose bits by halving.
        out = self.add(out, out)
        return self.select(self.lt(self.abs(x), self.const(form.tiny, x)), x, out)

    # -- log and its kin --------------------------------------------------------------------------

    def _log_sum(self, e: V, f: V) -> V:
        """e ln 2 + log(1 + f)."""
        form = self.format(f)
        e = self.cast(e, f.dtype)
        low = self.mul(e, self.const(form.ln2_low, f))
        half = self.mul(f, self.mul(f, self.const(0.5, f)))
        if f.dtype == dtypes.float32:
            cubic = self.mul(f, self.polynomial(f, form.table["log"]))
            rest = self.fma(self.mul(f, f), cubic, self.sub(low, half))
        else:  # s = f / (2 + f): 2 s + s^3 Q(s^2) = f - f^2 / 2 + s (f^2 / 2 + s^2 Q)
            s = self.div(f, self.add(f, self.const(2, f)))
            square = self.mul(s, s)
            q = self.mul(square, self.polynomial(square, form.table["atanh"]))
            rest = self.sub(self.fma(s, self.add(half, q), low), half)
        return self.fma(e, self.const(form.ln2_high, f), self.add(f, rest))

    def _log_limits(self, out: V, x: V) -> V:
        """`out`, with the logarithm of 0, of infinity, of negative numbers and of NaN put right."""
        zero = self.const(0, x)
        out = self.select(self.lt(x, self.const(math.inf, x)), out, x)
        least = self.select(self.eq(x, zero), self.const(-math.inf, x), self.const(math.nan, x))
        return self.select(self.gt(x, zero), out, least)

    @through_float32
    def log(self, x: V) -> V:
        """The natural logarithm, e ln 2 + log(m), where x = 2**e m."""
        small, grown, shift = self.grow(x)
        e, m = self.split(grown)
        e = self.select(small, self.sub(e, self.const(shift, e)), e)
        return self._log_limits(self._log_sum(e, self.sub(m, self.const(1, x))), x)

    @through_float32
    def log1p(self, x: V) -> V:
        """log(1 + x) by way of u, the rounded sum; what it lost goes back into f = m - 1."""
        form = self.format(x)
        one = self.const(1, x)
        u = self.add(x, one)
        e, m = self.split(u)
        lost = self.sub(x, self.sub(u, one))
        # NOTE: beyond 2**100 the lost part does not matter, but 2**-e must stay a normal number.
        bound = self.const(100, e)
        shift = self.select(self.gt(e, bound), bound, e)
        shift = self.shift_left(shift, self.const(form.mantissa, e))
        scale = self.bits(self.sub(self.const(form.one, e), shift), x.dtype)
        f = self.fma(lost, scale, self.sub(m, one))
        out = self._log_limits(self._log_sum(e, f), u)
        return self.select(self.lt(self.abs(x), self.const(form.tiny, x)), x, out)

    # -- erf --------------------------------------------------------------------------------------

    @through_float32
    def erf(self, x: V) -> V:
        """x + x P(x^2) below 1, then a polynomial in |x| until the function rounds to 1."""
        form = self.format(x)
        low = self.fma(x, self.polynomial(self.mul(x, x), form.table["erf_low"]), x)
        size, sign = self.signed(x)
        end = self.const(form.erf_end, x)
        middle = self.const((1 + form.erf_end) / 2, x)
        high = self.polynomial(self.sub(size, middle), form.table["erf_high"])
        one = self.const(1, x)
        high = self.resign(self.select(self.gt(size, end), one, high), sign)
        return self.select(self.lt(size, one), low, high)
