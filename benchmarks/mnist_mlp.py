"""Handwritten digits (MNIST, or made up without RANVIER_DATA) and a 784-128-10 network."""

from workload import Dense, Workload, mnist

WORKLOAD = Workload(
    name="mnist_mlp",
    title="784-128-10 relu, softmax; cross-entropy; Adam; 60,000 rows, batches of 128",
    data=mnist,
    layers=(Dense(128, "relu"), Dense(10, "softmax")),
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=128,
    epochs=1,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
