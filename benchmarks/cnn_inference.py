"""The network of mnist_cnn.py in use: one image, and 128 at once."""

from dataclasses import replace

import mnist_cnn
from workload import images

WORKLOADS = tuple(
    replace(
        mnist_cnn.WORKLOAD,
        name=f"cnn_inference.{rows}",
        title=f"the network of mnist_cnn, output for {what}, NumPy in and NumPy out",
        data=lambda: images(128),
        job="predict",
        batch_size=rows,
        calls=calls,
    )
    for rows, what, calls in ((1, "1 image", 10), (128, "128 images", 1))
)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
