"""A connected model in a file, and what it predicts, by Ranvier itself.

The stored files were written by 0.1.0.dev of November 2026, in which the number of rows was a large
prime; they are not to be made again, since they show that files of that time load. See README.md.
"""

import numpy as np
from common import FOLDER

import ranvier
from ranvier import Input, Model, Sequential, nn


def network() -> Model:
    """Shared and nested layers, several outputs of a layer, and ops with the number of rows."""
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = nn.Dense(4, name="shared")
    inner = Model(a, ranvier.tanh(shared(a)) * np.arange(4), name="inner")
    left, right = inner(a), inner(b)
    parts = [left.reshape((left.shape[0], 2, 2)), right.reshape((-1, 2, 2))]
    pairs = ranvier.concat(parts, axis=2)
    scale = ranvier.tensor(np.full(4, 0.5), dtype="float32", requires_grad=True)
    h = pairs[:, 0] * scale + pairs[:, 1, ::-1] - ranvier.mean(left, axis=1, keepdims=True)
    h = h - ranvier.mean(h, axis=0) + ranvier.std(h, axis=0) * 0.1
    h = h + h[-1:] - h[:1]
    h = h * h.shape[0]
    block = Sequential([nn.Dense(5, activation="relu", input_shape=(4,)), nn.Dense(4)])
    lstm = nn.LSTM(3, return_state=True, return_sequences=True)
    sequence, state, cell = lstm(ranvier.reshape(h, (-1, 2, 2)))
    outputs = {
        "soft": ranvier.softmax(block(h)),
        "dot": nn.dot([left, right], axes=1),
        "o": nn.LSTM(2)(sequence),
        "l": nn.LSTM(3)(sequence, initial_state=[state, cell]),
        "sims": h @ ranvier.matrix_transpose(h),
    }
    return Model({"a": a, "b": b}, outputs)


def main() -> None:
    rows = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    ranvier.seed(3)
    model = network()
    out = model.predict([rows, rows[::-1].copy()])
    model.save(FOLDER / "connected.safetensors")
    np.savez(FOLDER / "connected.npz", A=rows, B=rows[::-1], **out)


if __name__ == "__main__":
    main()
