"""Functions of the machine, compiled to run over whole arrays; and errors counted in ulp."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import llvmlite.binding as binding
import numpy as np

from ranvier.codegen.ir_arithmetic import Machine
from ranvier.codegen.ir_builder import Function, index
from ranvier.native.object_code import host, llvm, optimize

Array = np.ndarray[Any, Any]


def source(
    name: str, dtype: np.dtype[Any], operands: int, lanes: int, fma: bool, second: float | None
) -> str:
    """LLVM IR of a loop that applies the machine's method `name`."""
    arguments = [*[f"ptr %x{i}" for i in range(operands)], "ptr %out", "i64 %n"]
    f = Function("over_arrays", arguments, linkage="dso_local")
    m = Machine(f, fma)
    with f.loop(index(0), index("%n"), lanes) as (i, _):
        xs = [m.memory.load(f"%x{k}", dtype, i, lanes) for k in range(operands)]
        if second is not None:
            xs.append(m.const(second, xs[0]._replace(lanes=1)))
        m.memory.store("%out", getattr(m, name)(*xs), i)
    return "\n".join([*sorted(f.needs), f.text(), "attributes #0 = { nounwind }", ""])


@functools.cache
def compiled(*what: Any, fma: bool) -> Any:
    """The machine code of `source(*what)`; with fma False for a processor that has none."""
    llvm()
    features = host().features + ("" if fma else ",-fma,-fma4")
    target = binding.Target.from_default_triple()
    machine = target.create_target_machine(cpu=host().name, features=features, opt=3, jit=True)
    module = binding.parse_assembly(source(*what))
    optimize(module, machine)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def run(
    name: str,
    *xs: Array,
    lanes: int | None = None,
    fma: bool | None = None,
    second: float | None = None,
) -> Array:
    """The machine's function `name` over flat arrays of one dtype; `second`: a constant operand."""
    dtype, n = xs[0].dtype, len(xs[0])
    lanes = lanes or host().vector_bytes // dtype.itemsize
    fma = host().fma if fma is None else fma
    padded = [np.pad(x, (0, -n % lanes), mode="edge") for x in xs]
    out = np.empty_like(padded[0])
    code = compiled(name, dtype, len(xs), lanes, fma, second, fma=fma)
    kinds = [ctypes.c_void_p] * (len(xs) + 1) + [ctypes.c_int64]
    function = ctypes.CFUNCTYPE(None, *kinds)(code.get_function_address("over_arrays"))
    function(*[a.ctypes.data for a in [*padded, out]], len(out))
    return out[:n]


def ulps(out: Array, exact: Array) -> Array:
    """The distance of `out` from the more precise `exact` in units in the last place.

    NaN or infinity in only one of them and zeros of different sign count as infinitely far.
    """
    info = np.finfo(out.dtype)
    with np.errstate(all="ignore"):
        nearest = exact.astype(out.dtype)
        exponent = np.where(exact == 0, info.minexp, np.frexp(exact)[1] - 1)
        exponent = np.clip(exponent, info.minexp, info.maxexp - 1)
        far = np.ldexp(np.abs(out.astype(exact.dtype) - exact), info.nmant - exponent)
        same = (out == nearest) | (np.isnan(out) & np.isnan(nearest))
        # The largest number and infinity are neighbours.
        edge = (np.abs(out) >= info.max) & (np.abs(nearest) >= info.max) & (out * nearest > 0)
    finite = np.isfinite(nearest) & np.isfinite(out)
    far = np.where(finite, far, np.where(same, 0, np.where(edge, 1, np.inf)))
    zeros = (out == 0) & (nearest == 0)
    return np.where(zeros & (np.signbit(out) != np.signbit(nearest)), np.inf, far)


def worst(out: Array, exact: Array, *xs: Array) -> tuple[float, str]:
    """The largest error, and where it is."""
    far = ulps(out, exact)
    at = int(np.argmax(far))
    where = ", ".join(repr(x[at]) for x in xs)
    return float(far[at]), f"f({where}) = {out[at]!r}, expected {exact[at]!r}"
