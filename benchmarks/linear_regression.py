"""One weight and one bias on 100 rows: nothing but overhead."""

import numpy as np
from workload import Arrays, Dense, Workload


def data() -> Arrays:
    """A line with noise, as scikit-learn's make_regression(100, 1) would draw it."""
    random = np.random.default_rng(0)
    x = random.standard_normal((100, 1), dtype=np.float32)
    return x, 41 * x + random.standard_normal((100, 1), dtype=np.float32)


WORKLOAD = Workload(
    name="linear_regression",
    title="linear regression 1-1; mean squared error; SGD; 100 rows, batches of 32",
    data=data,
    layers=(Dense(1, "linear"),),
    loss="mean_squared_error",
    optimizer="sgd",
    learning_rate=0.01,
    batch_size=32,
    epochs=100,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
