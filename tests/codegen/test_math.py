"""Special functions against NumPy in higher precision: samples always, every float32 when asked.

`pytest -m slow tests/codegen/test_math.py -s` goes through all 2**32 float32 values of each
function of one argument and prints the table of docs/how_it_works/vector_math.md.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from codegen.vector_functions import Array, run, ulps, worst

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

Reference = Callable[..., Array]


def sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small))


def erf(x: Array) -> Array:
    """The error function, at most 1 ulp of float64 off."""
    from scipy.special import erf

    return erf(x.astype(np.float64)).astype(x.dtype)


# The reference, and the largest errors in ulp allowed in float32 and in float64.
FUNCTIONS: dict[str, tuple[Reference, float, float]] = {
    "exp": (np.exp, 1.7, 1.5),
    "expm1": (np.expm1, 1.6, 2.0),
    "log": (np.log, 1.0, 1.0),
    "log1p": (np.log1p, 1.6, 1.6),
    "tanh": (np.tanh, 1.5, 1.5),
    "sigmoid": (sigmoid, 2.0, 2.1),
    "erf": (erf, 1.2, 3.0),
    "sin": (np.sin, 1.6, 1.6),
    "cos": (np.cos, 1.6, 1.6),
}
LIMIT_16 = 0.51
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan]
POWERS = [*SPECIAL, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, 1.5, -1.5, 1e38, -1e38, 1e-40, -1e-40]
POWERS += [2.0**24, 2.0**24 + 1, 2.0**23 + 0.5, 2.0**53 + 2, 2.0**52 + 1, 1e308, -1e-310]


def special_values(dtype: type[np.floating]) -> Array:
    """Zeros, ones, infinities, NaN of several kinds, the ends of the range, powers of two."""
    info = np.finfo(dtype)
    ends = [info.max, info.smallest_normal, info.smallest_subnormal]
    numbers = np.array([*SPECIAL, *ends, *[-x for x in ends]], dtype)
    powers = np.ldexp(dtype(1), np.arange(info.minexp - info.nmant, info.maxexp))
    powers = np.concatenate([powers, -powers])
    nans = np.array([math.nan], dtype).view(f"u{info.bits // 8}") + np.arange(5, dtype="u1")
    near = [np.nextafter(powers, dtype(s * math.inf)) for s in (1, -1)]
    return np.concatenate([numbers, powers, *near, nans.view(dtype), -nans.view(dtype)])


def samples(dtype: type[np.floating], n: int) -> Array:
    """Random bit patterns, numbers where the functions bend, and the special values."""
    random = np.random.default_rng(7)
    bits = random.integers(0, 256, n * np.dtype(dtype).itemsize, np.uint8).view(dtype)
    wide, near = random.uniform(-750, 750, n), random.uniform(-4, 4, n)
    small = np.exp(random.uniform(-40, 1, n)) * random.choice([-1, 1], n)
    drawn = np.concatenate([wide, wide / 7, near, small]).astype(dtype)
    return np.concatenate([bits, drawn, special_values(dtype)])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_float32(name: str) -> None:
    reference, limit, _ = FUNCTIONS[name]
    x = samples(np.float32, 250_000)
    error, where = worst(run(name, x), reference(x.astype(np.float64)), x)
    assert error <= limit, where


def in_longdouble(name: str, x: Array) -> tuple[Array, Array]:
    """The reference for float64 in NumPy's longest type, and x within its reach."""
    if name in ("sin", "cos"):
        x = np.where(np.abs(x) < 2.0**50, x, np.float64(0.5))
    return FUNCTIONS[name][0](x.astype(np.longdouble)), x


longer = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="longdouble is no longer than float64 here"
)


@longer
@pytest.mark.parametrize("name", FUNCTIONS)
def test_float64(name: str) -> None:
    exact, x = in_longdouble(name, samples(np.float64, 50_000))
    error, where = worst(run(name, x), exact, x)
    assert error <= FUNCTIONS[name][2], where


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_float16(name: str) -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    error, where = worst(run(name, x), FUNCTIONS[name][0](x.astype(np.float64)), x)
    assert error <= LIMIT_16, where


