"""NumPy, whose products are OpenBLAS'."""

from __future__ import annotations

import numpy as np
from workload import Workload


class Peer:
    """Products of matrices only; worker.py has set the number of threads before the import."""

    def __init__(self, workload: Workload, x: np.ndarray, y: np.ndarray, threads: int, mode: str):
        self.workload, self.x, self.y = workload, x, y
        self.out = np.empty((len(x), y.shape[1]), x.dtype)

    def matmul(self) -> float:
        for _ in range(self.workload.calls):
            np.matmul(self.x, self.y, out=self.out)
        return float(self.out[0, 0])

    @staticmethod
    def versions() -> dict[str, str]:
        return {"numpy": np.__version__}
