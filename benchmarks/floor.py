"""The machine's own limits: `python floor.py THREADS` prints them as JSON.

peak_gflops: chains of fused multiply-adds on registers, more than the processor can overlap, in
LLVM IR. gflops: NumPy's (OpenBLAS) product of two 1024 x 1024 float32 matrices. gb_per_second:
copying 256 MB, read and write counted.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SIZE = 1024
COPIED = 256 * 2**20
CHAINS, ITERATIONS = 12, 1_000_000


def best_time(work, repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def chains_of_fma(lanes: int) -> str:
    """LLVM IR of `float run(float x)`: CHAINS vectors, TURNS times multiplied and added to."""
    vector = f"<{lanes} x float>"
    names = range(CHAINS)
    phis = [f"%a{i} = phi {vector} [ %start{i}, %entry ], [ %b{i}, %iteration ]" for i in names]
    calls = [
        f"%b{i} = call {vector} @llvm.fma.v{lanes}f32({vector} %a{i}, {vector} %x, {vector} %x)"
        for i in names
    ]
    starts = [f"%start{i} = fadd {vector} %x, splat (float {float(i)})" for i in names]
    sums = [f"%s0 = fadd {vector} %b0, %b0"]
    sums += [f"%s{i} = fadd {vector} %s{i - 1}, %b{i}" for i in names if i]
    lines = [
        f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})",
        "define float @run(float %first) {",
        "entry:",
        f"%one = insertelement {vector} poison, float %first, i32 0",
        f"%x = shufflevector {vector} %one, {vector} poison, <{lanes} x i32> zeroinitializer",
        *starts,
        "br label %iteration",
        "iteration:",
        "%n = phi i64 [ 0, %entry ], [ %more, %iteration ]",
        *phis,
        *calls,
        "%more = add i64 %n, 1",
        f"%again = icmp ult i64 %more, {ITERATIONS}",
        "br i1 %again, label %iteration, label %end",
        "end:",
        *sums,
        f"%out = extractelement {vector} %s{CHAINS - 1}, i32 0",
        "ret float %out",
        "}",
    ]
    return "\n".join(lines)


def peak_gflops(threads: int) -> float:
    """Multiply-adds that wait for nothing; calls through ctypes run side by side."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    lanes = 16 if features.get("avx512f") else 8 if features.get("avx2") else 4
    module = llvm.parse_assembly(chains_of_fma(lanes))
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=2
    )
    with llvm.create_mcjit_compiler(module, target) as engine:
        engine.finalize_object()
        run = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)(engine.get_function_address("run"))
        with ThreadPoolExecutor(threads) as pool:
            seconds = best_time(lambda: list(pool.map(run, [1e-9] * threads)), 60)
    return threads * ITERATIONS * CHAINS * lanes * 2 / seconds / 1e9


def main(threads: int) -> None:
    import numpy as np

    a, b = np.random.default_rng(0).standard_normal((2, SIZE, SIZE), dtype=np.float32)
    product = np.empty_like(a)
    gflops = 2 * SIZE**3 / best_time(lambda: np.matmul(a, b, out=product), 20) / 1e9
    size = COPIED // 8 // threads
    parts = [(np.ones(size), np.ones(size)) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        seconds = best_time(lambda: list(pool.map(lambda part: np.copyto(*part), parts)))
    result = {"peak_gflops": peak_gflops(threads), "gflops": gflops}
    print(json.dumps(result | {"gb_per_second": 2 * COPIED / seconds / 1e9}))


if __name__ == "__main__":
    # OpenBLAS reads this while NumPy is imported.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = sys.argv[1]
    main(int(sys.argv[1]))
