"""A table of 32,561 people (UCI Adult; made up without RANVIER_DATA) and a 14-64-64-1 network."""

from workload import Dense, Workload, adult

WORKLOAD = Workload(
    name="table_mlp",
    title="14-64-64-1 relu, relu, sigmoid; binary cross-entropy; Adam; 32,561 rows, batches of 256",
    data=adult,
    layers=(Dense(64, "relu"), Dense(64, "relu"), Dense(1, "sigmoid")),
    loss="binary_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=256,
    epochs=1,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
