"""The product of two 1024 x 1024 float32 matrices, on one thread and on all."""

import numpy as np
from workload import Arrays, Workload

SIZE = 1024


def data() -> Arrays:
    a, b = np.random.default_rng(0).standard_normal((2, SIZE, SIZE), dtype=np.float32)
    return a, b


WORKLOADS = tuple(
    Workload(
        name=f"matmul.{name}",
        title=f"matrix product 1024 x 1024 x 1024, float32, {title}",
        data=data,
        job="matmul",
        calls=4,
        threads=threads,
    )
    for name, title, threads in (("1", "one thread", 1), ("all", "all cores", None))
)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
