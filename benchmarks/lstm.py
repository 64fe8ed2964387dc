"""An LSTM on characters: vectors of 64, 128 units, sequences of 64, batches of 32."""

from gpt import text
from workload import Recurrent, Workload

WORKLOAD = Workload(
    name="lstm",
    title="LSTM of 128 units on vectors of 64, 65 letters, sequences of 64; Adam; batches of 32",
    data=lambda: text(640),
    layers=(Recurrent(vocabulary=65, width=64, units=128, context=64),),
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=32,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
