"""A small GPT on characters: 4 blocks, 4 heads, 128 wide, sequences of 64, batches of 12."""

import numpy as np
from workload import Transformer, Workload, data_folder


def text(rows: int, context: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ids of tiny Shakespeare, and the ids one position later; else random ones."""
    random = np.random.default_rng(0)
    folder = data_folder("tiny_shakespeare")
    if folder is None:
        ids = random.integers(0, 65, 100_000)
    else:
        letters = np.frombuffer((folder / "input.txt").read_bytes(), np.uint8)
        ids = np.unique(letters, return_inverse=True)[1]
    at = random.integers(0, len(ids) - context - 1, rows)
    windows = ids[at[:, None] + np.arange(context + 1)].astype(np.int32)
    return np.ascontiguousarray(windows[:, :-1]), np.ascontiguousarray(windows[:, 1:])


WORKLOAD = Workload(
    name="gpt",
    title="GPT: 4 blocks of 4 heads, 128 wide, 65 letters, sequences of 64; Adam; batches of 12",
    data=lambda: text(240),
    layers=(Transformer(vocabulary=65, depth=4, heads=4, width=128, context=64),),
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    learning_rate=0.001,
    batch_size=12,
)
WORKLOADS = (WORKLOAD,)

if __name__ == "__main__":
    from run import main

    main(WORKLOADS)
