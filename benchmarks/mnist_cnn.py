"""Two convolutions and two dense layers on 1,280 handwritten digits: ten training steps a fit."""

from workload import Conv, Dense, Flatten, MaxPool, Workload, images

WORKLOAD = Workload(
    name="mnist_cnn",
    title="conv 32 3x3, conv 64 3x3, max-pool, dense 128, 10; cross-entropy; Adam; batches of 128",
    data=lambda: images(1280),
    layers=(
        Conv(32, 3, "relu"),
        Conv(64, 3, "relu"),
        MaxPool(2),
        Flatten(),
        Dense(128, "relu"),
        Dense(10, "softmax"),
    ),
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=128,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
