"""The machine's own limits: `python floor.py THREADS` prints float32 GFLOP/s and GB/s as JSON.

Arithmetic: NumPy's (OpenBLAS) product of two 1024 x 1024 matrices. Bandwidth: copying 256 MB, read
and write counted.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SIZE = 1024
COPIED = 256 * 2**20


def best_time(work, repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main(threads: int) -> None:
    import numpy as np

    a, b = np.random.default_rng(0).standard_normal((2, SIZE, SIZE), dtype=np.float32)
    product = np.empty_like(a)
    gflops = 2 * SIZE**3 / best_time(lambda: np.matmul(a, b, out=product), 8) / 1e9
    size = COPIED // 8 // threads
    parts = [(np.ones(size), np.ones(size)) for _ in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        seconds = best_time(lambda: list(pool.map(lambda part: np.copyto(*part), parts)))
    print(json.dumps({"gflops": gflops, "gb_per_second": 2 * COPIED / seconds / 1e9}))


if __name__ == "__main__":
    # OpenBLAS reads this while NumPy is imported.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = sys.argv[1]
    main(int(sys.argv[1]))
