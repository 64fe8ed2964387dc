"""The classic first network, 10-10-10-1 on 1,000 rows: 40,000 floating-point operations a step."""

from workload import Dense, Workload, made_up

WORKLOAD = Workload(
    name="small_mlp",
    title="10-10-10-1 relu, relu, sigmoid; binary cross-entropy; Adam; 1,000 rows, batches of 32",
    data=lambda: made_up(rows=1000, inputs=10),
    layers=(Dense(10, "relu"), Dense(10, "relu"), Dense(1, "sigmoid")),
    loss="binary_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=32,
    epochs=10,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