@pytest.mark.parametrize("lanes", [1, 2, 16])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_number_of_lanes_does_not_change_a_bit(name: str, lanes: int) -> None:
    for dtype in (np.float32, np.float64):
        x = samples(dtype, 1000)
        bits = f"u{x.itemsize}"
        few, usual = run(name, x, lanes=lanes), run(name, x)
        assert np.array_equal(few, usual, equal_nan=True)
        whole = ~np.isnan(usual)
        assert np.array_equal(few.view(bits)[whole], usual.view(bits)[whole])


@longer
@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_fused_multiply_add(name: str) -> None:
    x = samples(np.float32, 20_000)
    error, where = worst(run(name, x, fma=False), FUNCTIONS[name][0](x.astype(np.float64)), x)
    assert error <= FUNCTIONS[name][1] + 0.5, where
    x = samples(np.float64, 20_000)
    if name in ("sin", "cos"):
        x = np.where(np.abs(x) < 2.0**20, x, 0.5)
    exact, x = in_longdouble(name, x)
    error, where = worst(run(name, x, fma=False), exact, x)
    assert error <= FUNCTIONS[name][2] + 0.5, where


def test_sine_next_to_its_zeros() -> None:
    x = np.array([7.729179e28, 13599309.0, 7024.601, 1.5707964, 3.1415927, 2.4709244e20], "f4")
    for name, reference in (("sin", np.sin), ("cos", np.cos)):
        error, where = worst(run(name, x), reference(x.astype(np.float64)), x)
        assert error <= 1.6, where


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_of_huge_float64_stays_in_range(name: str) -> None:
    x = 2.0 ** np.arange(50, 1024)
    assert np.all(np.abs(run(name, x)) <= 1)


def test_tanh_and_sigmoid_stay_in_range() -> None:
    for dtype in (np.float32, np.float64):
        x = samples(dtype, 50_000)
        x = x[~np.isnan(x)]
        assert np.all(np.abs(run("tanh", x)) <= 1)
        out = run("sigmoid", x)
        assert np.all((out >= 0) & (out <= 1))


# --- powers -------------------------------------------------------------------------------------


def power_samples(dtype: type[np.floating], n: int) -> tuple[Array, Array]:
    random = np.random.default_rng(8)
    x = [np.exp(random.uniform(-20, 20, n)), -np.exp(random.uniform(-2, 2, n))]
    y = [random.uniform(-9, 9, n), np.round(random.uniform(-90, 90, n))]
    x += [random.uniform(0.9, 1.1, n), random.uniform(0, 2, n)]
    y += [random.uniform(-900, 900, n), random.uniform(-400, 400, n)]
    special_x, special_y = np.meshgrid(POWERS, POWERS)
    x, y = [*x, special_x.ravel()], [*y, special_y.ravel()]
    return np.concatenate(x).astype(dtype), np.concatenate(y).astype(dtype)


@pytest.mark.parametrize("fma", [True, False])
def test_power_float32(fma: bool) -> None:
    x, y = power_samples(np.float32, 100_000)
    exact = np.power(x.astype(np.float64), y.astype(np.float64))
    error, where = worst(run("pow", x, y, fma=fma), exact, x, y)
    assert error <= 0.51, where


@longer
@pytest.mark.parametrize("fma", [True, False])
def test_power_float64(fma: bool) -> None:
    x, y = power_samples(np.float64, 50_000)
    exact = np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    error, where = worst(run("pow", x, y, fma=fma), exact, x, y)
    assert error <= (1.5 if fma else 2.0), where


def test_power_float16() -> None:
    x, y = power_samples(np.float16, 50_000)
    exact = np.power(x.astype(np.float64), y.astype(np.float64))
    error, where = worst(run("pow", x, y), exact, x, y)
    assert error <= LIMIT_16, where


