"""Fit the polynomials of the special functions and print codegen/vector_math/coefficients.py.

Least squares at Chebyshev nodes, errors weighted to be relative ones, in 60 digits: within a small
factor of the best possible largest error. Coefficients are rounded to the dtype one after another
from the lowest; those still free are fitted again each time, so the later ones make up for the
rounding of the earlier ones. Needs mpmath:

    python tests/golden/make_polynomials.py > src/ranvier/codegen/vector_math/coefficients.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 60
Real = Callable[[mp.mpf], mp.mpf]

HEAD = '''"""Coefficients, lowest power first, as printed by tests/golden/make_polynomials.py."""

# fmt: off
'''


def fit(
    name: str,
    dtype: type[np.floating],
    f: Real,
    weight: Real,
    low: mp.mpf,
    high: mp.mpf,
    count: int,
    variable: Real,
) -> list[float]:
    """`count` coefficients of a polynomial in variable(x) near f, with errors times `weight`."""
    low, high = mp.mpf(low), mp.mpf(high)
    points = 6 * count + 20
    nodes = [mp.cos(mp.pi * (i + mp.mpf(1) / 2) / points) for i in range(points)]
    xs = [(low + high) / 2 + (high - low) / 2 * node for node in nodes]
    weights = [weight(x) for x in xs]
    left = [w * f(x) for w, x in zip(weights, xs, strict=True)]
    us = [variable(x) for x in xs]
    columns = [[w * u**j for w, u in zip(weights, us, strict=True)] for j in range(count)]
    gram = mp.matrix([[mp.fdot(a, b) for b in columns] for a in columns])
    done: list[float] = []
    for j in range(count):
        right = mp.matrix([mp.fdot(column, left) for column in columns[j:]])
        c = mp.lu_solve(gram[j:, j:], right)[0]
        done.append(float(dtype(float(c))))
        left = [t - done[-1] * p for t, p in zip(left, columns[j], strict=True)]
    worst = max(abs(t) for t in left)
    print(f"{name}: {count} coefficients, error 2**{float(mp.log(worst, 2)):.1f}", file=sys.stderr)
    return done


def square(x: mp.mpf) -> mp.mpf:
    return x * x


def tables(dtype: type[np.floating], counts: dict[str, int]) -> dict[str, list[float]]:
    """All polynomials for one dtype."""
    ln2, quarter = mp.log(2), mp.pi / 4
    tiny = mp.mpf(10) ** -6
    root = mp.sqrt(2)
    s_end = (root - 1) / (root + 1)
    edge, end = mp.mpf(1), mp.mpf("3.9375" if dtype is np.float32 else "5.9375")
    middle = (edge + end) / 2
    rows: dict[str, tuple[Real, Real, mp.mpf, mp.mpf, Real]] = {
        # exp(r) = 1 + r + r^2 Q(r)
        "exp": (
            lambda r: (mp.expm1(r) - r) / r**2,
            lambda r: r**2 / mp.exp(r),
            -ln2,
            ln2,
            lambda r: r,
        ),
        # expm1(r) = r + r^2 Q(r)
        "expm1": (
            lambda r: (mp.expm1(r) - r) / r**2,
            lambda r: r**2 / mp.expm1(r),
            -ln2 / 2,
            ln2 / 2,
            lambda r: r,
        ),
        # tanh(x) = x + x^3 Q(x^2) below 5/8
        "tanh": (
            lambda x: (mp.tanh(x) - x) / x**3,
            lambda x: x**3 / mp.tanh(x),
            tiny,
            mp.mpf(5) / 8,
            square,
        ),
        # log(1 + f) = f - f^2 / 2 + f^3 Q(f)
        "log": (
            lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3,
            lambda f: f**3 / mp.log1p(f),
            1 / root - 1,
            root - 1,
            lambda f: f,
        ),
        # log((1 + s) / (1 - s)) = 2 s + s^3 Q(s^2)
        "atanh": (
            lambda s: 2 * (mp.atanh(s) - s) / s**3,
            lambda s: s**3 / mp.atanh(s),
            tiny,
            s_end,
            square,
        ),
        # the same after the term 2 / 3 s^3
        "atanh_rest": (
            lambda s: (2 * (mp.atanh(s) - s) / s**3 - mp.mpf(2) / 3) / s**2,
            lambda s: s**5 / mp.atanh(s),
            tiny,
            s_end,
            square,
        ),
        # sin(r) = r + r^3 Q(r^2)
        "sin": (
            lambda r: (mp.sin(r) - r) / r**3,
            lambda r: r**3 / mp.sin(r),
            tiny,
            quarter,
            square,
        ),
        # cos(r) = 1 - r^2 / 2 + r^4 Q(r^2)
        "cos": (
            lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4,
            lambda r: r**4 / mp.cos(r),
            tiny,
            quarter,
            square,
        ),
        # erf(x) = x + x Q(x^2) up to 1
        "erf_low": (
            lambda x: mp.erf(x) / x - 1,
            lambda x: x / mp.erf(x),
            tiny,
            edge,
            square,
        ),
        # erf(x) = Q(x - middle) from 1 to where it rounds to 1
        "erf_high": (mp.erf, lambda x: 1 / mp.erf(x), edge, end, lambda x: x - middle),
        # atan(z) = z + z^3 Q(z^2)
        "atan": (
            lambda z: (mp.atan(z) - z) / z**3,
            lambda z: z**3 / mp.atan(z),
            tiny,
            mp.mpf(1),
            square,
        ),
    }
    out = {}
    for name, count in counts.items():
        f, weight, low, high, variable = rows[name]
        out[name] = fit(f"{dtype.__name__} {name}", dtype, f, weight, low, high, count, variable)
    return out


def show(name: str, table: dict[str, list[float]]) -> None:
    print(f"\n{name} = {{")
    for key, values in table.items():
        print(f'    "{key}": (')
        for value in values:
            print(f"        {value!r},")
        print("    ),")
    print("}")


def main() -> None:
    single = {
        "exp": 6, "expm1": 5, "tanh": 5, "log": 8, "sin": 3, "cos": 3, "erf_low": 7, "erf_high": 15,
        "atan": 9,
    }  # fmt: skip
    double = {
        "exp": 13, "expm1": 11, "tanh": 12, "atanh": 7, "atanh_rest": 8, "sin": 7, "cos": 6,
        "erf_low": 15, "erf_high": 38, "atan": 20,
    }  # fmt: skip
    short = {"expm1": 6, "atanh": 4}  # in float64 for results in float32
    print(HEAD, end="")
    show("FLOAT32", tables(np.float32, single))
    show("FLOAT64", tables(np.float64, double))
    show("FLOAT64_SHORT", tables(np.float64, short))


if __name__ == "__main__":
    main()
