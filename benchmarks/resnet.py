"""A small residual network on 640 made-up images of 32 x 32 x 3: ten training steps a fit."""

import numpy as np
from workload import Arrays, Dense, GlobalMean, Residual, Stem, Workload


def images(rows: int = 640) -> Arrays:
    """Noise, brighter in a part of the image that the class says."""
    random = np.random.default_rng(0)
    x = random.standard_normal((rows, 32, 32, 3), dtype=np.float32)
    y = random.integers(0, 10, rows, dtype=np.int32)
    for image, label in zip(x, y, strict=True):
        image[3 * label : 3 * label + 5] += 1
    return x, y


WORKLOAD = Workload(
    name="resnet",
    title="conv 16, residual blocks of 16, 32 and 64 filters with batch normalization, mean, "
    "dense 10; cross-entropy; Adam; batches of 64",
    data=images,
    layers=(
        Stem(16),
        Residual(16),
        Residual(32, 2),
        Residual(64, 2),
        GlobalMean(),
        Dense(10, "softmax"),
    ),
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=64,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
