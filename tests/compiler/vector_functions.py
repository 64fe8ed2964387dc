"""Functions of the machine, compiled to run over whole arrays; and errors counted in ulp."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ranvier.compiler.build import Code, build, host
from ranvier.compiler.emit import Function, index
from ranvier.compiler.machine import Machine

Array = np.ndarray[Any, Any]


def source(name: str, dtype: np.dtype[Any], operands: int, lanes: int, fma: bool) -> str:
    """LLVM IR of a loop that applies the machine's method `name`."""
    arguments = [*[f"ptr %x{i}" for i in range(operands)], "ptr %out", "i64 %n"]
    f = Function("over_arrays", arguments, linkage="dso_local")
    m = Machine(f, fma)
    with f.loop(index(0), index("%n"), lanes) as (i, _):
        xs = [m.memory.load(f"%x{k}", dtype, i, lanes) for k in range(operands)]
        m.memory.store("%out", getattr(m, name)(*xs), i)
    return "\n".join([*sorted(f.needs), f.text(), "attributes #0 = { nounwind }", ""])


@functools.cache
def compiled(name: str, dtype: np.dtype[Any], operands: int, lanes: int, fma: bool) -> Code:
    return build(source(name, dtype, operands, lanes, fma))


def run(name: str, *xs: Array, lanes: int | None = None, fma: bool | None = None) -> Array:
    """The machine's function `name` over flat arrays of one dtype and length."""
    dtype, n = xs[0].dtype, len(xs[0])
    lanes = lanes or host().vector_bytes // dtype.itemsize
    padded = [np.pad(x, (0, -n % lanes), mode="edge") for x in xs]
    out = np.empty_like(padded[0])
    code = compiled(name, dtype, len(xs), lanes, host().fma if fma is None else fma)
    kinds = [ctypes.c_void_p] * (len(xs) + 1) + [ctypes.c_int64]
    function = ctypes.CFUNCTYPE(None, *kinds)(code.address("over_arrays"))
    function(*[a.ctypes.data for a in [*padded, out]], len(out))
    return out[:n]


def ulps(out: Array, exact: Array) -> Array:
    """The distance of `out` from the more precise `exact` in units in the last place of the latter.

    An infinity or NaN that is not in the other, and a zero of the other sign, count as infinitely far.
    """
    dtype = out.dtype
    info = np.finfo(dtype)
    with np.errstate(all="ignore"):
        nearest = exact.astype(dtype)
        exponent = np.frexp(np.abs(exact))[1] - 1
        exponent = np.clip(exponent, info.minexp, info.maxexp - 1)
        wide = out.astype(exact.dtype)
        far = np.abs(wide - exact) / np.ldexp(np.ones_like(exact), exponent - info.nmant)
        finite = np.isfinite(nearest) & np.isfinite(out)
        # Just above the largest number, the infinity is as good as it.
        edge = np.isinf(nearest) & (np.abs(out) == info.max) & (np.sign(out) == np.sign(nearest))
        edge |= np.isinf(out) & (np.abs(nearest) == info.max) & (np.sign(out) == np.sign(nearest))
        same = (out == nearest) | (np.isnan(out) & np.isnan(nearest))
    far = np.where(finite, far, np.where(same, 0, np.where(edge, 1, np.inf)))
    zeros = (out == 0) & (nearest == 0)
    return np.where(zeros & (np.signbit(out) != np.signbit(nearest)), np.inf, far)


def worst(out: Array, exact: Array, *xs: Array) -> tuple[float, tuple[Any, ...]]:
    """The largest error and where it is."""
    far = ulps(out, exact)
    at = int(np.argmax(far))
    return float(far[at]), (*[x[at] for x in xs], out[at], exact[at])


def bits_of_float32(n: int, seed: int = 0) -> Array:
    """n float32 of random bit patterns."""
    random = np.random.default_rng(seed)
    return random.integers(0, 1 << 32, n, np.uint32).view(np.float32)


Reference = Callable[..., Array]
