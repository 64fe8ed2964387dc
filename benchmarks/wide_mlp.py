"""A network whose arithmetic dominates: 1.9 million weights, on 12,800 handwritten digits."""

from workload import Dense, Workload, mnist

WORKLOAD = Workload(
    name="wide_mlp",
    title="784-1024-1024-10 relu, relu, softmax; cross-entropy; Adam; 12,800 rows, batches of 128",
    data=lambda: mnist(12_800),
    layers=(Dense(1024, "relu"), Dense(1024, "relu"), Dense(10, "softmax")),
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=128,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
