"""A deep network of sigmoids that learns nothing from random weights, and after pre-training does.

    python examples/pretraining.py [--rows 10000] [--epochs 15] [--seed 0]

Five hidden layers of sigmoids on MNIST, small random first weights, plain gradient descent: the
gradient shrinks in every layer on its way back, and the network keeps guessing one digit. Trained
layer by layer as restricted Boltzmann machines first (Hinton, Osindero & Teh 2006), without labels,
the same network with the same descent reads the digits. The files are looked for in the folder
RANVIER_DATA; the error says where they come from when they are not there.
"""

import argparse

import ranvier
from ranvier.models import pretrain
from ranvier.nn import Dense
from ranvier.nn.initializers import RandomNormal


def network():
    """784 - 128 - 128 - 128 - 128 - 128 - 10, weights normal with deviation 0.05."""
    hidden = [Dense(128, "sigmoid", kernel_initializer=RandomNormal(0.0, 0.05)) for _ in range(5)]
    model = ranvier.Sequential([*hidden, Dense(10, "softmax")])
    model.ensure_built((784,))
    model.compile(ranvier.optim.SGD(0.2), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def main(rows=10_000, epochs=15, seed=0):
    """Train both ways on the first `rows` digits; returns both accuracies on the held-out ones."""
    (x, y), (x_test, y_test) = ranvier.data.load_mnist()
    x, x_test = (part.reshape(len(part), 784).astype("float32") / 255 for part in (x, x_test))
    x, y = x[:rows], y[:rows]
    accuracies = []
    for start in ("random", "pre-trained"):
        ranvier.seed(seed)
        model = network()
        if start == "pre-trained":
            for i, errors in enumerate(pretrain(model, x, epochs=epochs)):
                print(f"layer {i + 1}: reconstruction error {errors[0]:.4f} to {errors[-1]:.4f}")
        history = model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
        accuracies.append(model.evaluate(x_test, y_test)[1])
        loss = history.history["loss"]
        print(f"{start}: loss {loss[0]:.3f} to {loss[-1]:.3f}, test accuracy {accuracies[-1]:.4f}")
    return accuracies


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
