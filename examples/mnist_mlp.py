"""Two dense layers read MNIST's handwritten digits.

    python examples/mnist_mlp.py [--rows 60000] [--epochs 20] [--seed 0]

784-512-512-10 with dropout, also of the input (Srivastava et al. 2014). The files are looked for in
the folder RANVIER_DATA; the error says where they come from when they are not there.
"""

import argparse

import ranvier
from ranvier.nn import Dense, Dropout, Flatten
from ranvier.optim.schedules import CosineDecay

BATCH = 128


def network():
    """28 x 28 -> 10 probabilities."""
    return ranvier.Sequential(
        [
            Flatten(input_shape=(28, 28)),
            Dropout(0.2),
            Dense(512, activation="relu"),
            Dropout(0.4),
            Dense(512, activation="relu"),
            Dropout(0.4),
            Dense(10, activation="softmax"),
        ]
    )


def main(rows=60_000, epochs=20, seed=0, verbose=0):
    """Train on the first `rows` digits; returns the accuracy on the 10,000 held out."""
    ranvier.seed(seed)
    (x, y), (x_test, y_test) = ranvier.data.load_mnist()
    x, x_test = x[:rows].astype("float32") / 255, x_test.astype("float32") / 255
    model = network()
    model.compile(
        optimizer=ranvier.optim.Adam(CosineDecay(0.001, epochs * -(-len(x) // BATCH))),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, y[:rows], epochs=epochs, batch_size=BATCH, verbose=verbose)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{model.count_params():,} parameters, {len(x):,} digits, {epochs} epochs")
    print(f"test accuracy: {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