@pytest.mark.parametrize("y", [2.0, 3.0, 0.5, -1.0, 0.0, 1.0, -2.0, 1.5])
def test_power_with_a_constant_exponent(y: float) -> None:
    x = samples(np.float32, 20_000)
    exact = np.power(x.astype(np.float64), np.full(len(x), y))
    error, where = worst(run("pow", x, second=y), exact, x)
    assert error <= 1.5, where


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8, np.uint32])
def test_power_of_integers(dtype: type[np.integer]) -> None:
    random = np.random.default_rng(9)
    info = np.iinfo(dtype)
    x = random.integers(info.min, info.max, 2000, dtype)
    y = random.integers(0, info.max, 2000, dtype)
    small = random.integers(0 if info.min == 0 else -9, 10, 2000).astype(dtype)
    for a, b in ((x, y), (small, y % 40), (x, np.zeros_like(x))):
        assert np.array_equal(run("pow", a, b), np.power(a, b))
    for exponent in (0, 1, 2, 5):
        assert np.array_equal(run("pow", x, second=exponent), np.power(x, dtype(exponent)))


def test_negative_powers_of_integers_are_rounded_towards_zero() -> None:
    x = np.array([1, -1, -1, 2, -2, 0, -(2**31)], np.int32)
    y = np.array([-3, -3, -4, -1, -1, -1, -1], np.int32)
    assert run("pow", x, y).tolist() == [1, -1, 1, 0, 0, 0, 0]


# --- angles -------------------------------------------------------------------------------------


@longer
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_atan2(dtype: type[np.floating]) -> None:
    y = samples(dtype, 50_000)
    x = np.random.default_rng(10).permutation(y)
    special_y, special_x = np.meshgrid(POWERS, POWERS)
    y = np.concatenate([y, special_y.ravel().astype(dtype)])
    x = np.concatenate([x, special_x.ravel().astype(dtype)])
    wide = np.longdouble if dtype is np.float64 else np.float64
    error, where = worst(run("atan2", y, x), np.arctan2(y.astype(wide), x.astype(wide)), y, x)
    assert error <= (LIMIT_16 if dtype is np.float16 else 1.7), where


# --- the tester ---------------------------------------------------------------------------------


def test_errors_are_counted_as_documented() -> None:
    one = np.float32(1)
    out = np.array([1, np.nextafter(one, 2), 0.0, math.nan, math.inf, np.inf, 1e-45], np.float32)
    exact = np.array([1, 1, -0.0, 1, math.inf, np.finfo(np.float32).max, 0])
    assert ulps(out, exact).tolist() == [0, 1, math.inf, math.inf, 0, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_float32(name: str) -> None:
    reference, limit, _ = FUNCTIONS[name]
    largest, input_of_largest = 0.0, ""
    step = 1 << 22
    for start in range(0, 1 << 32, step):
        x = np.arange(start, start + step, dtype=np.uint32).view(np.float32)
        out, exact = run(name, x), reference(x.astype(np.float64))
        nearest = exact.astype(np.float32)
        differs = out.view(np.uint32) != nearest.view(np.uint32)
        differs &= ~(np.isnan(out) & np.isnan(nearest))
        if not differs.any():
            continue
        error, where = worst(out[differs], exact[differs], x[differs])
        if error > largest:
            largest, input_of_largest = error, where
    print(f"\n{name:8} {largest:.3f} {input_of_largest}", file=sys.stderr)
    assert largest <= limit, input_of_largest


@pytest.mark.slow
@longer
def test_many_float64() -> None:
    drawn: dict[str, Any] = {}
    for name in FUNCTIONS:
        exact, x = in_longdouble(name, samples(np.float64, 2_000_000))
        drawn[name] = worst(run(name, x), exact, x)
        print(f"\n{name:8} {drawn[name][0]:.3f} {drawn[name][1]}", file=sys.stderr)
    assert {name: e for name, (e, _) in drawn.items() if e > FUNCTIONS[name][2]} == {}
