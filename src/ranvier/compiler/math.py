"""Special functions as polynomials in the machine's own arithmetic.

Every function reduces its argument to a short interval, evaluates a polynomial there
(polynomials.py) and puts the result together. Nothing branches: cases are told apart by `select`,
so the same lines serve one lane or sixteen. There is no call of a maths library and no fast-math,
and NaN, infinities, signed zeros and subnormal numbers come out as in NumPy. float16 is computed
in float32. The largest errors are published in docs/how_it_works/vector_math.md.
"""

from __future__ import annotations

import math

import numpy as np

from .. import dtypes
from .emit import V
from .math_kit import through_float32
from .math_powers import Powers
from .math_trigonometric import Trigonometry


class SpecialFunctions(Trigonometry, Powers):
    """exp, sigmoid, tanh, expm1, log, log1p and erf; sin, cos, atan2 and pow are inherited."""

    # -- exp and its kin --------------------------------------------------------------------------

    @through_float32
    def exp(self, x: V) -> V:
        """e**x as (exp(r) 2**j) 2**j, where x = 2 j ln 2 + r.

        Two factors reach infinity and the subnormal numbers, each with one rounding.
        """
        form = self.format(x)
        x = self.clamp(x, *form.exp_range)
        j, t = self.nearest(x, 0.5 / math.log(2))
        r = self.fma(j, self.const(-2 * form.ln2_high, x), x)
        r = self.fma(j, self.const(-2 * form.ln2_low, x), r)
        p = self.polynomial(r, (1.0, 1.0, *form.table["exp"]))
        scale = self.power_of_two(t)
        return self.mul(self.mul(p, scale), scale)

    @through_float32
    def sigmoid(self, x: V) -> V:
        """1 / (1 + exp(-x)), which with exp(-x) = exp(r) / 4**i is 4**i / (4**i + exp(r)).

        Written so, nothing overflows, and one division serves both signs.
        """
        form = self.format(x)
        x = self.clamp(x, form.exp_range[0], form.saturated)
        i, t = self.nearest(x, 0.5 / math.log(2))
        r = self.fma(i, self.const(2 * form.ln2_high, x), self.neg(x))
        r = self.fma(i, self.const(2 * form.ln2_low, x), r)
        p = self.polynomial(r, (1.0, 1.0, *form.table["exp"]))
        scale = self.power_of_two(t)
        return self.mul(scale, self.div(scale, self.fma(scale, scale, p)))

    def _expm1_parts(self, x: V, twice: bool) -> tuple[V, V]:
        """w = expm1(r) and t for `power_of_two`, where x (or 2 x) = k ln 2 + r."""
        form = self.format(x)
        unit = 2.0 if twice else 1.0
        k, t = self.nearest(x, unit / math.log(2))
        r = self.fma(k, self.const(-form.ln2_high / unit, x), x)
        r = self.fma(k, self.const(-form.ln2_low / unit, x), r)
        q = self.polynomial(r, [c * unit ** (i + 2) for i, c in enumerate(form.table["expm1"])])
        first = self.add(r, r) if twice else r
        return self.fma(r, self.mul(r, q), first), t

    @through_float32
    def tanh(self, x: V) -> V:
        """(1 - a + w) / (1 + a + w) for |x|, where exp(2 |x|) = (1 + w) / a.

        The difference cannot cancel: w is exact to its last bit and 1 - a is 0 or at least 1/2.
        """
        form = self.format(x)
        size, sign = self.signed(x)
        size = self.clamp(size, None, form.saturated / 2 + 1)
        w, t = self._expm1_parts(size, twice=True)
        a = self.power_of_two(t, -1)
        one = self.const(1, x)
        out = self.div(self.add(self.sub(one, a), w), self.add(self.add(one, a), w))
        return self.resign(out, sign)

    @through_float32
    def expm1(self, x: V) -> V:
        """exp(x) - 1 as 2 ((a - 1/2) + a w), where exp(x) = 2 a (1 + w)."""
        form = self.format(x)
        near = self.clamp(x, -form.saturated, form.exp_range[1])
        w, t = self._expm1_parts(near, twice=False)
        half = self.const(0.5, x)
        a = self.power_of_two(t, shift=-1)
        out = self.fma(a, w, self.sub(a, half))
        # NOTE: doubling comes last, for 2**k may be infinite; tiny x would lose bits by the halving.
        out = self.add(out, out)
        return self.select(self.lt(self.abs(x), self.const(form.tiny, x)), x, out)

    # -- log and its kin --------------------------------------------------------------------------

    def _split(self, x: V) -> tuple[V, V]:
        """Integer e and m in [sqrt(1/2), sqrt(2)) with x = 2**e m, for x > 0 and normal."""
        form = self.format(x)
        root = np.asarray(math.sqrt(0.5), x.dtype).view(form.integer)
        raw = self.bits(x, form.integer)
        base = self.const(int(root), raw)
        shifted = self.sub(raw, base)
        e = self.shift_right(shifted, self.const(form.mantissa, raw))
        m = self.add(self.bit_and(shifted, self.const((1 << form.mantissa) - 1, raw)), base)
        return e, self.bits(m, x.dtype)

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
        form = self.format(x)
        small = self.lt(x, self.const(np.finfo(x.dtype).smallest_normal, x))
        shift = form.mantissa + 2
        grown = self.select(small, self.mul(x, self.const(2.0**shift, x)), x)
        e, m = self._split(grown)
        e = self.select(small, self.sub(e, self.const(shift, e)), e)
        return self._log_limits(self._log_sum(e, self.sub(m, self.const(1, x))), x)

    @through_float32
    def log1p(self, x: V) -> V:
        """log(1 + x) by way of u, the rounded sum; what it lost goes back into f = m - 1."""
        form = self.format(x)
        one = self.const(1, x)
        u = self.add(x, one)
        e, m = self._split(u)
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
