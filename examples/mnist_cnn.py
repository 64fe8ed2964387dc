"""A convolutional network in the manner of LeNet-5 reads MNIST's handwritten digits.

    python examples/mnist_cnn.py [--rows 60000] [--epochs 10] [--seed 0]

Two layers of 5 x 5 windows, each followed by pooling, then two dense layers (LeCun, Bottou, Bengio
and Haffner 1998), with relu and dropout in place of its tanh. The files are looked for in the
folder RANVIER_DATA; the error says where they come from when they are not there.
"""

import argparse

import ranvier
from ranvier.nn import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from ranvier.optim.schedules import CosineDecay

BATCH = 128


def network():
    """28 x 28 x 1 -> 10 probabilities."""
    return ranvier.Sequential(
        [
            Conv2D(32, 5, activation="relu", input_shape=(28, 28, 1)),
            MaxPooling2D(2),
            Conv2D(64, 5, activation="relu"),
            MaxPooling2D(2),
            Flatten(),
            Dropout(0.4),
            Dense(128, activation="relu"),
            Dropout(0.4),
            Dense(10, activation="softmax"),
        ]
    )


def images(x):
    """Bytes as numbers from 0 to 1, with an axis for the one channel."""
    return x[..., None].astype("float32") / 255


def main(rows=60_000, epochs=10, seed=0, verbose=1):
    """Train on the first `rows` digits; returns the accuracy on the 10,000 held out."""
    ranvier.seed(seed)
    (x, y), (x_test, y_test) = ranvier.data.load_mnist()
    x, x_test = images(x[:rows]), images(x_test)
    model = network()
    steps = epochs * -(-len(x) // BATCH)
    model.compile(
        optimizer=ranvier.optim.Adam(CosineDecay(0.002, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, y[:rows], epochs=epochs, batch_size=BATCH, verbose=verbose)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"{model.count_params():,} parameters, {len(x):,} digits, {epochs} epochs")
    print(f"test accuracy: {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=60_000, help="how many digits to train on")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
