"""One row through the 10-10-10-1 network, NumPy in and NumPy out: nothing but overhead."""

from dataclasses import replace

import small_mlp

WORKLOADS = (
    replace(
        small_mlp.WORKLOAD,
        name="predict_row",
        title="the output of 10-10-10-1 for one row, NumPy to NumPy, through the public API",
        job="predict",
        batch_size=1,
        calls=20,
    ),
)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
